/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PV kernel finds, from its virtual base upwards, each part on a page boundary:
 *
 *	kernel | initrd | P2M list | start_info | store | console | page tables | boot stack |
 *padding
 *
 * A kernel that can do without has the initrd behind all this, unmapped (MOD_START_PFN), and the
 * P2M list at an address of its own (INIT_P2M), its frames behind all this too.
 */
#ifndef LIB_DOMAIN_LAYOUT_H
#define LIB_DOMAIN_LAYOUT_H

#include <boot/elf.h>
#include <stddef.h>
#include <stdint.h>

/* All are page frame numbers of the guest, and counts of pages. */
struct domain_layout {
	uint64_t base;	    /* the virtual address of PFN 0 */
	uint64_t mapped_to; /* PFNs below are mapped from there on */
	uint64_t initrd, initrd_pages;
	uint64_t p2m, p2m_pages;
	uint64_t start_info, store, console;
	uint64_t tables, table_pages;
	uint64_t stack;
	uint64_t p2m_tables, p2m_table_pages; /* those of a P2M list at an address of its own */
	uint64_t end;			      /* PFNs that have a use */
};

void domain_layout(struct domain_layout *layout, const struct kernel_image *image, uint64_t pages,
		   size_t initrd_bytes);

/*
 * The page tables, written through write(): (table's PFN, index, PFN that it points to, whether it
 * may be written). The first table is the root.
 */
struct domain_tables {
	void (*write)(void *context, uint64_t table, unsigned int index, uint64_t pfn,
		      bool writable);
	void *context;
};
void domain_tables_make(const struct domain_layout *layout, uint64_t init_p2m,
			const struct domain_tables *to);

#endif
