/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grant_table_op: mapping what other domains have granted, and the call itself. */
#include <arch/port.h>
#include <hypercall/grant_op.h>
#include <hypercall/hypercall.h>
#include <lib/index.h>
#include <memory/mmu_grant.h>

#define GNTMAP_PARTS   (GNTMAP_host_map | GNTMAP_device_map)
#define GNTMAP_OF_USE  0x1f	   /* the flags a handle remembers */
#define CONTINUED      0x80000000U /* in a command: the call goes on, with a cursor */
#define AVAILABLE_BITS 9	   /* of a page-table entry: the guest's own, from here on */

/* --- map ------------------------------------------------------------------------------------ */

static struct grant_place place_of(uint64_t host_addr, unsigned flags)
{
	return (struct grant_place){
		.root = current_vcpu()->memory.kernel_root,
		.at = host_addr,
		.at_entry = flags & GNTMAP_contains_pte,
	};
}

static uint64_t entry_for(mfn_t mfn, uint32_t flags)
{
	return mfn_to_paddr(mfn) | ENTRY_PRESENT | ENTRY_AD |
	       (flags & GNTMAP_readonly ? 0 : ENTRY_WRITE) |
	       (flags & GNTMAP_application_map ? ENTRY_USER : 0) |
	       (uint64_t)(flags >> _GNTMAP_guest_avail0 & 7) << AVAILABLE_BITS;
}

/* For a device the handle itself holds the frame, and if it is written, as a writable one. */
static int hold_for_device(struct domain *granter, mfn_t mfn, uint32_t flags)
{
	if (flags & GNTMAP_readonly) {
		return frame_get(mfn, granter->id) ? 0 : refuse(-EINVAL);
	}
	return page_writable_get(&granter->memory, mfn, granter != current_domain());
}

static int map_pinned(struct domain *granter, const struct gnttab_map_grant_ref *op, mfn_t mfn)
{
	struct grant_place place;
	int rc = 0;

	if (unlikely(op->flags & GNTMAP_device_map)) {
		rc = hold_for_device(granter, mfn, op->flags);
	}
	if (!rc && op->flags & GNTMAP_host_map) {
		place = place_of(op->host_addr, op->flags);
		rc = mmu_map_grant(&current_domain()->memory, &granter->memory, &place,
				   entry_for(mfn, op->flags));
		if (unlikely(rc && op->flags & GNTMAP_device_map)) {
			grants_release_device(mfn, op->flags);
		}
	}
	return rc;
}

static int map_from(struct domain *own, struct domain *granter, struct gnttab_map_grant_ref *op)
{
	bool write = !(op->flags & GNTMAP_readonly);
	struct grant_handle *handle;
	struct grant_use use;
	int rc;

	op->status = (int16_t)grant_pin(&granter->grants, op->ref, own->id, write ? GRANT_WRITE : 0,
					&use);
	if (unlikely(op->status != GNTST_okay)) {
		return 0;
	}
	handle = grant_handle_reserve(&own->grants, &op->handle);
	if (unlikely(!handle)) {
		op->status = refuse(GNTST_no_space);
		grant_unpin(&granter->grants, op->ref, write);
		return 0;
	}
	rc = map_pinned(granter, op, use.mfn);
	if (unlikely(rc)) {
		grant_handle_remove(&own->grants, handle, op->handle);
		grant_unpin(&granter->grants, op->ref, write);
		op->status = GNTST_general_error;
		return rc == -ERESTART ? rc : 0;
	}
	handle->ref = op->ref;
	handle->generation = granter->grants.generation;
	handle->domid = granter->id;
	/* Others may look for a frame among all handles, see grant_handle_find(). */
	__atomic_store_n(&handle->mfn, (uint32_t)use.mfn.n, __ATOMIC_RELAXED);
	grant_handle_publish(handle, op->flags & GNTMAP_OF_USE);
	op->dev_bus_addr = mfn_to_paddr(use.mfn);
	return 0;
}

static int op_map(void *entry, struct grant_call *call)
{
	struct gnttab_map_grant_ref *op = entry;
	struct domain *granter;
	int rc;

	if (unlikely(!(op->flags & GNTMAP_PARTS))) {
		op->status = refuse(GNTST_bad_gntref);
		return 0;
	}
	granter = grant_find_domain(op->dom);
	if (unlikely(!granter)) {
		op->status = refuse(GNTST_bad_domain);
		return 0;
	}
	rc = map_from(current_domain(), granter, op);
	grant_leave_domain(granter);
	return rc;
}

/* --- unmap ---------------------------------------------------------------------------------- */

/* What unmapping asks for: zero means that this part of the mapping stays. */
struct unmap {
	uint64_t host_addr;
	uint64_t dev_bus_addr;
	uint64_t new_addr; /* what maps this shall take the place; 0: nothing */
};

/* Takes the host's part out, if that is among the parts. */
static int unmap_host(const struct grant_handle *handle, const struct unmap *unmap, unsigned parts)
{
	struct domain_memory *memory = &current_domain()->memory;
	unsigned flags = handle->flags;
	bool write = !(flags & GNTMAP_readonly);
	struct grant_place place = place_of(unmap->host_addr, flags);

	if (!(parts & GNTMAP_host_map)) {
		return 0;
	}
	if (likely(!unmap->new_addr)) {
		return mmu_unmap_grant(memory, &place, MFN(handle->mfn), write);
	}
	if (place.at_entry) {
		return refuse(-EINVAL);
	}
	return mmu_replace_grant(memory, &place, MFN(handle->mfn), write, unmap->new_addr);
}

static int unmap(uint32_t number, const struct unmap *unmap, int16_t *status,
		 struct grant_call *call)
{
	struct grant_handle *handle = grant_handle_take(&current_domain()->grants, number);
	unsigned parts;
	int rc;

	*status = GNTST_okay;
	if (unlikely(!handle)) {
		*status = refuse(GNTST_bad_handle);
		return 0;
	}
	parts = (unmap->host_addr ? handle->flags & GNTMAP_host_map : 0) |
		(unmap->dev_bus_addr ? handle->flags & GNTMAP_device_map : 0);
	if (unlikely(parts & GNTMAP_device_map &&
		     unmap->dev_bus_addr != mfn_to_paddr(MFN(handle->mfn)))) {
		*status = refuse(GNTST_bad_dev_addr);
		parts = 0;
	}
	rc = unmap_host(handle, unmap, parts);
	if (unlikely(rc || !parts)) {
		grant_handle_return(handle, 0);
		*status = rc ? GNTST_general_error : *status;
		return rc == -ERESTART ? rc : 0;
	}
	if (parts & GNTMAP_host_map) {
		call->flush_all |=
			call->va || handle->flags & GNTMAP_contains_pte || unmap->new_addr;
		call->va = unmap->host_addr;
	}
	call->unmapped[call->unmapped_count].handle = handle;
	call->unmapped[call->unmapped_count].number = number;
	call->unmapped[call->unmapped_count++].parts = parts;
	return 0;
}

static int op_unmap(void *entry, struct grant_call *call)
{
	struct gnttab_unmap_grant_ref *op = entry;
	struct unmap what = {op->host_addr, op->dev_bus_addr, 0};

	return unmap(op->handle, &what, &op->status, call);
}

static int op_unmap_and_replace(void *entry, struct grant_call *call)
{
	struct gnttab_unmap_and_replace *op = entry;
	struct unmap what = {op->host_addr, 0, op->new_addr};

	return unmap(op->handle, &what, &op->status, call);
}

/* Now that no CPU can use them any more. */
static void end_unmapped(struct grant_handle *handle, uint32_t number, unsigned parts)
{
	if (parts & GNTMAP_device_map) {
		grants_release_device(MFN(handle->mfn), handle->flags);
	}
	if (handle->flags & GNTMAP_PARTS & ~parts) {
		grant_handle_return(handle, parts);
		return;
	}
	grants_end_mapping(handle);
	grant_handle_remove(&current_domain()->grants, handle, number);
}

static void finish_unmapped(struct grant_call *call)
{
	cpu_mask_t cpus = atomic_load(&current_domain()->memory.cached_on);

	if (call->flush_all) {
		tlb_flush(cpus);
	} else if (call->va) {
		tlb_flush_va(cpus, call->va);
	}
	for (unsigned i = 0; i < call->unmapped_count; i++) {
		end_unmapped(call->unmapped[i].handle, call->unmapped[i].number,
			     call->unmapped[i].parts);
	}
	call->unmapped_count = 0;
	call->flush_all = false;
	call->va = 0;
}

/* --- The call ------------------------------------------------------------------------------- */

/*
 * Performs up to `count` entries of a list; *done of them are over, with their results written,
 * which are what follows `results` bytes of an entry. In line, so that the sizes are known where
 * they matter.
 */
static inline __attribute__((always_inline)) int perform_list(grant_op_fn *perform, unsigned size,
							      unsigned results, uint64_t list,
							      struct grant_call *call)
{
	union {
		struct gnttab_map_grant_ref map;
		struct gnttab_copy copy;
		struct gnttab_setup_table setup;
		struct gnttab_unmap_and_replace replace;
		struct gnttab_cache_flush flush;
		uint8_t bytes[40];
	} entry;
	int rc = 0;

	for (call->done = 0; call->done < call->count; list += size) {
		rc = guest_read(&entry, GUEST_VA(list), size);
		if (likely(!rc)) {
			rc = perform(&entry, call);
		}
		if (rc != -ERESTART && rc != -EFAULT &&
		    guest_write(GUEST_VA(list + results), &entry.bytes[results], size - results)) {
			rc = refuse(-EFAULT);
		}
		if (unlikely(rc)) {
			break;
		}
		if (call->unmapped_count == UNMAPPED_MAX) {
			finish_unmapped(call);
		}
		if (++call->done < call->count && work_pending()) {
			rc = -ERESTART;
			break;
		}
	}
	return rc;
}

#define RESULTS(type, field) (offsetof(struct type, field) / 8 * 8)

static int list_map(uint64_t list, struct grant_call *call)
{
	return perform_list(op_map, sizeof(struct gnttab_map_grant_ref),
			    RESULTS(gnttab_map_grant_ref, status), list, call);
}

static int list_unmap(uint64_t list, struct grant_call *call)
{
	int rc = perform_list(op_unmap, sizeof(struct gnttab_unmap_grant_ref),
			      RESULTS(gnttab_unmap_grant_ref, status), list, call);

	if (call->unmapped_count) {
		finish_unmapped(call);
	}
	return rc;
}

static int list_copy(uint64_t list, struct grant_call *call)
{
	struct copy_ends ends;
	int rc;

	grant_copy_begin(&ends);
	call->ends = &ends;
	rc = perform_list(grant_op_copy, sizeof(struct gnttab_copy), RESULTS(gnttab_copy, status),
			  list, call);
	grant_copy_end(&ends);
	return rc;
}

static const struct {
	grant_op_fn *perform;
	uint16_t size;
	bool single; /* takes one entry, no list of them */
} grant_ops[] = {
	[GNTTABOP_setup_table] = {grant_op_setup_table, sizeof(struct gnttab_setup_table), true},
	[GNTTABOP_query_size] = {grant_op_query_size, sizeof(struct gnttab_query_size), true},
	[GNTTABOP_unmap_and_replace] = {op_unmap_and_replace,
					sizeof(struct gnttab_unmap_and_replace), false},
	[GNTTABOP_set_version] = {grant_op_set_version, sizeof(struct gnttab_set_version), true},
	[GNTTABOP_get_status_frames] = {grant_op_get_status_frames,
					sizeof(struct gnttab_get_status_frames), true},
	[GNTTABOP_get_version] = {grant_op_get_version, sizeof(struct gnttab_get_version), true},
	[GNTTABOP_swap_grant_ref] = {grant_op_swap, sizeof(struct gnttab_swap_grant_ref), false},
	[GNTTABOP_cache_flush] = {grant_op_cache_flush, sizeof(struct gnttab_cache_flush), false},
};

static __attribute__((noinline)) int list_other(uint64_t command, uint64_t list,
						struct grant_call *call)
{
	int rc;

	if (command == GNTTABOP_transfer) {
		return refuse(-EOPNOTSUPP);
	}
	if (!index_ok(&command, ARRAY_COUNT(grant_ops)) || !grant_ops[command].perform) {
		return refuse(-ENOSYS);
	}
	if (command == GNTTABOP_set_version || command == GNTTABOP_get_version) {
		call->count = 1; /* these two do not look at it */
	}
	if (grant_ops[command].single && call->count != 1) {
		return refuse(-EINVAL);
	}
	rc = perform_list(grant_ops[command].perform, grant_ops[command].size, 0, list, call);
	if (call->unmapped_count) {
		finish_unmapped(call);
	}
	return rc;
}

static unsigned entry_size(uint32_t command)
{
	switch (command) {
	case GNTTABOP_map_grant_ref:
		return sizeof(struct gnttab_map_grant_ref);
	case GNTTABOP_unmap_grant_ref:
		return sizeof(struct gnttab_unmap_grant_ref);
	case GNTTABOP_copy:
		return sizeof(struct gnttab_copy);
	default:
		return grant_ops[command].size;
	}
}

static __attribute__((noinline)) long again(uint32_t command, uint64_t list,
					    const struct grant_call *call)
{
	return hypercall_again(command | CONTINUED, list + call->done * entry_size(command),
			       call->count - call->done, call->cursor);
}

long hypercall_grant_table_op(uint64_t a1, uint64_t list, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint32_t command = (uint32_t)a1 & ~CONTINUED;
	struct grant_call call;
	int rc;

	call.count = (uint32_t)a3;
	call.cursor = a1 & CONTINUED ? a4 : 0;
	call.unmapped_count = 0;
	call.flush_all = false;
	call.va = 0;
	if (unlikely(call.count > INT32_MAX)) {
		return refuse(-EINVAL);
	}
	switch (command) {
	case GNTTABOP_map_grant_ref:
		rc = list_map(list, &call);
		break;
	case GNTTABOP_unmap_grant_ref:
		rc = list_unmap(list, &call);
		break;
	case GNTTABOP_copy:
		rc = list_copy(list, &call);
		break;
	default:
		rc = list_other(command, list, &call);
		break;
	}
	return unlikely(rc == -ERESTART) ? again(command, list, &call) : rc;
}
