/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control domain that pauses "other=N" again and again, while that one does it to it. */
#include "guest.h"
#include <pv/options.h>
#include <xen/domctl.h>

#define ROUNDS 3000

static long control(unsigned int command, domid_t domain)
{
	static struct xen_domctl domctl;

	domctl.cmd = command;
	domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	domctl.domain = domain;
	return PV_CALL1(domctl, &domctl);
}

static void guest_main(void)
{
	domid_t other = (domid_t)pv_option_number(guest.start, "other=", 0);
	unsigned int rounds = 0;

	while (rounds < ROUNDS && control(XEN_DOMCTL_pausedomain, other) == 0 &&
	       control(XEN_DOMCTL_unpausedomain, other) == 0) {
		rounds++;
	}
	is(rounds, ROUNDS, "domain %u was paused and let go", other);
}
