/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: a domain's reservation of frames, memory maps, and where the frame table is. */
#include <arch/port.h>
#include <debug/log.h>
#include <hypercall/memory_op.h>
#include <lib/error.h>
#include <memory/frame_alloc.h>
#include <memory/frame_list.h>
#include <memory/frame_ref.h>
#include <xen/memory.h>

/* The ABI keeps the upper bits of the command for a call that goes on: how many extents are done.
 */
#define COMMAND_BITS 6
#define COMMAND_MASK (BIT(COMMAND_BITS) - 1)
#define BATCH	     32

/* The largest block a guest may ask for at once, and a domain with tools or devices. */
#define GUEST_ORDER_MAX 9

/* --- More and less memory ---------------------------------------------------------------- */

struct reservation {
	struct domain_memory *dm;
	unsigned command;
	unsigned order;
	unsigned flags; /* of frame_alloc_for() */
	guest_va_t list;
};

/* How to allocate for a request; false if the ABI's answer to it is "none". */
static bool allocation_flags(struct domain *d, unsigned mem_flags, unsigned *flags)
{
	unsigned bits = XENMEMF_get_address_bits(mem_flags);

	*flags = FRAME_UNLOCKED | FRAME_BELOW_BITS(bits);
	if (bits && d->memory.hardware) {
		*flags |= FRAME_USE_RESERVE;
	}
	return !(mem_flags & XENMEMF_populate_on_demand) && (!bits || bits > PAGE_SHIFT) &&
	       vnuma_can_allocate(d, mem_flags);
}

/* The frames are the hypervisor's yet: the domain's it could have given away meanwhile. */
static void set_pfns(mfn_t mfn, unsigned order, uint64_t pfn)
{
	for (uint64_t i = 0; i < BIT(order); i++) {
		M2P[mfn.n + i] = pfn + i;
	}
}

static int release_extent(struct domain_memory *dm, mfn_t mfn, unsigned order)
{
	int rc = 0;

	for (uint64_t i = 0; i < BIT(order) && rc == 0; i++) {
		rc = frame_release(dm, MFN(mfn.n + i));
	}
	return rc;
}

/*
 * One extent; `at` is its element of the guest's list. False if it cannot be done, which ends the
 * call: the guest is told how many were.
 */
static bool reserve_extent(const struct reservation *r, uint64_t *at)
{
	mfn_t mfn;

	if (r->command == XENMEM_decrease_reservation) {
		return release_extent(r->dm, MFN(*at), r->order) == 0;
	}
	mfn = frame_alloc_charged(r->dm, r->order, r->flags);
	if (mfn_is_none(mfn)) {
		return false;
	}
	if (r->command == XENMEM_populate_physmap) {
		set_pfns(mfn, r->order, *at);
	}
	*at = mfn.n;
	return frame_attach(r->dm, mfn, r->order);
}

/* Up to BATCH extents from `first` on; returns how many were done, and clears *more on trouble. */
static uint64_t reserve_batch(const struct reservation *r, uint64_t first, uint64_t count,
			      bool *more)
{
	guest_va_t at = GUEST_VA(r->list.a + first * sizeof(uint64_t));
	bool reads = r->command != XENMEM_increase_reservation;
	bool writes = r->command != XENMEM_decrease_reservation && r->list.a;
	uint64_t list[BATCH], done = 0;

	count = MIN(count, r->order ? 1 : (uint64_t)BATCH);
	if (reads && guest_read(list, at, count * sizeof(list[0]))) {
		*more = false;
		return 0;
	}
	while (done < count && reserve_extent(r, &list[done])) {
		done++;
	}
	if (done < count || (writes && guest_write(at, list, done * sizeof(list[0])))) {
		*more = false;
	}
	return done;
}

/* All answers are numbers of extents done; what is wrong with a request is that it does none. */
static long change_reservation(uint64_t command, uint64_t arg)
{
	struct xen_memory_reservation op;
	struct reservation r = {.command = (unsigned)(command & COMMAND_MASK)};
	uint64_t done = command >> COMMAND_BITS;
	unsigned order_max = current_domain()->privileged ? FRAME_ORDER_MAX : GUEST_ORDER_MAX;
	struct domain *d;
	bool more = true;

	if (guest_read(&op, GUEST_VA(arg), sizeof(op)) || op.extent_order > order_max ||
	    op.nr_extents > UINT64_MAX >> (COMMAND_BITS + 4) || done >= op.nr_extents) {
		return (long)done;
	}
	if (memory_op_target(op.domid, &d)) {
		return (long)done;
	}
	r.dm = &d->memory;
	r.order = op.extent_order;
	r.list = GUEST_VA(op.extent_start.p);
	more = allocation_flags(d, op.mem_flags, &r.flags);
	if (r.dm->released.first) {
		frame_reap_released(r.dm);
	}
	while (more && done < op.nr_extents) {
		done += reserve_batch(&r, done, op.nr_extents - done, &more);
		if (more && done < op.nr_extents && work_pending()) {
			domain_put(d);
			return hypercall_again(r.command | done << COMMAND_BITS, arg, 0, 0);
		}
	}
	domain_put(d);
	return (long)done;
}

/* --- Exchange ---------------------------------------------------------------------------- */

/* Blocks that are nobody's but the hypervisor's for a moment, of one order. */
struct blocks {
	struct frame_list list;
	unsigned order;
};

static void blocks_free(struct blocks *blocks)
{
	while (blocks->list.first) {
		mfn_t mfn = frame_list_first(&blocks->list);

		frame_list_remove(&blocks->list, mfn);
		frame_free(mfn, blocks->order);
	}
}

static void blocks_reattach(struct domain_memory *dm, struct blocks *blocks)
{
	while (blocks->list.first) {
		mfn_t mfn = frame_list_first(&blocks->list);

		frame_list_remove(&blocks->list, mfn);
		(void)frame_attach(dm, mfn, blocks->order);
	}
}

static int detach_extents(struct domain_memory *dm, guest_va_t list, unsigned extents,
			  unsigned order, struct blocks *in)
{
	uint64_t first;
	int rc = 0;

	for (unsigned i = 0; i < extents && rc == 0; i++) {
		if (guest_read(&first, GUEST_VA(list.a + i * sizeof(first)), sizeof(first))) {
			return refuse(-EFAULT);
		}
		for (uint64_t n = 0; n < BIT(order) && rc == 0; n++) {
			rc = frame_detach(dm, MFN(first + n));
			if (rc == 0) {
				frame_list_add(&in->list, MFN(first + n));
			}
		}
	}
	return rc;
}

static int alloc_blocks(struct blocks *out, unsigned count, unsigned flags)
{
	for (unsigned i = 0; i < count; i++) {
		mfn_t mfn = frame_alloc(out->order, flags);

		if (mfn_is_none(mfn)) {
			return refuse(-ENOMEM);
		}
		frame_list_add(&out->list, mfn);
	}
	return 0;
}

static int attach_blocks(struct domain_memory *dm, struct blocks *out, guest_va_t list)
{
	uint64_t pfn;
	int rc = 0;

	/* The old frames are gone, so these are the domain's, whether it can be told or not. */
	for (guest_va_t at = list; out->list.first; at.a += sizeof(pfn)) {
		mfn_t mfn = frame_list_first(&out->list);
		bool told = guest_read(&pfn, at, sizeof(pfn)) == 0;

		frame_list_remove(&out->list, mfn);
		if (told) {
			set_pfns(mfn, out->order, pfn);
			told = guest_write(at, &mfn.n, sizeof(mfn.n)) == 0;
		}
		rc = told ? rc : refuse(-EFAULT);
		(void)frame_attach(dm, mfn, out->order);
	}
	return rc;
}

/*
 * The smallest part of an exchange: one block on the coarser side, what makes it up on the other.
 * It is done wholly or not at all.
 */
static int exchange_part(struct domain_memory *dm, const struct xen_memory_exchange *op,
			 uint64_t part, unsigned flags)
{
	unsigned order = MAX(op->in.extent_order, op->out.extent_order);
	unsigned in_extents = 1U << (order - op->in.extent_order);
	unsigned out_extents = 1U << (order - op->out.extent_order);
	struct blocks in = {.order = 0}, out = {.order = op->out.extent_order};
	int rc;

	rc = detach_extents(
		dm,
		GUEST_VA((uint64_t)op->in.extent_start.p + part * in_extents * sizeof(uint64_t)),
		in_extents, op->in.extent_order, &in);
	if (rc == 0) {
		rc = alloc_blocks(&out, out_extents, flags);
	}
	if (rc) {
		blocks_free(&out);
		blocks_reattach(dm, &in);
		return rc;
	}
	blocks_free(&in);
	return attach_blocks(
		dm, &out,
		GUEST_VA((uint64_t)op->out.extent_start.p + part * out_extents * sizeof(uint64_t)));
}

static int exchange_check(const struct xen_memory_exchange *op)
{
	unsigned order = MAX(op->in.extent_order, op->out.extent_order);

	if (op->in.domid != op->out.domid || op->in.extent_order > FRAME_ORDER_MAX ||
	    op->out.extent_order > FRAME_ORDER_MAX) {
		return refuse(-EINVAL);
	}
	if (order > GUEST_ORDER_MAX) {
		return refuse(-EPERM);
	}
	if (op->in.nr_extents > UINT64_MAX >> (order + 4) ||
	    op->out.nr_extents > UINT64_MAX >> (order + 4) ||
	    op->in.nr_extents << op->in.extent_order != op->out.nr_extents
								<< op->out.extent_order ||
	    op->nr_exchanged > op->in.nr_extents ||
	    op->nr_exchanged % BIT(order - op->in.extent_order)) {
		return refuse(-EINVAL);
	}
	return 0;
}

static long exchange(uint64_t command, uint64_t arg)
{
	struct xen_memory_exchange op;
	struct domain *d;
	unsigned flags, part_extents;
	bool again = false;
	int rc = memory_op_read(&op, arg, sizeof(op));

	rc = rc ? rc : exchange_check(&op);
	rc = rc ? rc : memory_op_target(op.in.domid, &d);
	if (rc) {
		return rc;
	}
	part_extents = 1U << (MAX(op.in.extent_order, op.out.extent_order) - op.in.extent_order);
	if (!allocation_flags(d, op.out.mem_flags, &flags)) {
		rc = refuse(-EINVAL);
	}
	while (rc == 0 && !again && op.nr_exchanged < op.in.nr_extents) {
		rc = exchange_part(&d->memory, &op, op.nr_exchanged / part_extents, flags);
		if (rc == 0) {
			op.nr_exchanged += part_extents;
			again = op.nr_exchanged < op.in.nr_extents && work_pending();
		}
	}
	domain_put(d);
	/* The count of what is done is in the guest's structure, so going on is starting anew. */
	if (guest_write(GUEST_VA(arg + offsetof(struct xen_memory_exchange, nr_exchanged)),
			&op.nr_exchanged, sizeof(op.nr_exchanged))) {
		return refuse(-EFAULT);
	}
	return again ? hypercall_again(command, arg, 0, 0) : rc;
}

/* --- Figures ----------------------------------------------------------------------------- */

static long domain_figure(unsigned command, uint64_t arg)
{
	struct xen_memory_domain op;
	struct domain *d;
	uint64_t pfns;
	long rc = memory_op_read(&op, arg, sizeof(op));

	rc = rc ? rc : memory_op_target(op.domid, &d);
	if (rc) {
		return rc;
	}
	switch (command) {
	case XENMEM_current_reservation:
		rc = (long)d->memory.frame_count;
		break;
	case XENMEM_maximum_reservation:
		rc = (long)d->memory.frame_limit;
		break;
	default: /* XENMEM_maximum_gpfn: what the guest says itself, and at least frame 0 */
		pfns = d->shared_info ? d->shared_info->arch.max_pfn : 0;
		rc = pfns ? (long)(pfns - 1) : 0;
	}
	domain_put(d);
	return rc;
}

static int claim_pages(uint64_t arg)
{
	struct xen_memory_reservation op;
	struct domain *d;
	int rc = memory_op_read(&op, arg, sizeof(op));

	if (rc == 0 && !current_domain()->privileged) {
		rc = refuse(-EPERM);
	}
	if (rc == 0 && (op.extent_start.p || op.extent_order || op.mem_flags)) {
		rc = refuse(-EINVAL);
	}
	rc = rc ? rc : memory_op_target(op.domid, &d);
	if (rc == 0) {
		rc = frame_claim(&d->memory, op.nr_extents);
		domain_put(d);
	}
	return rc;
}

/* Nothing is ever populated on demand here, so every target is reached, with none left to do. */
static int pod_target(unsigned command, uint64_t arg)
{
	struct xen_pod_target op;
	struct domain *d;
	int rc = memory_op_read(&op, arg, sizeof(op));

	if (rc == 0 && !current_domain()->privileged) {
		rc = refuse(-EPERM);
	}
	rc = rc ? rc : memory_op_target(op.domid, &d);
	if (rc) {
		return rc;
	}
	if (command == XENMEM_set_pod_target && op.target_pages > d->memory.frame_limit) {
		rc = refuse(-EINVAL);
	}
	op.tot_pages = d->memory.frame_count;
	op.pod_cache_pages = 0;
	op.pod_entries = 0;
	domain_put(d);
	return rc ? rc : guest_write(GUEST_VA(arg), &op, sizeof(op));
}

/* --- The hypercall ----------------------------------------------------------------------- */

long hypercall_memory_op(uint64_t command, uint64_t arg, uint64_t unused3, uint64_t unused4,
			 uint64_t unused5)
{
	unsigned number = (unsigned)(command & COMMAND_MASK);
	int rc;

	switch (number) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return change_reservation(command, arg);
	case XENMEM_exchange:
		return exchange(command, arg);
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return domain_figure(number, arg);
	case XENMEM_maximum_ram_page:
		return (long)(frame_end - 1);
	case XENMEM_memory_map:
		return memory_map_give(&current_domain()->memory, arg);
	case XENMEM_machine_memory_map:
		return current_domain()->privileged ? memory_map_give(NULL, arg) : refuse(-EPERM);
	case XENMEM_set_memory_map:
		return memory_map_set(arg);
	case XENMEM_machphys_mapping:
		return memory_map_m2p(arg);
	case XENMEM_machphys_mfn_list:
		return memory_map_m2p_frames(arg);
	case XENMEM_claim_pages:
		return claim_pages(arg);
	case XENMEM_set_pod_target:
	case XENMEM_get_pod_target:
		return pod_target(number, arg);
	case XENMEM_get_sharing_freed_pages:
	case XENMEM_get_sharing_shared_pages:
		return 0; /* no frame is shared behind the guests' backs */
	case XENMEM_reserved_device_memory_map:
		return memory_map_reserved(arg);
	case XENMEM_get_vnumainfo:
		return command == XENMEM_get_vnumainfo ? vnuma_tell(arg) : refuse(-EINVAL);
	case XENMEM_acquire_resource:
		rc = resource_acquire(arg);
		return rc == -ERESTART ? hypercall_again(command, arg, 0, 0) : rc;
	case XENMEM_add_to_physmap:
	case XENMEM_add_to_physmap_batch:
	case XENMEM_remove_from_physmap:
		return refuse(-EACCES); /* a PV guest keeps its own physical map */
	case XENMEM_paging_op:
	case XENMEM_access_op:
	case XENMEM_sharing_op:
		return refuse(-EOPNOTSUPP);
	}
	return refuse(-ENOSYS);
}
