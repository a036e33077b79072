/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other domains: made, built, run, watched and destroyed by the guest in Dom0's place.
 * run: mem=256 timeout=300
 */
#include "child.h"

enum role { ROLE_POWER_OFF, ROLE_SPIN, ROLE_BLOCK };

static struct child child;

static void child_main(struct child_letter *letter)
{
	letter->state = 1;
	switch (letter->role) {
	case ROLE_SPIN:
		for (;;) {
			letter->state++;
		}
	case ROLE_BLOCK:
		for (;;) {
			pv_sched_op(SCHEDOP_block, NULL);
		}
	default:
		break;
	}
}

static void check_creation(void)
{
	struct xen_domctl op = {0};
	struct xen_domctl_getdomaininfo info;
	long id = pv_domain_create(1, 63);

	if (!ok(id > 0, "a domain is created")) {
		return;
	}
	is(pv_domain_info((domid_t)id, &info), 0, "and told of");
	is(info.domain, id, "by its number");
	is(info.flags & ~XEN_DOMINF_blocked & 0xffff, XEN_DOMINF_paused, "it is paused");
	is(info.tot_pages, 0, "and has no memory");
	is(info.max_vcpu_id, XEN_INVALID_MAX_VCPU_ID, "nor vCPUs");
	is(pv_domain_set_vcpus((domid_t)id, 2), -XEN_EINVAL, "not more vCPUs than it was made for");
	is(pv_domain_set_vcpus((domid_t)id, 1), 0, "but as many");
	is(pv_domain_set_vcpus((domid_t)id, 1), 0, "which it may be told again");
	is(pv_domain_info((domid_t)id, &info), 0, "it is told of");
	is(info.max_vcpu_id, 0, "with its vCPU");
	is(info.nr_online_vcpus, 0, "which is not up");
	op.u.vcpucontext.vcpu = 0;
	is(pv_domctl(XEN_DOMCTL_getvcpucontext, (domid_t)id, &op), -XEN_ENODATA,
	   "and has no state yet");
	op.u.vcpucontext.vcpu = 7;
	is(pv_domctl(XEN_DOMCTL_getvcpucontext, (domid_t)id, &op), -XEN_EINVAL, "no such vCPU");
	op.u.getvcpuinfo.vcpu = 7;
	is(pv_domctl(XEN_DOMCTL_getvcpuinfo, (domid_t)id, &op), -XEN_EINVAL, "nor is it told of");
	op = (struct xen_domctl){.u.createdomain = {.max_vcpus = 1,
						    .max_grant_frames = -1,
						    .max_maptrack_frames = -1,
						    .grant_opts = 1}};
	is(pv_domctl(XEN_DOMCTL_createdomain, (domid_t)id, &op), -XEN_EEXIST,
	   "no second one of its number");
	is(pv_domctl_plain(XEN_DOMCTL_pausedomain, (domid_t)id), 0, "it is paused again");
	is(pv_domctl_plain(XEN_DOMCTL_unpausedomain, (domid_t)id), 0, "unpaused");
	is(pv_domctl_plain(XEN_DOMCTL_unpausedomain, (domid_t)id), 0, "as often");
	is(pv_domctl_plain(XEN_DOMCTL_unpausedomain, (domid_t)id), -XEN_EINVAL,
	   "and not once more");
	is(pv_domctl_plain(XEN_DOMCTL_destroydomain, (domid_t)id), 0, "it is destroyed");
	is(pv_domain_info((domid_t)id, &info), -XEN_ESRCH, "and gone");
	is(pv_domctl_plain(XEN_DOMCTL_destroydomain, (domid_t)id), -XEN_ESRCH, "for good");
}

static void check_refusals(void)
{
	struct xen_domctl op = {.u.createdomain = {.max_vcpus = 1, .grant_opts = 1}};

	op.u.createdomain.max_vcpus = 0;
	is(pv_domctl(XEN_DOMCTL_createdomain, 0, &op), -XEN_EINVAL, "no domain without vCPUs");
	op.u.createdomain.max_vcpus = 1 << 20;
	is(pv_domctl(XEN_DOMCTL_createdomain, 0, &op), -XEN_EINVAL, "nor with a million");
	op.u.createdomain.max_vcpus = 1;
	op.u.createdomain.flags = 1U << 31;
	is(pv_domctl(XEN_DOMCTL_createdomain, 0, &op), -XEN_EINVAL, "nor with unknown flags");
	is(pv_domctl_plain(XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL, "nobody pauses himself");
	is(pv_domctl_plain(XEN_DOMCTL_destroydomain, 0), -XEN_EINVAL, "nor destroys");
	is(pv_domctl_plain(XEN_DOMCTL_pausedomain, 0x1234), -XEN_ESRCH, "no such domain to pause");
	is(pv_domctl_plain(XEN_DOMCTL_destroydomain, 0x7ff4), -XEN_ESRCH, "nor to destroy");
}

static void check_life(void)
{
	struct xen_domctl_getdomaininfo info;
	struct child_letter *letter;

	is(child_build(&child, ROLE_SPIN), 0, "a child is built");
	letter = child_read_letter(&child);
	is(letter->state, 0, "it waits");
	is(child_run(&child), 0, "it runs");
	ok(child_wait_state(letter, 1000), "and counts");
	is(child_pause(&child), 0, "it is paused");
	{
		unsigned long before = letter->state;
		struct sched_poll poll = {.timeout = pv_time() + 50000000};

		pv_sched_op(SCHEDOP_poll, &poll);
		is(letter->state, before, "and does not count");
	}
	is(pv_domain_info(child.id, &info), 0, "it is told of");
	ok(info.cpu_time > 0, "it has used the processor");
	is(info.tot_pages, CHILD_PAGES, "it has its pages");
	is(info.nr_online_vcpus, 1, "its vCPU is up");
	is(child_run(&child), 0, "it runs again");
	child_forget_letter();
	is(child_destroy(&child), 0, "and is destroyed");
	is(pv_domain_info(child.id, &info), -XEN_ESRCH, "it is gone");
}

static void guest_main(void)
{
	check_refusals();
	check_creation();
	check_life();
}
