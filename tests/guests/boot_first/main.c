/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A boot domain: runs before the others, lets one of them begin, and ends ("crash": badly). */
#include "guest.h"
#include <pv/options.h>
#include <xen/domctl.h>

static uint32_t flags_of(domid_t domain)
{
	static struct xen_domctl domctl;

	domctl.cmd = XEN_DOMCTL_getdomaininfo;
	domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	domctl.domain = domain;
	return PV_CALL1(domctl, &domctl) ? 0 : domctl.u.getdomaininfo.flags;
}

static void guest_main(void)
{
	domid_t other = (domid_t)pv_option_number(guest.start, "other=", 0);

	pv_printf("the boot domain runs\n");
	ok(flags_of(other) & XEN_DOMINF_paused, "domain %u waits", other);
	if (pv_option(guest.start, "crash")) {
		pv_shutdown(SHUTDOWN_crash);
	}
}
