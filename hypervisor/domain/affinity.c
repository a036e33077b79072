/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On which CPUs a vCPU runs: guarded by its domain's lock. */
#include <debug/log.h>
#include <domain/affinity.h>
#include <domain/pool.h>
#include <domain/schedule.h>
#include <lib/error.h>

void affinity_apply(struct vcpu *v)
{
	cpu_mask_t hard = v->bound_to ? v->bound_to : v->affinity_hard;

	ASSERT_LOCKED(&v->domain->lock);
	schedule_set_affinity(v, &v->domain->pool->credit, hard, v->affinity_soft);
}

int affinity_set(struct vcpu *v, const cpu_mask_t *hard, const cpu_mask_t *soft, bool force)
{
	struct domain *d = v->domain;
	int rc = 0;

	lock_acquire(&d->lock);
	if (hard && !(*hard & d->pool->credit.cpus)) {
		rc = -EINVAL;
	} else if (hard && v->bound_to && !force) {
		rc = -EBUSY;
	} else {
		v->bound_to = hard ? 0 : v->bound_to;
		v->affinity_hard = hard ? *hard : v->affinity_hard;
		v->affinity_soft = soft ? *soft : v->affinity_soft;
		affinity_apply(v);
	}
	lock_release(&d->lock);
	return rc;
}

void affinity_get(struct vcpu *v, cpu_mask_t *hard, cpu_mask_t *soft)
{
	lock_acquire(&v->domain->lock);
	*hard = v->affinity_hard;
	*soft = v->affinity_soft;
	lock_release(&v->domain->lock);
}

int affinity_bind(int cpu)
{
	struct vcpu *v = current_vcpu();
	cpu_mask_t to;
	int rc = 0;

	lock_acquire(&v->domain->lock);
	to = cpu >= 0 && cpu < CPU_MAX ? BIT(cpu) & v->domain->pool->credit.cpus : 0;
	if (cpu < 0 ? !v->bound_to : !to) {
		rc = -EINVAL;
	} else if (cpu >= 0 && v->bound_to) {
		rc = -EBUSY;
	} else {
		v->bound_to = to;
		affinity_apply(v);
	}
	lock_release(&v->domain->lock);
	return rc;
}
