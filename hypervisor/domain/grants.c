/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain has mapped of others by grants, given back. */
#include <domain/grants.h>
#include <lib/error.h>
#include <memory/page_type.h>

void grants_end_mapping(const struct grant_handle *handle)
{
	bool write = !(handle->flags & GNTMAP_readonly);
	struct domain *d = domain_get(handle->domid);

	if (handle->flags & GNTMAP_device_map) {
		if (write) {
			page_type_put(MFN(handle->mfn));
		}
		frame_put(MFN(handle->mfn));
	}
	/* The granting domain may have gone, and another one have its number. */
	if (d && d->grants.generation == handle->generation) {
		grant_unpin(&d->grants, handle->ref, write);
	}
	if (d) {
		domain_put(d);
	}
}

int grants_release_all(struct domain *d)
{
	struct grant_handle handle;
	uint32_t number = 0;

	while (grant_handle_take_next(&d->grants, &number, &handle)) {
		grants_end_mapping(&handle);
		grant_handle_remove(&d->grants, number);
		if (work_pending()) {
			return -ERESTART;
		}
	}
	return 0;
}
