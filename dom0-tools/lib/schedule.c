/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credit's parameters. */
#include <errno.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/pool.h>
#include <lib/schedule.h>

static int scheduler_of(domid_t domid, unsigned int *scheduler)
{
	domain_info_t info;
	struct pool pool;
	int rc = domain_get(domid, &info);

	rc = rc ? rc : pool_next(info.cpupool, &pool);
	if (!rc) {
		*scheduler = pool.scheduler;
	}
	return rc;
}

/* Credit and credit2 have the same two numbers, at the same place. */
static int share_op(domid_t domid, uint32_t cmd, struct schedule_share *share)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_scheduler_op, .domain = domid};
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;
	int rc;

	if (share->scheduler != XEN_SCHEDULER_CREDIT && share->scheduler != XEN_SCHEDULER_CREDIT2) {
		return fail(EOPNOTSUPP, "the scheduler of domain %u has no weights", domid);
	}
	s->sched_id = share->scheduler;
	s->cmd = cmd;
	s->u.credit.weight = (uint16_t)share->weight;
	s->u.credit.cap = (uint16_t)share->cap;
	rc = hypercall_domctl(&op);
	share->weight = s->u.credit.weight;
	share->cap = s->u.credit.cap;
	return rc < 0 ? rc : 0;
}

int schedule_get_share(domid_t domid, struct schedule_share *share)
{
	int rc = scheduler_of(domid, &share->scheduler);

	return rc ? rc : share_op(domid, XEN_DOMCTL_SCHEDOP_getinfo, share);
}

int schedule_set_share(domid_t domid, const struct schedule_share *wanted)
{
	struct schedule_share share = *wanted;
	int rc = scheduler_of(domid, &share.scheduler);

	if (wanted->weight > 65535 || wanted->cap > 65535) {
		return fail(EINVAL, "a weight is at most 65535, and so is a cap");
	}
	return rc ? rc : share_op(domid, XEN_DOMCTL_SCHEDOP_putinfo, &share);
}
