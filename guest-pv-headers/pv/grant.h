/* SPDX-License-Identifier: MIT */
/* Grants, version 1: a table of entries this guest writes, and mapping or copying by them. */
#ifndef PV_GRANT_H
#define PV_GRANT_H

#include "hypercall.h"
#include "mmu.h"

#define PV_GRANTS_PER_FRAME (4096 / sizeof(struct grant_entry_v1))

static volatile struct grant_entry_v1 *pv_grants;

/* Has a table of one frame made, and maps it over a page of the kernel's own. */
static inline long pv_grants_start(void *page)
{
	xen_pfn_t frame = 0;
	struct gnttab_setup_table setup = {
		.dom = DOMID_SELF, .nr_frames = 1, .frame_list = {&frame}};
	long rc = pv_grant_table_op(GNTTABOP_setup_table, &setup, 1);

	if (!rc) {
		rc = setup.status;
	}
	if (!rc) {
		rc = pv_update_va_mapping((unsigned long)page, PTE(frame, PTE_KERNEL_RW),
					  UVMF_INVLPG);
	}
	if (!rc) {
		pv_grants = (volatile struct grant_entry_v1 *)page;
	}
	return rc;
}

/* The flags are written last: from then on the entry is valid. */
static inline void pv_grant_access(grant_ref_t ref, domid_t to, unsigned long mfn, int read_only)
{
	pv_grants[ref].domid = to;
	pv_grants[ref].frame = (uint32_t)mfn;
	__atomic_store_n(&pv_grants[ref].flags,
			 (uint16_t)(GTF_permit_access | (read_only ? GTF_readonly : 0)),
			 __ATOMIC_RELEASE);
}

/* False while somebody has it mapped or reads it: then it stays granted. */
static inline int pv_grant_end(grant_ref_t ref)
{
	uint16_t flags = pv_grants[ref].flags;

	do {
		if (flags & (GTF_reading | GTF_writing)) {
			return 0;
		}
	} while (!__atomic_compare_exchange_n(&pv_grants[ref].flags, &flags, 0, 0, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	return 1;
}

/*
 * Maps what another domain grants over a page of the kernel's own, whose frame it loses sight of.
 * GNTST_okay, or what is wrong (negative); *handle is what it is unmapped by.
 */
static inline int pv_grant_map(void *page, domid_t domain, grant_ref_t ref, grant_handle_t *handle)
{
	struct gnttab_map_grant_ref map = {.host_addr = (unsigned long)page,
					   .flags = GNTMAP_host_map,
					   .ref = ref,
					   .dom = domain};
	long rc = pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);

	*handle = map.handle;
	return rc ? (int)rc : map.status;
}

#endif
