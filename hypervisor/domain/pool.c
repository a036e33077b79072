/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of CPUs: which CPUs and which domains are of which. */
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/smp.h>
#include <debug/log.h>
#include <domain/affinity.h>
#include <domain/notify.h>
#include <domain/pool.h>
#include <domain/schedule.h>
#include <lib/error.h>

static struct lock pools_lock = LOCK_INIT(LOCK_POOLS);
static struct pool pools[POOL_MAX]; /* guarded by it */
static struct pool_times usual_times;
/* The pool that a CPU is removed from, until it has let go of what it ran. */
static struct pool *leaves[CPU_MAX];

/* --- Making -------------------------------------------------------------------------------- */

static struct pool *find(uint32_t id)
{
	ASSERT_LOCKED(&pools_lock);
	return id < POOL_MAX && pools[id].exists ? &pools[id] : NULL;
}

static void apply_times(struct pool *p, const struct pool_times *times)
{
	p->credit.slice = times->slice;
	p->credit.ratelimit = times->ratelimit;
	p->credit.migration_delay = times->migration_delay;
}

void pool_init(const struct pool_times *usual)
{
	usual_times = *usual;
	for (unsigned i = 0; i < POOL_MAX; i++) {
		pools[i].credit.queues = schedule_queues;
	}
	pools[0].exists = true;
	apply_times(&pools[0], usual);
}

void pool_start_cpu(unsigned cpu)
{
	credit_pool_add(&pools[0].credit, cpu);
}

int pool_times(uint32_t id, struct pool_times *times)
{
	const struct pool *p;

	lock_acquire(&pools_lock);
	p = find(id);
	if (p) {
		*times = (struct pool_times){p->credit.slice, p->credit.ratelimit,
					     p->credit.migration_delay};
	}
	lock_release(&pools_lock);
	return p ? 0 : -ESRCH;
}

int pool_set_times(uint32_t id, const struct pool_times *times)
{
	struct pool *p;

	lock_acquire(&pools_lock);
	p = find(id);
	if (p) {
		apply_times(p, times);
	}
	lock_release(&pools_lock);
	return p ? 0 : -ESRCH;
}

static uint32_t first_unused(void)
{
	uint32_t id = 0;

	while (id < POOL_MAX && pools[id].exists) {
		id++;
	}
	return id;
}

int pool_create(uint32_t *id)
{
	int rc = 0;

	lock_acquire(&pools_lock);
	if (*id == POOL_ANY) {
		*id = first_unused();
		rc = *id < POOL_MAX ? 0 : -ENOSPC;
	} else if (*id >= POOL_MAX) {
		rc = -EINVAL;
	} else if (pools[*id].exists) {
		rc = -EEXIST;
	}
	if (rc == 0) {
		pools[*id].exists = true;
		apply_times(&pools[*id], &usual_times);
	}
	lock_release(&pools_lock);
	return rc;
}

int pool_destroy(uint32_t id)
{
	struct pool *p;
	int rc = 0;

	lock_acquire(&pools_lock);
	p = find(id);
	if (!p) {
		rc = -ENOENT;
	} else if (id == 0 || p->credit.cpus || p->domains) {
		rc = -EBUSY;
	} else {
		p->exists = false;
	}
	lock_release(&pools_lock);
	return rc;
}

/* --- Its domains --------------------------------------------------------------------------- */

struct pool *pool_enter(uint32_t id)
{
	struct pool *p;

	lock_acquire(&pools_lock);
	p = find(id);
	if (p && p->credit.cpus) {
		atomic_fetch_add(&p->domains, 1);
	} else {
		p = NULL;
	}
	lock_release(&pools_lock);
	return p;
}

void pool_leave(struct pool *p)
{
	atomic_fetch_sub(&p->domains, 1);
}

uint32_t pool_id(const struct domain *d)
{
	return (uint32_t)(d->pool - pools);
}

/* --- What a change means for vCPUs ---------------------------------------------------------- */

static bool has_bound_vcpu(const struct domain *d, cpu_mask_t cpus)
{
	bool bound = false;

	ASSERT_LOCKED(&d->lock);
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		bound |= !!(d->vcpu[i]->bound_to & cpus);
	}
	return bound;
}

/* Each is placed anew; of whom no CPU was left that he was to run on, the log tells. */
static void place_anew(struct domain *d, cpu_mask_t before)
{
	cpu_mask_t cpus = d->pool->credit.cpus;

	ASSERT_LOCKED(&d->lock);
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		struct vcpu *v = d->vcpu[i];

		affinity_apply(v);
		if (v->affinity_hard & before && !(v->affinity_hard & cpus)) {
			log_warn("d%uv%u: no CPU of its affinity is left, it runs on all of pool "
				 "%u\n",
				 d->id, v->id, pool_id(d));
		}
	}
}

static bool is_bound_to(const struct pool *p, unsigned cpu)
{
	bool bound = false;

	for (struct domain *d = domain_next(NULL); d; d = domain_next(d)) {
		lock_acquire(&d->lock);
		bound |= d->pool == p && has_bound_vcpu(d, BIT(cpu));
		lock_release(&d->lock);
	}
	return bound;
}

static void place_all_anew(const struct pool *p, cpu_mask_t before)
{
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d)) {
		lock_acquire(&d->lock);
		if (d->pool == p) {
			place_anew(d, before);
		}
		lock_release(&d->lock);
	}
}

/* One that may run and is neither here nor there yet will be here soon. */
static bool runs_outside(const struct domain *d, cpu_mask_t cpus)
{
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (!(cpus & BIT(v->credit.cpu)) && (credit_runs(&v->credit) || !v->flags)) {
			return true;
		}
	}
	return false;
}

static int change_pool(struct domain *d, struct pool *to)
{
	struct pool *from = d->pool;
	int rc = 0;

	lock_acquire(&d->lock);
	if (to != from && has_bound_vcpu(d, CPU_MASK_ALL)) {
		rc = -EBUSY;
	} else if (to != from) {
		atomic_fetch_add(&to->domains, 1);
		d->pool = to;
		place_anew(d, from->credit.cpus);
		atomic_fetch_sub(&from->domains, 1);
	}
	lock_release(&d->lock);
	return rc;
}

int pool_move_domain(uint32_t id, struct domain *d)
{
	struct pool *to;
	int rc;

	lock_acquire(&pools_lock);
	to = find(id);
	rc = to && to->credit.cpus ? change_pool(d, to) : -ENOENT;
	if (rc == 0 && runs_outside(d, to->credit.cpus)) {
		rc = -ERESTART;
	}
	lock_release(&pools_lock);
	return rc;
}

/* --- Its CPUs ------------------------------------------------------------------------------- */

static struct pool *pool_of_cpu(unsigned cpu)
{
	struct credit_pool *credit = schedule_queues[cpu].pool;

	ASSERT_LOCKED(&pools_lock);
	return credit ? container_of(credit, struct pool, credit) : NULL;
}

/* One of no pool has let go of what it ran. */
static bool is_vacant(unsigned cpu)
{
	return !__atomic_load_n(&schedule_queues[cpu].current, __ATOMIC_ACQUIRE) &&
	       !__atomic_load_n(&cpu_of(cpu)->vcpu, __ATOMIC_ACQUIRE);
}

static void join(struct pool *p, unsigned cpu)
{
	cpu_mask_t before = p->credit.cpus;

	leaves[cpu] = NULL;
	credit_pool_add(&p->credit, cpu);
	place_all_anew(p, before);
	schedule_look(cpu);
}

static int leave(struct pool *p, unsigned cpu)
{
	cpu_mask_t before = p->credit.cpus;

	if ((before == BIT(cpu) && p->domains) || is_bound_to(p, cpu)) {
		return -EBUSY;
	}
	credit_pool_remove(&p->credit, cpu);
	place_all_anew(p, before);
	schedule_look(cpu);
	return 0;
}

/* POOL_ANY is the one that was leaving at the last call, or that with the highest number. */
static uint32_t which_of(const struct pool *p, uint32_t cpu)
{
	for (uint32_t i = 0; cpu == POOL_ANY && i < CPU_MAX; i++) {
		cpu = leaves[i] == p ? i : cpu;
	}
	return cpu == POOL_ANY && p->credit.cpus ? 63 - (uint32_t)__builtin_clzll(p->credit.cpus)
						 : cpu;
}

int pool_add_cpu(uint32_t id, uint32_t cpu)
{
	struct pool *p;
	int rc = 0;

	lock_acquire(&pools_lock);
	p = find(id);
	if (!p) {
		rc = -ENOENT;
	} else if (!cpu_mask_has(cpus_online(), cpu)) {
		rc = -EINVAL;
	} else if (pool_of_cpu(cpu) || !is_vacant(cpu)) {
		rc = -ENODEV;
	} else {
		join(p, cpu);
	}
	lock_release(&pools_lock);
	return rc;
}

static int remove_cpu(struct pool *p, uint32_t cpu)
{
	int rc;

	if (!cpu_mask_has(cpus_online(), cpu) || (p == &pools[0] && cpu == 0)) {
		return -EINVAL;
	}
	if (pool_of_cpu(cpu) != p && leaves[cpu] != p) {
		return -EADDRNOTAVAIL;
	}
	rc = pool_of_cpu(cpu) == p ? leave(p, cpu) : 0;
	if (rc) {
		return rc;
	}
	leaves[cpu] = is_vacant(cpu) ? NULL : p;
	return leaves[cpu] ? -ERESTART : 0;
}

int pool_remove_cpu(uint32_t id, uint32_t cpu)
{
	struct pool *p;
	int rc;

	lock_acquire(&pools_lock);
	p = find(id);
	rc = p ? remove_cpu(p, which_of(p, cpu)) : -ENOENT;
	lock_release(&pools_lock);
	return rc;
}

cpu_mask_t pool_free_cpus(void)
{
	cpu_mask_t cpus = 0;

	lock_acquire(&pools_lock);
	for (cpu_mask_t rest = cpus_online(); rest; rest &= rest - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(rest);

		cpus |= pool_of_cpu(cpu) ? 0 : BIT(cpu);
	}
	lock_release(&pools_lock);
	return cpus;
}

int pool_describe(uint32_t from, struct pool_info *info)
{
	uint32_t id = from;

	lock_acquire(&pools_lock);
	while (id < POOL_MAX && !pools[id].exists) {
		id++;
	}
	if (id < POOL_MAX) {
		*info = (struct pool_info){id, pools[id].domains, pools[id].credit.cpus};
	}
	lock_release(&pools_lock);
	return id < POOL_MAX ? 0 : -ENOENT;
}

/* --- Off line and back ---------------------------------------------------------------------- */

static void tell_state(uint32_t cpu, const char *state)
{
	log_info("CPU %u is %s line\n", cpu, state);
	notify_global_virq(VIRQ_PCPU_STATE);
}

int pool_take_off(uint32_t cpu)
{
	struct pool *p;
	bool was_online;
	int rc;

	if (!cpu_mask_has(cpus_started(), cpu) || cpu == 0) {
		return cpu == 0 ? -EOPNOTSUPP : -EINVAL;
	}
	lock_acquire(&pools_lock);
	was_online = cpu_mask_has(cpus_online(), cpu);
	p = pool_of_cpu(cpu);
	rc = p ? leave(p, cpu) : 0;
	if (rc == 0 && !is_vacant(cpu)) {
		rc = -ERESTART;
	}
	if (rc == 0 && was_online) {
		leaves[cpu] = NULL;
		cpus_set_online(cpu, false);
		irq_leave_cpu(cpu);
		schedule_look(cpu); /* at its timers, which it hands over */
	}
	lock_release(&pools_lock);
	if (rc == 0 && was_online) {
		tell_state(cpu, "off");
	}
	return rc;
}

int pool_bring_back(uint32_t cpu)
{
	bool was_online;

	if (!cpu_mask_has(cpus_started(), cpu)) {
		return -EINVAL;
	}
	lock_acquire(&pools_lock);
	was_online = cpu_mask_has(cpus_online(), cpu);
	if (!was_online) {
		cpus_set_online(cpu, true);
		join(&pools[0], cpu);
	}
	lock_release(&pools_lock);
	if (!was_online) {
		tell_state(cpu, "on");
	}
	return 0;
}
