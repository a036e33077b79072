/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own page tables. */
#ifndef ARCH_PAGING_H
#define ARCH_PAGING_H

#include <arch/layout.h>
#include <arch/regs.h>
#include <lib/base.h>

/* Rights of the hypervisor's pages; nothing is both writable and executable. */
#define PAGING_RX     (PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL)
#define PAGING_RO     (PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL | PTE_NX)
#define PAGING_RW     (PAGING_RO | PTE_WRITE | PTE_DIRTY)
#define PAGING_DEVICE (PAGING_RW | PTE_PCD | PTE_PWT)
#define PAGING_GUEST  (PAGING_RO | PTE_USER) /* guests may read */

uint64_t paging_rights(uint64_t rights); /* what of them this processor is to have */

struct boot_info;

/* Symbols of the linker script. */
extern char image_start[], text_end[], rodata_start[], init_start[], symbols_start[], data_start[],
	image_file_end[], init_bss_start[], image_end[];

static inline paddr_t image_paddr(const void *symbol)
{
	return (uint64_t)symbol - IMAGE_BASE;
}

/*
 * Start-up, in this order. The boot tables map 4 GiB; paging_init() makes the tables that stay,
 * with all RAM, the image by its sections, and the tables of frames, and loads them.
 */
void paging_init(const struct boot_info *info);
void paging_use_frame_allocator(void); /* no new tables from boot memory any more */
void paging_seal(void); /* what only start-up needed is unmapped, and its frames are free */

/* Maps [va, va+bytes) to pa, by the largest pages that fit. Start-up only. */
void paging_map(uint64_t va, paddr_t pa, uint64_t bytes, uint64_t rights);

/* Device registers, uncached; stays for ever. Start-up only. */
volatile void *paging_map_device(paddr_t pa, uint64_t bytes);

/* CPU areas. Pages for them are never given back. */
void cpu_area_create(unsigned cpu); /* its data and stacks, not for CPU 0 */
void cpu_area_map(unsigned cpu, uint64_t offset, paddr_t pa, uint64_t rights);
paddr_t cpu_area_new_page(void);
paddr_t zero_page_paddr(void); /* shared and read-only */
paddr_t ones_page_paddr(void);

paddr_t paging_idle_root(void); /* the tables of a CPU that has no guest's */

#endif
