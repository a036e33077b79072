/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grant_table_op: the table itself, its size, frames and version. */
#include <arch/port.h>
#include <hypercall/grant_op.h>
#include <hypercall/hypercall.h>

/* The domain whose table an operation is about: its own, or any for a privileged caller. */
static int16_t get_table_domain(domid_t id, struct domain **d)
{
	*d = domain_get_target(id);
	if (*d) {
		return GNTST_okay;
	}
	return refuse(current_domain()->privileged ? GNTST_bad_domain : GNTST_permission_denied);
}

static int16_t write_frame_list(struct domain *d, enum grant_frames which, guest_va_t list,
				unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		xen_pfn_t mfn = grant_frame(&d->grants, which, i).n;

		if (guest_write(GUEST_VA(list.a + i * sizeof(mfn)), &mfn, sizeof(mfn))) {
			return refuse(GNTST_bad_virt_addr);
		}
	}
	return GNTST_okay;
}

int grant_op_setup_table(void *entry, struct grant_call *call)
{
	struct gnttab_setup_table *op = entry;
	struct domain *d;
	int rc;

	op->status = get_table_domain(op->dom, &d);
	if (op->status != GNTST_okay) {
		return 0;
	}
	do {
		rc = grant_grow(&d->grants, op->nr_frames);
	} while (rc == -ERESTART && !work_pending());
	if (rc == 0) {
		op->status = write_frame_list(d, GRANT_SHARED_FRAMES, GUEST_VA(op->frame_list.p),
					      op->nr_frames);
	} else {
		op->status = GNTST_general_error;
	}
	domain_put(d);
	return rc == -ERESTART ? rc : 0;
}

int grant_op_query_size(void *entry, struct grant_call *call)
{
	struct gnttab_query_size *op = entry;
	struct domain *d;

	op->status = get_table_domain(op->dom, &d);
	if (op->status == GNTST_okay) {
		op->nr_frames = grant_frame_count(&d->grants, GRANT_SHARED_FRAMES);
		op->max_nr_frames = grant_frame_limit(&d->grants, GRANT_SHARED_FRAMES);
		domain_put(d);
	}
	return 0;
}

/* Refused or not, the caller is told which version it has. */
int grant_op_set_version(void *entry, struct grant_call *call)
{
	struct gnttab_set_version *op = entry;
	struct domain_grants *own = &current_domain()->grants;
	int rc = grant_set_version(own, op->version);

	op->version = grant_version(own);
	return rc;
}

int grant_op_get_version(void *entry, struct grant_call *call)
{
	struct gnttab_get_version *op = entry;
	struct domain *d = domain_get_target(op->dom);

	if (!d) {
		return refuse(current_domain()->privileged ? -ESRCH : -EPERM);
	}
	op->version = grant_version(&d->grants);
	domain_put(d);
	return 0;
}

int grant_op_get_status_frames(void *entry, struct grant_call *call)
{
	struct gnttab_get_status_frames *op = entry;
	struct domain *d;

	op->status = get_table_domain(op->dom, &d);
	if (op->status != GNTST_okay) {
		return 0;
	}
	if (op->nr_frames > grant_frame_count(&d->grants, GRANT_STATUS_FRAMES_V2)) {
		op->status = refuse(GNTST_general_error);
	} else {
		op->status = write_frame_list(d, GRANT_STATUS_FRAMES_V2, GUEST_VA(op->frame_list.p),
					      op->nr_frames);
	}
	domain_put(d);
	return 0;
}

int grant_op_swap(void *entry, struct grant_call *call)
{
	struct gnttab_swap_grant_ref *op = entry;

	op->status = (int16_t)grant_swap(&current_domain()->grants, op->ref_a, op->ref_b);
	return 0;
}
