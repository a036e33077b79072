/* SPDX-License-Identifier: MIT */
/* Grants, version 1: a table of entries this guest writes, and mapping or copying by them. */
#ifndef PV_GRANT_H
#define PV_GRANT_H

#include "hypercall.h"
#include "mmu.h"

#define PV_GRANTS_PER_FRAME (PV_PAGE_SIZE / sizeof(struct grant_entry_v1))

static volatile struct grant_entry_v1 *pv_grants;

/* The first of the references that nobody uses; each has the next in its frame. 0: there is none.
 */
static grant_ref_t pv_grants_free;

/* Has a table of some frames made, and maps it over as many pages of the kernel's own, 8 at most.
 */
static inline long pv_grants_start_frames(void *pages, unsigned int count)
{
	xen_pfn_t frames[8];
	struct gnttab_setup_table setup = {
		.dom = DOMID_SELF, .nr_frames = count, .frame_list = {frames}};
	long rc = count <= 8 ? pv_grant_table_op(GNTTABOP_setup_table, &setup, 1) : -1;

	if (!rc) {
		rc = setup.status;
	}
	for (unsigned int i = 0; !rc && i < count; i++) {
		rc = pv_update_va_mapping((unsigned long)pages + i * PV_PAGE_SIZE,
					  PTE(frames[i], PTE_KERNEL_RW), UVMF_INVLPG);
	}
	if (!rc) {
		pv_grants = (volatile struct grant_entry_v1 *)pages;
	}
	return rc;
}

static inline long pv_grants_start(void *page)
{
	return pv_grants_start_frames(page, 1);
}

/* Gives a reference that is not granted (back) to pv_grant_take(). */
static inline void pv_grant_give(grant_ref_t ref)
{
	pv_grants[ref].frame = pv_grants_free;
	pv_grants_free = ref;
}

/* A reference nobody uses; 0: there is none. */
static inline grant_ref_t pv_grant_take(void)
{
	grant_ref_t ref = pv_grants_free;

	if (ref) {
		pv_grants_free = pv_grants[ref].frame;
	}
	return ref;
}

/*
 * Which references pv_grant_take() hands out, for the front ends as for others: those from `first`,
 * which is 8 or more, to the end of the table. The ones before are for a kernel that chooses its
 * own.
 */
static inline void pv_grants_pool(grant_ref_t first, unsigned int frames)
{
	for (grant_ref_t ref = frames * PV_GRANTS_PER_FRAME; ref-- > first;) {
		pv_grant_give(ref);
	}
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

/* Ends a grant for good, by which its reference is free again; false while it is in use. */
static inline int pv_grant_return(grant_ref_t ref)
{
	int ended = pv_grant_end(ref);

	if (ended) {
		pv_grant_give(ref);
	}
	return ended;
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
