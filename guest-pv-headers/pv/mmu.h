/* SPDX-License-Identifier: MIT */
/*
 * Memory of a PV guest. A pfn counts the guest's own frames from 0; an mfn is where one really is.
 * Page tables hold mfns. The guest reads its tables, the hypervisor writes them on request.
 */
#ifndef PV_MMU_H
#define PV_MMU_H

#include "hypercall.h"
#include "start.h"

#define PV_PAGE_SIZE  4096UL
#define PV_PAGE_SHIFT 12

#define PTE_P		0x001UL
#define PTE_RW		0x002UL
#define PTE_US		0x004UL
#define PTE_PWT		0x008UL
#define PTE_PCD		0x010UL
#define PTE_A		0x020UL
#define PTE_D		0x040UL
#define PTE_PSE		0x080UL
#define PTE_PAT		0x080UL
#define PTE_G		0x100UL
#define PTE_AVAIL	0xe00UL
#define PTE_NX		(1UL << 63)
#define PTE_MFN_MASK	0x000ffffffffff000UL
#define PTE_FLAGS(pte)	((pte) & ~PTE_MFN_MASK)
#define PTE_MFN(pte)	(((pte)&PTE_MFN_MASK) >> PV_PAGE_SHIFT)
#define PTE(mfn, flags) (((uint64_t)(mfn) << PV_PAGE_SHIFT) | (flags))

/* Flags of ordinary mappings. */
#define PTE_KERNEL_RW (PTE_P | PTE_RW | PTE_A | PTE_D)
#define PTE_KERNEL_RO (PTE_P | PTE_A)
#define PTE_TABLE     (PTE_P | PTE_RW | PTE_US | PTE_A)

/* Set by pv_mmu_start(): the list of mfns by pfn, and the root of the tables. */
static unsigned long *pv_p2m;
static uint64_t *pv_root;

static inline void pv_mmu_start(const struct start_info *start)
{
	pv_p2m = (unsigned long *)start->mfn_list;
	pv_root = (uint64_t *)start->pt_base;
}

/* The kernel's image, its first tables and the list lie linearly from PV_VIRT_BASE. */
static inline void *pv_pfn_to_virt(unsigned long pfn)
{
	return (void *)((pfn << PV_PAGE_SHIFT) + PV_VIRT_BASE);
}

static inline unsigned long pv_virt_to_pfn(const volatile void *virt)
{
	return ((unsigned long)virt - PV_VIRT_BASE) >> PV_PAGE_SHIFT;
}

static inline unsigned long pv_virt_to_mfn(const volatile void *virt)
{
	return pv_p2m[pv_virt_to_pfn(virt)];
}

static inline uint64_t pv_virt_to_machine(const volatile void *virt)
{
	return (pv_virt_to_mfn(virt) << PV_PAGE_SHIFT) | ((unsigned long)virt & (PV_PAGE_SIZE - 1));
}

static inline unsigned long pv_mfn_to_pfn(unsigned long mfn)
{
	return machine_to_phys_mapping[mfn];
}

static inline unsigned int pv_index(unsigned long va, unsigned int level)
{
	return (unsigned int)(va >> (PV_PAGE_SHIFT + 9 * (level - 1))) & 511;
}

/* The entry for va in its table of a level (4 the root, 1 the last), null where there is none. */
static inline uint64_t *pv_entry(unsigned long va, unsigned int level)
{
	uint64_t *table = pv_root;

	for (unsigned int at = 4; at > level; at--) {
		uint64_t entry = table[pv_index(va, at)];

		if (!(entry & PTE_P)) {
			return NULL;
		}
		table = (uint64_t *)pv_pfn_to_virt(pv_mfn_to_pfn(PTE_MFN(entry)));
	}
	return table + pv_index(va, level);
}

/* One entry of a table, by its place in this guest's memory. */
static inline long pv_write_entry(uint64_t *place, uint64_t value)
{
	struct mmu_update update = {.ptr = pv_virt_to_machine(place) | MMU_NORMAL_PT_UPDATE,
				    .val = value};

	return pv_mmu_update(&update, 1, NULL, DOMID_SELF);
}

/* Map a page that is mapped already anew with other flags (0 unmaps it). */
static inline long pv_remap(const volatile void *page, uint64_t flags)
{
	uint64_t entry = flags ? PTE(pv_virt_to_mfn(page), flags) : 0;

	return pv_update_va_mapping((unsigned long)page, entry, UVMF_INVLPG | UVMF_LOCAL);
}

static inline long pv_mmuext(unsigned int cmd, unsigned long argument)
{
	struct mmuext_op op = {.cmd = cmd, .arg1 = {.mfn = argument}};

	return pv_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static inline long pv_pin(const volatile void *table, unsigned int level)
{
	return pv_mmuext(MMUEXT_PIN_L1_TABLE + level - 1, pv_virt_to_mfn(table));
}

static inline long pv_unpin(const volatile void *table)
{
	return pv_mmuext(MMUEXT_UNPIN_TABLE, pv_virt_to_mfn(table));
}

#endif
