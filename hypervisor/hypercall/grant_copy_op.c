/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grant_table_op: copying between frames, one's own or granted. */
#include <arch/port.h>
#include <hypercall/grant_op.h>
#include <lib/string.h>
#include <memory/page_type.h>

static void copy_end_unpin(struct copy_end *end)
{
	for (int i = 1; i >= 0; i--) {
		if (end->pin[i].d) {
			grant_unpin(&end->pin[i].d->grants, end->pin[i].ref, end->write);
			grant_leave_domain(end->pin[i].d);
		}
	}
}

/* Adds the pin of a reference; what was added before stays, for the caller to give back. */
static int pin_reference(struct copy_end *end, unsigned step, domid_t domid, grant_ref_t ref,
			 domid_t grantee, struct grant_use *use)
{
	struct domain *d = grant_find_domain(domid);
	int status;

	if (unlikely(!d)) {
		return refuse(step ? GNTST_general_error : GNTST_bad_domain);
	}
	status = grant_pin(&d->grants, ref, grantee, GRANT_COPY | (end->write ? GRANT_WRITE : 0),
			   use);
	if (unlikely(status != GNTST_okay)) {
		grant_leave_domain(d);
		return status;
	}
	end->pin[step].d = d;
	end->pin[step].ref = ref;
	return GNTST_okay;
}

/* By reference, and if that leads to a third domain, by the one that it has granted. */
static int find_granted(struct copy_end *end, struct domain **owner)
{
	domid_t own = current_domain()->id, domid = end->domid == DOMID_SELF ? own : end->domid;
	struct grant_use use;
	int status = pin_reference(end, 0, domid, (grant_ref_t)end->name, own, &use);

	if (unlikely(status == GNTST_okay && use.kind == GRANT_TRANSITIVE)) {
		if (use.third_domid == domid) {
			return refuse(GNTST_general_error);
		}
		status = pin_reference(end, 1, use.third_domid, use.third_ref, domid, &use);
		if (status == GNTST_okay && use.kind == GRANT_TRANSITIVE) {
			return refuse(GNTST_general_error); /* one step is all there is */
		}
	}
	if (unlikely(status != GNTST_okay)) {
		return status;
	}
	*owner = end->pin[1].d ? end->pin[1].d : end->pin[0].d;
	end->mfn = use.mfn;
	end->offset = use.offset;
	end->end = use.offset + use.length;
	return GNTST_okay;
}

/* A read-only source is held; a destination is one that may be written, and stays so. */
static bool hold(const struct copy_end *end, struct domain *owner)
{
	if (end->write) {
		return !page_writable_get(&owner->memory, end->mfn, owner != current_domain());
	}
	return frame_get(end->mfn, owner->id);
}

static void copy_end_put(struct copy_end *end)
{
	if (!end->held) {
		return;
	}
	if (end->write) {
		page_type_put(end->mfn);
	} else {
		frame_put(end->mfn);
	}
	if (end->by_ref) {
		copy_end_unpin(end);
	}
	end->held = false;
}

static __attribute__((noinline)) int copy_end_get(struct copy_end *end,
						  const struct gnttab_copy_ptr *ptr, bool by_ref)
{
	struct domain *owner = current_domain();
	int status = GNTST_okay;

	copy_end_put(end);
	end->by_ref = by_ref;
	end->domid = ptr->domid;
	end->pin[0].d = end->pin[1].d = NULL;
	if (by_ref) {
		end->name = ptr->u.ref;
		status = find_granted(end, &owner);
	} else if (likely(ptr->domid == DOMID_SELF)) {
		end->name = ptr->u.gmfn;
		end->mfn = MFN(ptr->u.gmfn);
		end->offset = 0;
		end->end = PAGE_SIZE;
	} else {
		status = refuse(GNTST_permission_denied);
	}
	if (status == GNTST_okay && unlikely(!hold(end, owner))) {
		status = refuse(GNTST_bad_page);
	}
	if (unlikely(status != GNTST_okay)) {
		copy_end_unpin(end);
		return status;
	}
	end->held = true;
	return GNTST_okay;
}

/* What it was in the copy before it may be still; else it is found anew. */
static inline int copy_end_prepare(struct copy_end *end, const struct gnttab_copy_ptr *ptr,
				   bool by_ref, unsigned length)
{
	uint64_t name = by_ref ? ptr->u.ref : ptr->u.gmfn;

	if (!end->held || end->by_ref != by_ref || end->name != name || end->domid != ptr->domid) {
		int status = copy_end_get(end, ptr, by_ref);

		if (unlikely(status != GNTST_okay)) {
			return status;
		}
	}
	if (unlikely(ptr->offset < end->offset || ptr->offset + length > end->end)) {
		return refuse(GNTST_general_error);
	}
	return GNTST_okay;
}

void grant_copy_begin(struct copy_ends *ends)
{
	ends->from.held = ends->to.held = false;
	ends->from.write = false;
	ends->to.write = true;
}

void grant_copy_end(struct copy_ends *ends)
{
	copy_end_put(&ends->to);
	copy_end_put(&ends->from);
}

static int copy(const struct gnttab_copy *op, struct copy_ends *ends)
{
	int status;

	if (unlikely(op->source.offset + op->len > PAGE_SIZE ||
		     op->dest.offset + op->len > PAGE_SIZE)) {
		return refuse(GNTST_bad_copy_arg);
	}
	status = copy_end_prepare(&ends->from, &op->source, op->flags & GNTCOPY_source_gref,
				  op->len);
	if (status == GNTST_okay) {
		status = copy_end_prepare(&ends->to, &op->dest, op->flags & GNTCOPY_dest_gref,
					  op->len);
	}
	if (status == GNTST_okay) {
		memmove((char *)frame_ptr(ends->to.mfn) + op->dest.offset,
			(const char *)frame_ptr(ends->from.mfn) + op->source.offset, op->len);
	}
	return status;
}

int grant_op_copy(void *entry, struct grant_call *call)
{
	struct gnttab_copy *op = entry;

	op->status = (int16_t)copy(op, call->ends);
	return 0;
}

/* --- Caches -------------------------------------------------------------------------------- */

#define FIND_STEPS 1024

/* Whether the current domain has this frame of another's mapped by a grant: 0, if it has. */
static int find_mapping(mfn_t mfn, struct grant_call *call)
{
	uint32_t number = (uint32_t)call->cursor;
	int rc;

	do {
		rc = grant_handle_find(&current_domain()->grants, mfn, &number, FIND_STEPS);
	} while (rc == 0 && !work_pending());
	call->cursor = rc == 0 ? number : 0;
	return rc == 1 ? 0 : rc == 0 ? -ERESTART : refuse(rc);
}

/* Of a frame as a whole, whatever part of it is named: more is no harm. */
int grant_op_cache_flush(void *entry, struct grant_call *call)
{
	struct gnttab_cache_flush *op = entry;
	mfn_t mfn = paddr_to_mfn(op->a.dev_bus_addr);
	int rc;

	if (op->offset >= PAGE_SIZE || op->offset + op->length > PAGE_SIZE ||
	    op->op & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL)) {
		return refuse(-EINVAL);
	}
	if (op->length == 0 || op->op == 0) {
		return 0;
	}
	if (!frame_is_ram(mfn)) {
		return refuse(-EINVAL);
	}
	if (frame_owner(mfn) >= DOMID_FIRST_RESERVED) {
		return refuse(-EPERM);
	}
	if (frame_owner(mfn) != current_domain()->id) {
		rc = find_mapping(mfn, call);
		if (rc) {
			return rc;
		}
	}
	/* Contents that are thrown away unwritten could be another's that are older. */
	if (!(op->op & GNTTAB_CACHE_CLEAN)) {
		return refuse(-EOPNOTSUPP);
	}
	frame_flush_cache(mfn);
	return 0;
}
