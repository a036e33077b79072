/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl and sysctl: how CPUs are shared, and their pools. */
#include <arch/time_scale.h>
#include <domain/affinity.h>
#include <domain/pool.h>
#include <hypercall/domctl.h>
#include <hypercall/sysctl.h>

#define NS_PER_MS    (NS_PER_SECOND / 1000)
#define NS_PER_US    (NS_PER_SECOND / 1000000)
#define CAP_AS_IT_IS UINT16_MAX /* of a domain: the cap stays */

static int answer(int rc)
{
	return rc && rc != -ERESTART ? refuse(rc) : rc;
}

/* For another CPU, for a short while: then -ERESTART lets this one do what it has to. */
static bool waits(int rc)
{
	cpu_relax();
	return rc == -ERESTART && !work_pending();
}

/* --- Domains and vCPUs --------------------------------------------------------------------- */

int domctl_scheduler(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;
	struct xen_domctl_sched_credit *credit = &s->u.credit;

	if (s->sched_id != XEN_SCHEDULER_CREDIT) {
		return refuse(-EINVAL);
	}
	switch (s->cmd) {
	case XEN_DOMCTL_SCHEDOP_putinfo:
		credit_domain_set(&d->credit, credit->weight ? credit->weight : d->credit.weight,
				  credit->cap != CAP_AS_IT_IS ? credit->cap : d->credit.cap, now());
		return 0;
	case XEN_DOMCTL_SCHEDOP_getinfo:
		credit->weight = (uint16_t)d->credit.weight;
		credit->cap = (uint16_t)d->credit.cap;
		return 0;
	default: /* vCPUs have no parameters of their own */
		return refuse(-EINVAL);
	}
}

static struct vcpu *find_vcpu(const struct domain *d, uint32_t id, int *rc)
{
	*rc = id >= d->vcpu_max ? -EINVAL : !domctl_vcpu(d, id) ? -ESRCH : 0;
	return *rc ? NULL : d->vcpu[id];
}

/* What is effective of what was asked for goes back. */
int domctl_set_affinity(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	bool hard = a->flags & XEN_VCPUAFFINITY_HARD, soft = a->flags & XEN_VCPUAFFINITY_SOFT;
	cpu_mask_t hard_mask = 0, soft_mask = 0;
	int rc;
	struct vcpu *v = find_vcpu(d, a->vcpu, &rc);

	if (rc || (!hard && !soft)) {
		return refuse(rc ? rc : -EINVAL);
	}
	rc = hard ? domctl_read_bitmap(&a->cpumap_hard, &hard_mask) : 0;
	rc = rc ? rc : soft ? domctl_read_bitmap(&a->cpumap_soft, &soft_mask) : 0;
	if (rc) {
		return rc;
	}
	rc = affinity_set(v, hard ? &hard_mask : NULL, soft ? &soft_mask : NULL,
			  a->flags & XEN_VCPUAFFINITY_FORCE);
	if (rc) {
		return refuse(rc);
	}
	affinity_get(v, &hard_mask, &soft_mask);
	hard_mask &= d->pool->credit.cpus;
	soft_mask &= hard_mask;
	rc = hard ? domctl_write_bitmap(&a->cpumap_hard, hard_mask) : 0;
	return rc ? rc : soft ? domctl_write_bitmap(&a->cpumap_soft, soft_mask) : 0;
}

int domctl_get_affinity(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	cpu_mask_t hard, soft;
	int rc;
	struct vcpu *v = find_vcpu(d, a->vcpu, &rc);

	if (rc || !(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT))) {
		return refuse(rc ? rc : -EINVAL);
	}
	affinity_get(v, &hard, &soft);
	rc = a->flags & XEN_VCPUAFFINITY_HARD ? domctl_write_bitmap(&a->cpumap_hard, hard) : 0;
	return rc				  ? rc
	       : a->flags & XEN_VCPUAFFINITY_SOFT ? domctl_write_bitmap(&a->cpumap_soft, soft)
						  : 0;
}

/* --- The scheduler of the machine ----------------------------------------------------------- */

int sysctl_scheduler_id(struct xen_sysctl *op)
{
	op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT;
	return 0;
}

static int set_times(uint32_t pool, const struct xen_sysctl_credit_schedule *credit)
{
	struct pool_times times = {
		.slice = credit->tslice_ms * NS_PER_MS,
		.ratelimit = credit->ratelimit_us * NS_PER_US,
		.migration_delay = credit->vcpu_migr_delay_us * NS_PER_US,
	};

	if (credit->tslice_ms < XEN_SYSCTL_CSCHED_TSLICE_MIN ||
	    credit->tslice_ms > XEN_SYSCTL_CSCHED_TSLICE_MAX || times.ratelimit > times.slice ||
	    credit->vcpu_migr_delay_us > XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US) {
		return refuse(-EINVAL);
	}
	if (credit->ratelimit_us && (credit->ratelimit_us < XEN_SYSCTL_SCHED_RATELIMIT_MIN ||
				     credit->ratelimit_us > XEN_SYSCTL_SCHED_RATELIMIT_MAX)) {
		return refuse(-EINVAL);
	}
	return answer(pool_set_times(pool, &times));
}

int sysctl_scheduler(struct xen_sysctl *op)
{
	struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;
	struct pool_times times;
	int rc = pool_times(s->cpupool_id, &times);

	if (rc) {
		return refuse(rc);
	}
	if (s->sched_id != XEN_SCHEDULER_CREDIT ||
	    (s->cmd != XEN_SYSCTL_SCHEDOP_putinfo && s->cmd != XEN_SYSCTL_SCHEDOP_getinfo)) {
		return refuse(-EINVAL);
	}
	if (s->cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
		rc = set_times(s->cpupool_id, &s->u.sched_credit);
		rc = rc ? rc : pool_times(s->cpupool_id, &times);
	}
	s->u.sched_credit = (struct xen_sysctl_credit_schedule){
		.tslice_ms = (uint32_t)(times.slice / NS_PER_MS),
		.ratelimit_us = (uint32_t)(times.ratelimit / NS_PER_US),
		.vcpu_migr_delay_us = (uint32_t)(times.migration_delay / NS_PER_US),
	};
	return rc;
}

/* --- Pools ---------------------------------------------------------------------------------- */

static int create_pool(struct xen_sysctl_cpupool_op *op)
{
	if (op->sched_id != XEN_SCHEDULER_CREDIT) {
		return refuse(-EINVAL);
	}
	return answer(pool_create(&op->cpupool_id));
}

/* The first pool with at least this number. */
static int describe_pool(struct xen_sysctl_cpupool_op *op)
{
	struct pool_info info;

	if (pool_describe(op->cpupool_id, &info)) {
		return -ENOENT;
	}
	op->cpupool_id = info.id;
	op->sched_id = XEN_SCHEDULER_CREDIT;
	op->n_dom = info.domains;
	return domctl_write_bitmap(&op->cpumap, info.cpus);
}

_Static_assert(XEN_SYSCTL_CPUPOOL_PAR_ANY == POOL_ANY, "any number is the same here and there");

/* Any is the lowest that is free. */
static int add_cpu(const struct xen_sysctl_cpupool_op *op)
{
	cpu_mask_t free = op->cpu == POOL_ANY ? pool_free_cpus() : 0;
	uint32_t cpu = free ? (uint32_t)__builtin_ctzll(free) : op->cpu;

	return answer(pool_add_cpu(op->cpupool_id, cpu));
}

static int remove_cpu(const struct xen_sysctl_cpupool_op *op)
{
	int rc;

	do {
		rc = pool_remove_cpu(op->cpupool_id, op->cpu);
	} while (waits(rc));
	return answer(rc);
}

static int move_domain(const struct xen_sysctl_cpupool_op *op)
{
	struct domain *d = domain_get((domid_t)op->domid);
	int rc;

	if (!d) {
		return refuse(-ESRCH);
	}
	do {
		rc = d == current_domain() ? -EPERM : pool_move_domain(op->cpupool_id, d);
	} while (waits(rc));
	domain_put(d);
	return answer(rc);
}

int sysctl_pools(struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *pool = &op->u.cpupool_op;

	switch (pool->op) {
	case XEN_SYSCTL_CPUPOOL_OP_CREATE:
		return create_pool(pool);
	case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
		return answer(pool_destroy(pool->cpupool_id));
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		return describe_pool(pool);
	case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
		return add_cpu(pool);
	case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
		return remove_cpu(pool);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return move_domain(pool);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return domctl_write_bitmap(&pool->cpumap, pool_free_cpus());
	default:
		return refuse(-ENOSYS);
	}
}

/* --- CPUs off line and back ------------------------------------------------------------------ */

int cpu_take_off(uint32_t cpu)
{
	int rc;

	do {
		rc = pool_take_off(cpu);
	} while (waits(rc));
	return answer(rc);
}

int cpu_bring_back(uint32_t cpu)
{
	return answer(pool_bring_back(cpu));
}
