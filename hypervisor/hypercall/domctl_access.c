/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: a domain's frames, and what of the machine it may touch. */
#include <arch/guest_page.h>
#include <arch/io.h>
#include <hypercall/domctl.h>
#include <memory/mmio.h>
#include <memory/page_type.h>

#define FRAME_TYPES_MAX 1024
#define BATCH		64

/* --- Frames ---------------------------------------------------------------------------------- */

/* What a frame of the domain is used as, as a snapshot: XEN_DOMCTL_PFINFO_*. */
static uint64_t frame_kind(const struct domain *d, mfn_t mfn)
{
	uint64_t word, kind;

	if (!frame_exists(mfn) || !frame_count(mfn) || frame_owner(mfn) != d->id) {
		return XEN_DOMCTL_PFINFO_XTAB;
	}
	word = frame_type_word(mfn);
	kind = word >> TYPE_SHIFT;
	if (!(word & TYPE_VALIDATED) || kind < PAGE_L1 || kind > PAGE_L4) {
		return XEN_DOMCTL_PFINFO_NOTAB;
	}
	return kind << XEN_DOMCTL_PFINFO_LTAB_SHIFT |
	       (word & TYPE_PINNED ? XEN_DOMCTL_PFINFO_LPINTAB : 0);
}

/* Each frame number of the caller's list is replaced by what the frame is. */
int domctl_frame_types(struct domain *d, struct xen_domctl *op)
{
	uint64_t at = (uint64_t)op->u.getpageframeinfo3.array.p, left = op->u.getpageframeinfo3.num;
	uint64_t list[BATCH];

	if (left > FRAME_TYPES_MAX) {
		return refuse(-E2BIG);
	}
	while (left) {
		uint64_t count = MIN(left, (uint64_t)BATCH);

		if (guest_read(list, GUEST_VA(at), count * sizeof(list[0]))) {
			return refuse(-EFAULT);
		}
		for (uint64_t i = 0; i < count; i++) {
			list[i] = frame_kind(d, MFN(list[i]));
		}
		if (guest_write(GUEST_VA(at), list, count * sizeof(list[0]))) {
			return refuse(-EFAULT);
		}
		at += count * sizeof(list[0]);
		left -= count;
	}
	return 0;
}

int domctl_hypercall_page(struct domain *d, struct xen_domctl *op)
{
	mfn_t mfn = MFN(op->u.hypercall_init.gmfn);

	if (page_writable_get(&d->memory, mfn, false)) {
		return refuse(-EPERM);
	}
	guest_page_fill_hypercalls(frame_ptr(mfn));
	page_type_put(mfn);
	return 0;
}

/* --- The machine ----------------------------------------------------------------------------- */

/* Interrupt lines are Dom0's alone, so others have no right that could be taken away. */
int domctl_irq_permission(struct domain *d, struct xen_domctl *op)
{
	if (!op->u.irq_permission.allow_access == !d->privileged) {
		return 0;
	}
	return refuse(-EOPNOTSUPP);
}

int domctl_iomem_permission(struct domain *d, struct xen_domctl *op)
{
	uint64_t first = op->u.iomem_permission.first_mfn;
	uint64_t count = op->u.iomem_permission.nr_mfns;
	int rc;

	if (!count || first + count - 1 < first) {
		return refuse(-EINVAL);
	}
	rc = mmio_permit(&d->memory, first, first + count - 1, op->u.iomem_permission.allow_access);
	return rc ? refuse(rc) : 0;
}

int domctl_ioport_permission(struct domain *d, struct xen_domctl *op)
{
	uint64_t first = op->u.ioport_permission.first_port;
	uint64_t count = op->u.ioport_permission.nr_ports;
	int rc;

	if (first + count > 0x10000) {
		return refuse(-EINVAL);
	}
	if (!count) {
		return 0;
	}
	rc = io_permit(d, (uint16_t)first, (uint16_t)(first + count - 1),
		       op->u.ioport_permission.allow_access);
	return rc ? refuse(rc) : 0;
}
