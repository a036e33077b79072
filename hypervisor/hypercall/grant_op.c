/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grant_table_op: granting, mapping and copying between domains. */
#include <arch/port.h>
#include <debug/log.h>
#include <domain/grants.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <lib/string.h>
#include <memory/mmu_grant.h>
#include <xen/grant_table.h>

/*
 * Mappings that are out of the page tables, but not yet out of the TLBs: only when they have left
 * those too does the granting domain hear that its frame is not in use any more.
 */
#define UNMAPPED_MAX 16

struct unmapped {
	unsigned count;
	bool flush_all; /* else the address of the only one will do */
	uint64_t va;
	uint32_t number[UNMAPPED_MAX];
	struct grant_handle handle[UNMAPPED_MAX];
};

/* The current domain stays while we are here; it needs no reference, and gets none. */
static struct domain *find_domain(domid_t id)
{
	struct domain *own = current_domain();

	return id == DOMID_SELF || id == own->id ? own : domain_get(id);
}

static void leave_domain(struct domain *d)
{
	if (d != current_domain()) {
		domain_put(d);
	}
}

/* The domain whose table an operation is about; its own, or any for a privileged caller. */
static int get_table_domain(domid_t id, struct domain **d)
{
	*d = domain_get_target(id);
	return *d ? GNTST_okay : refuse(GNTST_bad_domain);
}

/* --- map ------------------------------------------------------------------------------------ */

static struct grant_place place_of(uint64_t host_addr, uint32_t flags)
{
	return (struct grant_place){
		.root = current_vcpu()->memory.kernel_root,
		.at = host_addr,
		.at_entry = flags & GNTMAP_contains_pte,
	};
}

/* For a device the handle itself holds the frame, and if it is written, as a writable one. */
static int hold_for_device(struct domain *granter, mfn_t mfn, bool write)
{
	if (!frame_get(mfn, granter->id)) {
		return refuse(-EINVAL);
	}
	if (write && page_writable_get(&granter->memory, mfn, granter != current_domain())) {
		frame_put(mfn);
		return refuse(-EINVAL);
	}
	return 0;
}

static int map_pinned(struct domain *granter, const struct gnttab_map_grant_ref *op, mfn_t mfn)
{
	bool write = !(op->flags & GNTMAP_readonly);
	uint64_t entry = mfn_to_paddr(mfn) | ENTRY_PRESENT | ENTRY_AD | (write ? ENTRY_WRITE : 0) |
			 (op->flags & GNTMAP_application_map ? ENTRY_USER : 0) |
			 (uint64_t)(op->flags >> _GNTMAP_guest_avail0 & 7) << 9;
	struct grant_place place = place_of(op->host_addr, op->flags);
	int rc = 0;

	if (op->flags & GNTMAP_device_map) {
		rc = hold_for_device(granter, mfn, write);
	}
	if (!rc && op->flags & GNTMAP_host_map) {
		rc = mmu_map_grant(&current_domain()->memory, &granter->memory, &place, entry);
		if (rc && op->flags & GNTMAP_device_map) {
			if (write) {
				page_type_put(mfn);
			}
			frame_put(mfn);
		}
	}
	return rc;
}

static int map_from(struct domain *granter, struct gnttab_map_grant_ref *op)
{
	struct domain_grants *own = &current_domain()->grants;
	bool write = !(op->flags & GNTMAP_readonly);
	struct grant_handle handle = {
		.ref = op->ref,
		.generation = granter->grants.generation,
		.domid = granter->id,
		/* Nobody unmaps by this handle before it is mapped. */
		.flags = (uint16_t)(op->flags & 0x1f) | GRANT_HANDLE_BUSY,
	};
	mfn_t mfn;
	int rc;

	op->status =
		(int16_t)grant_pin(&granter->grants, op->ref, current_domain()->id, write, &mfn);
	if (op->status != GNTST_okay) {
		return 0;
	}
	handle.mfn = (uint32_t)mfn.n;
	op->handle = grant_handle_add(own, &handle);
	if (op->handle == GRANT_NO_HANDLE) {
		op->status = refuse(GNTST_no_device_space);
		grant_unpin(&granter->grants, op->ref, write);
		return 0;
	}
	rc = map_pinned(granter, op, mfn);
	if (rc) {
		grant_handle_remove(own, op->handle);
		grant_unpin(&granter->grants, op->ref, write);
		op->status = GNTST_general_error;
		return rc == -ERESTART ? rc : 0;
	}
	grant_handle_return(own, op->handle);
	op->dev_bus_addr = mfn_to_paddr(mfn);
	return 0;
}

static int op_map(void *entry, struct unmapped *unmapped)
{
	struct gnttab_map_grant_ref *op = entry;
	struct domain *granter;
	int rc;

	if (!(op->flags & (GNTMAP_host_map | GNTMAP_device_map))) {
		op->status = refuse(GNTST_bad_gntref);
		return 0;
	}
	granter = find_domain(op->dom);
	if (!granter) {
		op->status = refuse(GNTST_bad_domain);
		return 0;
	}
	rc = map_from(granter, op);
	leave_domain(granter);
	return rc;
}

/* --- unmap ---------------------------------------------------------------------------------- */

static int op_unmap(void *entry, struct unmapped *unmapped)
{
	struct gnttab_unmap_grant_ref *op = entry;
	struct domain *d = current_domain();
	struct grant_handle handle;
	struct grant_place place;
	int rc = 0;

	if (!grant_handle_take(&d->grants, op->handle, &handle)) {
		op->status = refuse(GNTST_bad_handle);
		return 0;
	}
	place = place_of(op->host_addr, handle.flags);
	if (op->dev_bus_addr && op->dev_bus_addr != mfn_to_paddr(MFN(handle.mfn))) {
		rc = refuse(-EINVAL);
	} else if (handle.flags & GNTMAP_host_map) {
		rc = mmu_unmap_grant(&d->memory, &place, MFN(handle.mfn),
				     !(handle.flags & GNTMAP_readonly));
	}
	if (rc) {
		grant_handle_return(&d->grants, op->handle);
		op->status = GNTST_general_error;
		return rc == -ERESTART ? rc : 0;
	}
	unmapped->number[unmapped->count] = op->handle;
	unmapped->handle[unmapped->count++] = handle;
	unmapped->flush_all |= place.at_entry || unmapped->count > 1;
	unmapped->va = op->host_addr;
	op->status = GNTST_okay;
	return 0;
}

static void finish_unmapped(struct unmapped *unmapped)
{
	struct domain *d = current_domain();
	cpu_mask_t cpus = atomic_load(&d->memory.cached_on);

	if (!unmapped->count) {
		return;
	}
	if (unmapped->flush_all) {
		tlb_flush(cpus);
	} else {
		tlb_flush_va(cpus, unmapped->va);
	}
	for (unsigned i = 0; i < unmapped->count; i++) {
		grants_end_mapping(&unmapped->handle[i]);
		grant_handle_remove(&d->grants, unmapped->number[i]);
	}
	unmapped->count = 0;
	unmapped->flush_all = false;
}

/* --- copy ----------------------------------------------------------------------------------- */

/* One end of a copy: a frame, held, and what has to be given back. */
struct copy_end {
	struct domain *d;
	mfn_t mfn;
	bool pinned;
};

static int copy_end_get(struct copy_end *end, const struct gnttab_copy_ptr *ptr, bool by_ref,
			bool write)
{
	int status = GNTST_okay;

	end->pinned = false;
	if (!by_ref && ptr->domid != DOMID_SELF) {
		return refuse(GNTST_permission_denied);
	}
	end->d = find_domain(ptr->domid);
	if (!end->d) {
		return refuse(GNTST_bad_domain);
	}
	end->mfn = MFN(ptr->u.gmfn);
	if (by_ref) {
		status = grant_pin(&end->d->grants, ptr->u.ref, current_domain()->id, write,
				   &end->mfn);
		end->pinned = status == GNTST_okay;
	}
	if (status == GNTST_okay &&
	    (write ? page_writable_get(&end->d->memory, end->mfn, end->d != current_domain()) != 0
		   : !frame_get(end->mfn, end->d->id))) {
		status = refuse(by_ref ? GNTST_general_error : GNTST_bad_page);
	}
	if (status != GNTST_okay) {
		if (end->pinned) {
			grant_unpin(&end->d->grants, ptr->u.ref, write);
		}
		leave_domain(end->d);
	}
	return status;
}

static void copy_end_put(struct copy_end *end, const struct gnttab_copy_ptr *ptr, bool write)
{
	if (write) {
		page_type_put(end->mfn);
	} else {
		frame_put(end->mfn);
	}
	if (end->pinned) {
		grant_unpin(&end->d->grants, ptr->u.ref, write);
	}
	leave_domain(end->d);
}

static int op_copy(void *entry, struct unmapped *unmapped)
{
	struct gnttab_copy *op = entry;
	struct copy_end from, to;
	int status;

	op->status = GNTST_okay;
	if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE) {
		op->status = refuse(GNTST_bad_copy_arg);
		return 0;
	}
	status = copy_end_get(&from, &op->source, op->flags & GNTCOPY_source_gref, false);
	if (status == GNTST_okay) {
		status = copy_end_get(&to, &op->dest, op->flags & GNTCOPY_dest_gref, true);
		if (status == GNTST_okay) {
			memmove((char *)frame_ptr(to.mfn) + op->dest.offset,
				(const char *)frame_ptr(from.mfn) + op->source.offset, op->len);
			copy_end_put(&to, &op->dest, true);
		}
		copy_end_put(&from, &op->source, false);
	}
	op->status = (int16_t)status;
	return 0;
}

/* --- The table itself --------------------------------------------------------------------------
 */

static int write_frame_list(struct domain *d, guest_va_t list, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		xen_pfn_t mfn = grant_frame(&d->grants, i).n;

		if (guest_write(GUEST_VA(list.a + i * sizeof(mfn)), &mfn, sizeof(mfn))) {
			return refuse(-EFAULT);
		}
	}
	return 0;
}

static int op_setup_table(void *entry, struct unmapped *unmapped)
{
	struct gnttab_setup_table *op = entry;
	struct domain *d;
	int rc = 0;

	op->status = (int16_t)get_table_domain(op->dom, &d);
	if (op->status != GNTST_okay) {
		return 0;
	}
	if (grant_grow(&d->grants, op->nr_frames)) {
		op->status = GNTST_general_error;
	} else {
		rc = write_frame_list(d, GUEST_VA(op->frame_list.p), op->nr_frames);
	}
	domain_put(d);
	return rc;
}

static int op_query_size(void *entry, struct unmapped *unmapped)
{
	struct gnttab_query_size *op = entry;
	struct domain *d;

	op->status = (int16_t)get_table_domain(op->dom, &d);
	if (op->status == GNTST_okay) {
		op->nr_frames = grant_frame_count(&d->grants);
		op->max_nr_frames = d->grants.frame_limit;
		domain_put(d);
	}
	return 0;
}

/* The table is one of version 1: that is all there is, and a guest that asks for 2 is told so. */
static int op_set_version(void *entry, struct unmapped *unmapped)
{
	struct gnttab_set_version *op = entry;
	uint32_t wanted = op->version;

	op->version = current_domain()->grants.version;
	if (wanted != 1 && wanted != 2) {
		return refuse(-EINVAL);
	}
	return wanted == op->version ? 0 : refuse(-ENOSYS);
}

static int op_get_version(void *entry, struct unmapped *unmapped)
{
	struct gnttab_get_version *op = entry;
	struct domain *d = domain_get_target(op->dom);

	if (!d) {
		return refuse(-ESRCH);
	}
	op->version = d->grants.version;
	domain_put(d);
	return 0;
}

static int op_get_status_frames(void *entry, struct unmapped *unmapped)
{
	struct gnttab_get_status_frames *op = entry;

	op->status = refuse(GNTST_general_error); /* version 1 has none */
	return 0;
}

static int op_swap(void *entry, struct unmapped *unmapped)
{
	struct gnttab_swap_grant_ref *op = entry;

	op->status = (int16_t)grant_swap(&current_domain()->grants, op->ref_a, op->ref_b);
	return 0;
}

/* --- The call ----------------------------------------------------------------------------------
 */

static const struct {
	int (*perform)(void *entry, struct unmapped *unmapped);
	size_t size;
	bool single; /* takes one entry, no list of them */
} grant_ops[] = {
	[GNTTABOP_map_grant_ref] = {op_map, sizeof(struct gnttab_map_grant_ref), false},
	[GNTTABOP_unmap_grant_ref] = {op_unmap, sizeof(struct gnttab_unmap_grant_ref), false},
	[GNTTABOP_setup_table] = {op_setup_table, sizeof(struct gnttab_setup_table), true},
	[GNTTABOP_copy] = {op_copy, sizeof(struct gnttab_copy), false},
	[GNTTABOP_query_size] = {op_query_size, sizeof(struct gnttab_query_size), true},
	[GNTTABOP_set_version] = {op_set_version, sizeof(struct gnttab_set_version), true},
	[GNTTABOP_get_status_frames] = {op_get_status_frames,
					sizeof(struct gnttab_get_status_frames), true},
	[GNTTABOP_get_version] = {op_get_version, sizeof(struct gnttab_get_version), true},
	[GNTTABOP_swap_grant_ref] = {op_swap, sizeof(struct gnttab_swap_grant_ref), false},
};

/* Performs up to `count` entries; *done of them are over, with their results written. */
static int perform_some(uint64_t command, uint64_t list, uint64_t count, uint64_t *done)
{
	size_t size = grant_ops[command].size;
	struct unmapped unmapped = {.count = 0};
	union {
		struct gnttab_map_grant_ref map;
		struct gnttab_copy copy;
		struct gnttab_setup_table setup;
	} entry;
	int rc = 0;

	for (*done = 0; !rc && *done < count; list += size) {
		rc = guest_read(&entry, GUEST_VA(list), size);
		if (!rc) {
			rc = grant_ops[command].perform(&entry, &unmapped);
		}
		if (rc != -ERESTART && rc != -EFAULT && guest_write(GUEST_VA(list), &entry, size)) {
			rc = refuse(-EFAULT);
		}
		*done += !rc;
		if (unmapped.count == UNMAPPED_MAX) {
			finish_unmapped(&unmapped);
		}
		if (!rc && *done < count && work_pending()) {
			rc = -ERESTART;
		}
	}
	finish_unmapped(&unmapped);
	return rc;
}

long hypercall_grant_table_op(uint64_t command, uint64_t list, uint64_t count, uint64_t a4,
			      uint64_t a5)
{
	uint64_t done;
	int rc;

	if (command == GNTTABOP_transfer || command == GNTTABOP_unmap_and_replace ||
	    command == GNTTABOP_cache_flush) {
		return refuse(-EOPNOTSUPP);
	}
	if (command >= ARRAY_COUNT(grant_ops) || !grant_ops[command].perform) {
		return refuse(-ENOSYS);
	}
	if (count > INT32_MAX || (grant_ops[command].single && count != 1)) {
		return refuse(-EINVAL);
	}
	rc = perform_some(command, list, count, &done);
	if (rc == -ERESTART) {
		return hypercall_again(command, list + done * grant_ops[command].size, count - done,
				       a4);
	}
	return rc;
}
