/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What toolstacks and watchdogs call: versions of domctl and sysctl, remote shutdown, watchdogs,
 * pinning.
 * run: mem=512
 */
#include "guest.h"
#include <xen/domctl.h>
#include <xen/sysctl.h>

static void check_watchdog(void)
{
	struct sched_watchdog dog = {.id = 77, .timeout = 10};
	long id;

	is(pv_sched_op(SCHEDOP_watchdog, &dog), -XEN_EINVAL, "a watchdog that is not there");
	dog.id = 0;
	id = pv_sched_op(SCHEDOP_watchdog, &dog);
	ok(id >= 1, "a new one");
	dog.id = (uint32_t)id;
	is(pv_sched_op(SCHEDOP_watchdog, &dog), 0, "is kept awake");
	dog.timeout = 0;
	is(pv_sched_op(SCHEDOP_watchdog, &dog), 0, "and stopped");
}

static void check_sched(void)
{
	struct sched_remote_shutdown remote = {.domain_id = 0x1234};
	struct sched_pin_override pin = {.pcpu = 4000};

	is(pv_sched_op(SCHEDOP_remote_shutdown, &remote), -XEN_ESRCH,
	   "shutting down a domain that is not there");
	ok(pv_sched_op(SCHEDOP_pin_override, &pin) < 0, "no such processor to be pinned to");
	pin.pcpu = 0;
	is(pv_sched_op(SCHEDOP_pin_override, &pin), 0, "pinned to the first");
	pin.pcpu = -1;
	is(pv_sched_op(SCHEDOP_pin_override, &pin), 0, "and released");
}

static void check_versions(void)
{
	static struct xen_domctl domctl;
	static struct xen_sysctl sysctl;

	domctl.cmd = XEN_DOMCTL_getdomaininfo;
	domctl.interface_version = 1;
	is(PV_CALL1(domctl, &domctl), -XEN_EACCES, "a domctl of another version");
	sysctl.cmd = XEN_SYSCTL_physinfo;
	sysctl.interface_version = 1;
	is(PV_CALL1(sysctl, &sysctl), -XEN_EACCES, "a sysctl of another version");
	is(PV_CALL1(domctl, 0x7f00000000), -XEN_EFAULT, "a domctl that is not there");
	is(PV_CALL1(sysctl, 0x7f00000000), -XEN_EFAULT, "a sysctl that is not there");
}

static void check_answers(void)
{
	static struct xen_domctl domctl;
	static struct xen_sysctl sysctl;

	domctl.cmd = XEN_DOMCTL_getdomaininfo;
	domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	domctl.domain = 0;
	is(PV_CALL1(domctl, &domctl), 0, "the first domain is told of");
	is(domctl.u.getdomaininfo.tot_pages, (long)guest.start->nr_pages, "with its pages");
	ok(domctl.u.getdomaininfo.flags & XEN_DOMINF_running, "and that it runs");
	domctl.domain = 0x1234;
	is(PV_CALL1(domctl, &domctl), -XEN_ESRCH, "none that is not there");
	sysctl.cmd = XEN_SYSCTL_physinfo;
	sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	is(PV_CALL1(sysctl, &sysctl), 0, "the machine is told of");
	is(sysctl.u.physinfo.nr_cpus, 1, "with its processor");
	ok(sysctl.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_pv, "and that it runs such guests");
	domctl.cmd = 9999;
	ok(PV_CALL1(domctl, &domctl) < 0, "an unknown domctl");
	sysctl.cmd = 9999;
	ok(PV_CALL1(sysctl, &sysctl) < 0, "an unknown sysctl");
}

static void guest_main(void)
{
	check_watchdog();
	check_sched();
	check_versions();
	check_answers();
}
