/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credit's parameters, and pools of processors. */
#include <errno.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/schedule.h>
#include <lib/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int pool_next(uint32_t id, struct pool *pool)
{
	struct cpu_map *map = hypercall_memory(sizeof(*map));
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_cpupool_op};
	struct xen_sysctl_cpupool_op *p = &op.u.cpupool_op;
	char *name;
	int rc;

	if (!map) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	p->op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	p->cpupool_id = id;
	p->cpumap.nr_bits = CPU_MAP_BITS;
	set_xen_guest_handle(p->cpumap.bitmap, (uint8_t *)map->bits);
	rc = hypercall_sysctl(&op);
	*pool = (struct pool){
		.id = p->cpupool_id, .scheduler = p->sched_id, .domains = p->n_dom, .cpus = *map};
	hypercall_memory_free(map, sizeof(*map));
	if (rc < 0) {
		return rc;
	}
	name = store_read(XBT_NULL, "/local/pool/%u/name", pool->id);
	if (name) {
		snprintf(pool->name, sizeof(pool->name), "%s", name);
	} else {
		snprintf(pool->name, sizeof(pool->name), "Pool-%u", pool->id);
	}
	free(name);
	return 0;
}

int pool_find(const char *name, uint32_t *id)
{
	struct pool pool;
	uint32_t from = 0;
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	while (pool_next(from, &pool) == 0) {
		if (strcmp(pool.name, name) == 0 || (*name && !*end && pool.id == number)) {
			*id = pool.id;
			return 0;
		}
		from = pool.id + 1;
	}
	return fail(ENOENT, "there is no pool '%s'", name);
}
