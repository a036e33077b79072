/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Benchmark rows: page tables, pinning, TLB flushes, the balloon, grants. */
#ifndef TESTS_BENCH_ROWS_MMU_H
#define TESTS_BENCH_ROWS_MMU_H

#include "bench.h"
#include <pv/grant.h>

static page_t window, other, grant_frame, grant_spare;
static page_t trees[7]; /* an L4, an L3, an L2 and four L1 */
static struct mmu_update updates[128];
static uint64_t window_entry;
static uint64_t window_place;
static volatile uint64_t *window_pte;

static void mmu_rows_start(void)
{
	window_pte = pv_entry((unsigned long)window, 1);
	window_place = pv_virt_to_machine(window_pte);
	window_entry = PTE(pv_virt_to_mfn(window), PTE_KERNEL_RW);
}

static void window_reset(void)
{
	pv_update_va_mapping((unsigned long)window, window_entry, UVMF_INVLPG);
}

static long uva_software_bit(unsigned int n)
{
	REPEAT(n, pv_update_va_mapping((unsigned long)window, window_entry ^ (i & 1 ? 0x200 : 0),
				       UVMF_NONE));
	return 0;
}

static long uva_rw_invlpg(unsigned int n)
{
	REPEAT(n, pv_update_va_mapping((unsigned long)window, window_entry ^ (i & 1 ? 0 : PTE_RW),
				       UVMF_INVLPG | UVMF_LOCAL));
	return 0;
}

static long uva_map_unmap(unsigned int n)
{
	REPEAT(n, pv_update_va_mapping((unsigned long)window, i & 1 ? window_entry : 0,
				       UVMF_INVLPG | UVMF_LOCAL));
	return 0;
}

ALWAYS_INLINE long update_one(uint64_t ptr, uint64_t val)
{
	struct mmu_update update = {.ptr = ptr, .val = val};

	return pv_mmu_update(&update, 1, NULL, DOMID_SELF);
}

static long mmu_update_1(unsigned int n)
{
	REPEAT(n, update_one(window_place, window_entry ^ (i & 1 ? 0x200 : 0)));
	return 0;
}

static long machphys_update(unsigned int n)
{
	unsigned long pfn = pv_virt_to_pfn(window);

	REPEAT(n, update_one((window_entry & PTE_MFN_MASK) | MMU_MACHPHYS_UPDATE, pfn));
	return 0;
}

static long mmu_update_128(unsigned int n)
{
	for (unsigned int i = 0; i < 128; i++) {
		updates[i].ptr = window_place;
		updates[i].val = window_entry ^ (i & 1 ? 0x200 : 0);
	}
	REPEAT(n, pv_mmu_update(updates, 128, NULL, DOMID_SELF));
	return 0;
}

static long mmu_update_128_map(unsigned int n)
{
	for (unsigned int i = 0; i < 128; i++) {
		updates[i].ptr = window_place;
		updates[i].val = i & 1 ? window_entry : 0;
	}
	REPEAT(n, pv_mmu_update(updates, 128, NULL, DOMID_SELF));
	window_reset();
	return 0;
}

static long flush_local(unsigned int n)
{
	REPEAT(n, pv_mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0));
	return 0;
}

static long flush_all(unsigned int n)
{
	REPEAT(n, pv_mmuext(MMUEXT_TLB_FLUSH_ALL, 0));
	return 0;
}

static long invlpg_local(unsigned int n)
{
	REPEAT(n, pv_mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)window));
	return 0;
}

static void trees_writable(uint64_t flags)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(trees); i++) {
		pv_remap(trees[i], flags);
	}
}

/* Fills the L1 tables with mappings of one page, none or all, under an L2, an L3 and an L4. */
static void trees_fill(unsigned int per_l1)
{
	uint64_t *l4 = (uint64_t *)trees[0];

	trees_writable(PTE_KERNEL_RW);
	memset(trees, 0, sizeof(trees));
	for (unsigned int i = 0; i < 512; i++) {
		l4[i] = i < 256 || i > 271 ? pv_root[i] : 0;
	}
	l4[6] = PTE(pv_virt_to_mfn(trees[1]), PTE_TABLE);
	((uint64_t *)trees[1])[0] = PTE(pv_virt_to_mfn(trees[2]), PTE_TABLE);
	for (unsigned int t = 0; t < 4; t++) {
		((uint64_t *)trees[2])[t] = PTE(pv_virt_to_mfn(trees[3 + t]), PTE_TABLE);
		for (unsigned int i = 0; i < per_l1; i++) {
			((uint64_t *)trees[3 + t])[i] = PTE(pv_virt_to_mfn(other), PTE_KERNEL_RW);
		}
	}
	trees_writable(PTE_KERNEL_RO);
}

static long pin_unpin(unsigned int n, page_t *table, unsigned int level, bool measure_pin)
{
	long rc = 0;

	bench_piecewise = true;
	for (unsigned int i = 0; i < n && !rc; i++) {
		if (measure_pin) {
			PIECE(rc = pv_pin(table, level));
			rc = rc ? rc : pv_unpin(table);
		} else {
			rc = pv_pin(table, level);
			PIECE(rc = rc ? rc : pv_unpin(table));
		}
	}
	return rc;
}

static long pin_empty(unsigned int n)
{
	trees_fill(0);
	return pin_unpin(n, &trees[3], 1, true);
}

static long unpin_empty(unsigned int n)
{
	return pin_unpin(n, &trees[3], 1, false);
}

static long pin_full(unsigned int n)
{
	trees_fill(512);
	return pin_unpin(n, &trees[3], 1, true);
}

static long unpin_full(unsigned int n)
{
	return pin_unpin(n, &trees[3], 1, false);
}

static long pin_tree(unsigned int n)
{
	return pin_unpin(n, &trees[0], 4, true);
}

static long unpin_tree(unsigned int n)
{
	return pin_unpin(n, &trees[0], 4, false);
}

static long baseptr_other(unsigned int n)
{
	unsigned long roots[2] = {pv_virt_to_mfn(trees[0]), pv_virt_to_mfn(pv_root)};
	long rc = pv_pin(&trees[0], 4);

	if (rc) {
		return rc;
	}
	bench_piecewise = true;
	PIECE(REPEAT(n & ~1U, pv_mmuext(MMUEXT_NEW_BASEPTR, roots[i & 1])));
	return pv_unpin(&trees[0]);
}

static long baseptr_same(unsigned int n)
{
	unsigned long root = pv_virt_to_mfn(pv_root);

	REPEAT(n, pv_mmuext(MMUEXT_NEW_BASEPTR, root));
	return 0;
}

static long direct_write(unsigned int n)
{
	pv_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
	for (unsigned int i = 0; i < n; i++) {
		TRY("mov %1, (%0)",
		    :
		    : "r"(window_pte), "r"(window_entry ^ (i & 1 ? 0 : 0x200))
		    : "memory");
		if (!caught(NO_TRAP)) {
			return -XEN_ENOSYS;
		}
	}
	return 0;
}

static long balloon(unsigned int n, bool measure_populate)
{
	xen_pfn_t mfn = pv_virt_to_mfn(other), pfn = pv_virt_to_pfn(other);
	struct xen_memory_reservation reservation = {.nr_extents = 1, .domid = DOMID_SELF};

	bench_piecewise = true;
	pv_update_va_mapping((unsigned long)other, 0, UVMF_INVLPG);
	for (unsigned int i = 0; i < n; i++) {
		long given, taken;

		reservation.extent_start.p = &mfn;
		if (measure_populate) {
			given = pv_memory_op(XENMEM_decrease_reservation, &reservation);
		} else {
			PIECE(given = pv_memory_op(XENMEM_decrease_reservation, &reservation));
		}
		if (given != 1) {
			return given < 0 ? given : -XEN_EINVAL;
		}
		mfn = pfn;
		if (measure_populate) {
			PIECE(taken = pv_memory_op(XENMEM_populate_physmap, &reservation));
		} else {
			taken = pv_memory_op(XENMEM_populate_physmap, &reservation);
		}
		if (taken != 1) {
			return taken < 0 ? taken : -XEN_EINVAL;
		}
		pv_p2m[pfn] = mfn;
	}
	return pv_remap(other, PTE_KERNEL_RW);
}

static long balloon_out(unsigned int n)
{
	return balloon(n, false);
}

static long balloon_in(unsigned int n)
{
	return balloon(n, true);
}

static long grants_start(void)
{
	static long rc = 1;

	if (rc == 1) {
		rc = pv_grants_start(grant_frame);
		if (!rc) {
			pv_grant_access(8, 0, pv_virt_to_mfn(other), 0);
		}
	}
	return rc;
}

static long grant_map_unmap(unsigned int n, bool measure_map)
{
	long rc = grants_start();

	bench_piecewise = true;
	for (unsigned int i = 0; i < n && !rc; i++) {
		struct gnttab_map_grant_ref map = {.host_addr = (unsigned long)window,
						   .flags = GNTMAP_host_map,
						   .ref = 8,
						   .dom = 0};
		struct gnttab_unmap_grant_ref unmap = {.host_addr = (unsigned long)window};

		if (measure_map) {
			PIECE(rc = pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1));
		} else {
			rc = pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
		}
		rc = rc ? rc : map.status;
		if (rc) {
			break;
		}
		unmap.handle = map.handle;
		if (measure_map) {
			rc = pv_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
		} else {
			PIECE(rc = pv_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1));
		}
		rc = rc ? rc : unmap.status;
	}
	window_reset();
	return rc;
}

static long grant_map(unsigned int n)
{
	return grant_map_unmap(n, true);
}

static long grant_unmap(unsigned int n)
{
	return grant_map_unmap(n, false);
}

static long grant_copies(unsigned int n, unsigned int batch)
{
	static struct gnttab_copy copies[16];
	long rc = grants_start();

	for (unsigned int i = 0; i < batch; i++) {
		copies[i] = (struct gnttab_copy){.len = PAGE_SIZE, .flags = GNTCOPY_source_gref};
		copies[i].source.u.ref = 8;
		copies[i].source.domid = DOMID_SELF;
		copies[i].dest.u.gmfn = pv_virt_to_mfn(i & 1 ? grant_spare : window);
		copies[i].dest.domid = DOMID_SELF;
	}
	for (unsigned int i = 0; i < n && !rc; i++) {
		rc = pv_grant_table_op(GNTTABOP_copy, copies, batch);
	}
	return rc ? rc : copies[0].status;
}

static long grant_copy_1(unsigned int n)
{
	return grant_copies(n, 1);
}

static long grant_copy_16(unsigned int n)
{
	return grant_copies(n, 16);
}

#endif
