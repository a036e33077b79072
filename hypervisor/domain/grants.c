/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants of whole domains: their limits, and what they have mapped of others, given back. */
#include <debug/log.h>
#include <domain/grants.h>
#include <lib/error.h>
#include <memory/page_type.h>
#include <xen/domctl.h>

struct grant_limits grants_machine_limits = {64, 1024, 2, true};

int grants_set_limits(struct domain *d, int32_t frames, int32_t handle_pages, uint32_t options)
{
	struct grant_limits limits = grants_machine_limits;

	if (frames >= 0) {
		limits.frames = (unsigned)frames;
	}
	if (handle_pages >= 0) {
		limits.handle_pages = (unsigned)handle_pages;
	}
	limits.version = XEN_DOMCTL_GRANT_version(options);
	if (options & ~(uint32_t)XEN_DOMCTL_GRANT_version_mask || !limits.version ||
	    limits.version > grants_machine_limits.version ||
	    limits.frames > grants_machine_limits.frames ||
	    limits.handle_pages > grants_machine_limits.handle_pages) {
		return refuse(-EINVAL);
	}
	grant_domain_init(&d->grants, d->id, &limits);
	return 0;
}

void grants_release_device(mfn_t mfn, unsigned flags)
{
	if (flags & GNTMAP_readonly) {
		frame_put(mfn);
	} else {
		page_type_put(mfn);
	}
}

void grants_end_mapping(const struct grant_handle *handle)
{
	struct domain *own = current_domain();
	struct domain *d = handle->domid == own->id ? own : domain_get(handle->domid);

	/* The granting domain may have gone, and another one have its number. */
	if (d && d->grants.generation == handle->generation) {
		grant_unpin(&d->grants, handle->ref, !(handle->flags & GNTMAP_readonly));
	}
	if (d && d != own) {
		domain_put(d);
	}
}

int grants_release_all(struct domain *d)
{
	struct grant_handle *handle;
	uint32_t number = 0;

	while ((handle = grant_handle_take_next(&d->grants, &number))) {
		if (handle->flags & GNTMAP_device_map) {
			grants_release_device(MFN(handle->mfn), handle->flags);
		}
		grants_end_mapping(handle);
		grant_handle_remove(&d->grants, handle, number);
		if (work_pending()) {
			return -ERESTART;
		}
	}
	return 0;
}
