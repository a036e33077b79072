/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All references to frames counted anew: what each room of the hypervisor holds, put together. */
#include <arch/pirq.h>
#include <domain/audit.h>
#include <domain/domain.h>
#include <domain/schedule.h>
#include <memory/audit.h>
#include <memory/frame_alloc.h>

#define PAGE_ENTRIES 512

/* A frame of the hypervisor's that a domain may map: its own reference and the type it holds. */
static void count_shared(struct audit_count *counts, mfn_t mfn)
{
	counts[mfn.n].refs++;
	audit_type(counts, mfn);
}

static void count_vcpu(struct audit_count *counts, const struct vcpu *v)
{
	const struct vcpu_arch *a = &v->arch;

	audit_vcpu(counts, &v->memory);
	for (unsigned page = 0; page * PAGE_ENTRIES < a->gdt_entries; page++) {
		audit_type(counts, a->gdt_frame[page]);
	}
	for (unsigned page = 0; page * PAGE_ENTRIES < a->ldt_entries; page++) {
		if (!mfn_is_none(a->ldt_frame[page])) {
			audit_type(counts, a->ldt_frame[page]);
		}
	}
	if (!mfn_is_none(v->info_frame)) {
		audit_type(counts, v->info_frame);
	}
}

/* What is mapped for devices holds frames itself; other mappings are in page tables. */
static void count_handles(struct audit_count *counts, const struct domain_grants *g)
{
	for (unsigned i = 0; i < g->handle_pages * GRANT_HANDLES_PER_PAGE; i++) {
		const struct grant_handle *h =
			&g->handles[i / GRANT_HANDLES_PER_PAGE][i % GRANT_HANDLES_PER_PAGE];

		if (!(h->flags & GRANT_HANDLE_USED) || !(h->flags & GNTMAP_device_map)) {
			continue;
		}
		if (h->flags & GNTMAP_readonly) {
			counts[h->mfn].refs++;
		} else {
			audit_type(counts, MFN(h->mfn));
		}
	}
}

static void count_events(struct audit_count *counts, const struct domain_events *d)
{
	const void *page;

	for (unsigned i = 0; i < event_fifo_page_limit(); i++) {
		page = event_fifo_page(d, i);
		if (page) {
			audit_type(counts, frame_of_ptr(page));
		}
	}
}

static void count_domain(struct audit_count *counts, const struct domain *d)
{
	audit_domain(counts, &d->memory);
	count_shared(counts, frame_of_ptr(d->shared_info));
	for (unsigned i = 0; i < d->grants.frame_count; i++) {
		count_shared(counts, frame_of_ptr(d->grants.shared[i]));
	}
	for (unsigned i = 0; i < d->grants.status_count; i++) {
		count_shared(counts, frame_of_ptr(d->grants.status[i]));
	}
	count_handles(counts, &d->grants);
	count_events(counts, &d->events);
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		count_vcpu(counts, d->vcpu[i]);
	}
}

/* The table of machine-to-physical numbers, which Dom0's tools map. */
static void count_m2p(struct audit_count *counts)
{
	mfn_t piece;

	for (uint64_t i = 0; piece = m2p_piece(i), !mfn_is_none(piece); i++) {
		for (uint64_t n = 0; n < PAGE_ENTRIES; n++) {
			count_shared(counts, MFN(piece.n + n));
		}
	}
}

static unsigned count_all(struct audit_count *counts)
{
	mfn_t eoi = pirq_eoi_frame();

	for (struct domain *d = domain_next(NULL); d; d = domain_next(d)) {
		count_domain(counts, d);
	}
	count_m2p(counts);
	if (!mfn_is_none(eoi)) {
		audit_type(counts, eoi);
	}
	return audit_compare(counts);
}

int domain_audit(unsigned *faults)
{
	uint64_t bytes = frame_end * sizeof(struct audit_count);
	unsigned order = 0;
	mfn_t block;

	while ((PAGE_SIZE << order) < bytes) {
		order++;
	}
	block = order <= FRAME_ORDER_MAX ? frame_alloc(order, FRAME_UNLOCKED) : MFN_NONE;
	if (mfn_is_none(block)) {
		return -ENOMEM;
	}
	if (!schedule_stop_others()) {
		frame_free(block, order);
		return -EBUSY;
	}
	*faults = count_all(frame_ptr(block));
	schedule_start_others();
	frame_free(block, order);
	return 0;
}
