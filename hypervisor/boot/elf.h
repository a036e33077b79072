/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PV kernel in an ELF file: where it is to be loaded, and what it says of itself in its notes. */
#ifndef BOOT_ELF_H
#define BOOT_ELF_H

#include <boot/report.h>
#include <boot/text.h>
#include <lib/base.h>

#define KERNEL_SEGMENTS_MAX 16

/* file_bytes from offset in the file go to virt; zeroes follow, up to memory_bytes. */
struct kernel_segment {
	uint64_t virt;
	uint64_t memory_bytes;
	uint64_t offset;
	uint64_t file_bytes;
};

/*
 * The domain's memory, from its first page on, is mapped at virt_base; so a segment goes by its
 * physical address in the file, and the virtual one there does not count (Linux has segments
 * without). Addresses that are 0 were not given, unless the comment says otherwise.
 */
struct kernel_image {
	uint64_t entry;	     /* inside the loaded range, as is the hypercall page */
	uint64_t virt_base;  /* may be 0 */
	uint64_t virt_start; /* the loaded range, in whole pages */
	uint64_t virt_end;
	uint64_t paddr_offset; /* from physical addresses in the file to those of the domain */
	uint64_t hypercall_page;
	uint64_t init_p2m;	/* wants the list of its frames here, not behind the kernel */
	uint64_t hv_start_low;	/* lets the hypervisor begin here or above */
	uint64_t phys32_entry;	/* for a start without PV */
	uint64_t mod_start_pfn; /* not 0: the initrd need not be mapped */
	uint64_t suspend_cancel;
	uint64_t features; /* what the kernel can use: one bit for each XENFEAT_ number, */
	uint64_t required; /* and what it cannot do without */
	bool bsd_symtab;   /* wants its symbol table loaded */
	bool legacy;	   /* describes itself in the old __xen_guest string */
	struct text guest_os, guest_version, xen_version, loader; /* they lie in the file */
	struct kernel_segment segments[KERNEL_SEGMENTS_MAX];
	unsigned int segment_count;
};

/*
 * Reads the file of size bytes. False if it is not a PV kernel that can be started here, and the
 * report says exactly why.
 */
bool elf_parse(struct kernel_image *image, const uint8_t *file, size_t size,
	       const struct report *report);

#endif
