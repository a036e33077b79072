/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: frames of the hypervisor's that a domain's toolstack maps, such as its grant table. */
#include <hypercall/memory_op.h>
#include <xen/memory.h>

/* The one resource there is comes in two kinds, by their id; false: it is something else. */
static bool find_frames(const struct xen_mem_acquire_resource *op, enum grant_frames *which)
{
	*which = op->id == XENMEM_resource_grant_table_id_shared ? GRANT_SHARED_FRAMES
								 : GRANT_STATUS_FRAMES_V2;
	return op->type == XENMEM_resource_grant_table &&
	       op->id <= XENMEM_resource_grant_table_id_status;
}

/* The table grows to what is asked for, as it would if its domain asked. */
static int grow_to(struct domain_grants *g, enum grant_frames which, uint64_t frames)
{
	int rc;

	if (which == GRANT_STATUS_FRAMES_V2) {
		if (grant_version(g) != 2) {
			return refuse(-EINVAL);
		}
		frames = (frames - 1) * 8 + 1;
	}
	if (frames > grant_frame_limit(g, GRANT_SHARED_FRAMES)) {
		return refuse(-EINVAL);
	}
	do {
		rc = grant_grow(g, (unsigned)frames);
	} while (rc == -ERESTART && !work_pending());
	return rc;
}

static int give_frames(struct domain *d, const struct xen_mem_acquire_resource *op,
		       enum grant_frames which)
{
	int rc = op->frame > UINT32_MAX ? refuse(-EINVAL)
					: grow_to(&d->grants, which, op->frame + op->nr_frames);

	for (uint32_t i = 0; i < op->nr_frames && !rc; i++) {
		mfn_t mfn = grant_frame(&d->grants, which, (unsigned)op->frame + i);

		if (mfn_is_none(mfn)) {
			return refuse(-EINVAL); /* it changed its version meanwhile */
		}
		rc = guest_write(GUEST_VA((uint64_t)op->frame_list.p + i * sizeof(mfn.n)), &mfn.n,
				 sizeof(mfn.n));
	}
	return rc;
}

/* Without a list the caller asks how many frames there may be at most. */
int resource_acquire(uint64_t arg)
{
	struct xen_mem_acquire_resource op;
	enum grant_frames which;
	struct domain *d;
	int rc = memory_op_read(&op, arg, sizeof(op));

	if (rc == 0 && op.pad) {
		rc = refuse(-EINVAL);
	}
	if (rc == 0 && (op.domid == DOMID_SELF || op.domid == current_domain()->id)) {
		rc = refuse(-EPERM); /* a resource of another's, by its nature */
	}
	rc = rc ? rc : memory_op_target(op.domid, &d);
	if (rc) {
		return rc;
	}
	if (!find_frames(&op, &which)) {
		rc = refuse(-EOPNOTSUPP);
	} else if (op.frame_list.p) {
		rc = op.nr_frames ? give_frames(d, &op, which) : 0;
	} else if (op.nr_frames) {
		rc = refuse(-EINVAL);
	} else {
		op.nr_frames = grant_frame_limit(&d->grants, which);
		rc = guest_write(GUEST_VA(arg), &op, sizeof(op));
	}
	domain_put(d);
	return rc;
}
