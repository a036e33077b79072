/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processors and a domain in pools of their own: who may be where, and that nobody runs elsewhere.
 * run: mem=256 smp=4 timeout=300 hv="dom0_max_vcpus=4"
 */
#include "child.h"
#include "processors.h"

#define ANY	XEN_SYSCTL_CPUPOOL_PAR_ANY
#define NO_POOL 1000000 /* beyond all numbers */

static uint32_t scheduler;
static struct child child;

static void child_main(struct child_letter *letter)
{
	for (;;) {
		letter->state++;
	}
}

/* --- Asking and setting -------------------------------------------------------------------- */

static struct xen_sysctl op;
static uint64_t cpus; /* that INFO and FREEINFO told */

static long pool_op(uint32_t what, uint32_t pool, uint32_t cpu, uint32_t domid)
{
	struct xen_sysctl_cpupool_op *p = &op.u.cpupool_op;

	memset(&op, 0, sizeof(op));
	p->op = what;
	p->cpupool_id = pool;
	p->sched_id = scheduler;
	p->cpu = cpu;
	p->domid = domid;
	p->cpumap.bitmap.p = (void *)&cpus;
	p->cpumap.nr_bits = 64;
	return processors_sysctl(XEN_SYSCTL_cpupool_op, &op);
}

static long add_cpu(uint32_t pool, uint32_t cpu)
{
	return pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, pool, cpu, 0);
}

/* On Debian's Xen it has to be asked for until it is done. */
static long remove_cpu(uint32_t pool, uint32_t cpu)
{
	long rc;

	do {
		rc = pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, pool, cpu, 0);
	} while (rc == -XEN_EAGAIN);
	return rc;
}

static long move(uint32_t domid, uint32_t pool)
{
	return pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, pool, 0, domid);
}

static uint64_t cpus_of(uint32_t pool)
{
	return pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, pool, 0, 0) ? 0 : cpus;
}

static uint64_t free_cpus(void)
{
	return pool_op(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, 0, 0) ? 0 : cpus;
}

static uint64_t ran(domid_t domain)
{
	struct xen_domctl_getdomaininfo info;

	return pv_domain_info(domain, &info) ? 0 : info.cpu_time;
}

/* The child runs on for a while, and only ever on these. */
static bool stays_on(uint64_t where)
{
	uint64_t before = ran(child.id);
	unsigned int rounds = 0;
	bool stays = true;

	do {
		stays &= where >> processor_of(child.id, 0) & 1;
	} while ((ran(child.id) < before + 10000000 || rounds < 5) && child_wait(&rounds));
	return stays && ran(child.id) > before;
}

/* --- Checks -------------------------------------------------------------------------------- */

static void check_first(void)
{
	is(cpus_of(0), 15, "all processors are in the first pool");
	is(op.u.cpupool_op.n_dom, 2, "and so are both domains");
	is(free_cpus(), 0, "none is free");
	is(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 1, 0, 0), -XEN_ENOENT, "there is no other");
	is(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0, 0, 0), -XEN_EBUSY, "the first stays");
	is(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 7, 0, 0), -XEN_ENOENT, "another is not there");
	is(pool_op(1000, 0, 0, 0), -XEN_ENOSYS, "there is no such operation");
	is(add_cpu(0, 1), -XEN_ENODEV, "a processor of a pool is not free");
	is(add_cpu(0, 100), -XEN_EINVAL, "one that is not there cannot be added");
	is(remove_cpu(0, 0), -XEN_EINVAL, "the first processor stays in the first pool");
	is(remove_cpu(7, 1), -XEN_ENOENT, "nor be taken from a pool that is not there");
	is(move(child.id, 7), -XEN_ENOENT, "and nobody moves there");
	is(move(0, 0), -XEN_EPERM, "who asks does not move itself");
	is(move(999, 0), -XEN_ESRCH, "nor somebody who does not exist");
}

static void check_making(void)
{
	is(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, ANY, 0, 0), 0, "a pool is made");
	is(op.u.cpupool_op.cpupool_id, 1, "it is the second");
	is(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 1, 0, 0), -XEN_EEXIST, "there is one of it");
	is(cpus_of(1), 0, "it is empty");
	is(op.u.cpupool_op.n_dom, 0, "in both ways");
	is(move(child.id, 1), -XEN_ENOENT, "where is no processor nobody moves");
	is(remove_cpu(0, 3), 0, "a processor is taken from the first");
	is(free_cpus(), 8, "and is free");
	is(remove_cpu(0, 3), -XEN_EADDRNOTAVAIL, "it cannot be taken twice");
	is(add_cpu(1, 3), 0, "the second gets it");
	is(cpus_of(0), 7, "the first has three");
	is(cpus_of(1), 8, "the second has one");
	is(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0, 0), -XEN_EBUSY, "so it is in use");
	is(set_hard(1, 8), -XEN_EINVAL, "who is in the first cannot be put on it");
}

static void check_moving(void)
{
	is(child_run(&child), 0, "a domain runs");
	ok(stays_on(7), "in the first pool");
	is(move(child.id, 1), 0, "it moves to the second");
	ok(stays_on(8), "and runs there alone");
	is(cpus_of(1), 8, "the pool has its processor");
	is(op.u.cpupool_op.n_dom, 1, "and a domain");
	is(remove_cpu(1, 3), -XEN_EBUSY, "which keeps the processor");
	is(remove_cpu(0, 2) | add_cpu(1, 2), 0, "it gets another one");
	is(remove_cpu(1, 3), 0, "and gives the first back");
	ok(stays_on(4), "the domain runs on the other");
	is(move(child.id, 0), 0, "and moves back");
	ok(stays_on(3), "to where it began");
	is(remove_cpu(1, ANY), 0, "any processor is taken from the second");
	is(free_cpus(), 12, "two are free");
	is(add_cpu(0, ANY), 0, "any is given to the first");
	is(cpus_of(0), 7, "which is that with the lowest number");
	is(add_cpu(0, 3), 0, "the last too");
	is(remove_cpu(0, ANY), 0, "any is taken from the first");
	is(free_cpus(), 8, "which is that with the highest, and no other");
	is(add_cpu(0, 3), 0, "it comes back");
}

static long schedule_op(uint32_t cmd, uint32_t pool, uint32_t tslice)
{
	struct xen_sysctl_scheduler_op *s = &op.u.scheduler_op;

	memset(&op, 0, sizeof(op));
	s->cpupool_id = pool;
	s->sched_id = scheduler;
	s->cmd = cmd;
	s->u.sched_credit = (struct xen_sysctl_credit_schedule){tslice, 1000, 0};
	return processors_sysctl(XEN_SYSCTL_scheduler_op, &op);
}

static uint32_t slice_of(uint32_t pool)
{
	return schedule_op(XEN_SYSCTL_SCHEDOP_getinfo, pool, 0)
		       ? 0
		       : op.u.scheduler_op.u.sched_credit.tslice_ms;
}

static void check_parameters(void)
{
	if (scheduler != XEN_SCHEDULER_CREDIT) {
		return; /* it has no slices */
	}
	is(schedule_op(XEN_SYSCTL_SCHEDOP_putinfo, 1, 10), 0, "the second has shorter slices");
	is(slice_of(1), 10, "as it says");
	is(slice_of(0), 30, "those of the first are as they were");
	is(schedule_op(XEN_SYSCTL_SCHEDOP_getinfo, 7, 0), -XEN_ESRCH, "no pool, no slices");
}

/* --- At random ----------------------------------------------------------------------------- */

static uint64_t seed = 4711;

static uint64_t random(void)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return seed >> 33;
}

/* One thing, and that it is refused exactly where it has to be. */
static bool change(uint64_t pools[2], unsigned int *home)
{
	uint32_t cpu = (uint32_t)random() % 4, pool = (uint32_t)random() % 2;
	uint64_t bit = 1UL << cpu;
	bool last = pools[pool] == bit && *home == pool;
	long expected;

	switch (random() % 3) {
	case 0:
		expected = !cpu && !pool	  ? -XEN_EINVAL
			   : !(pools[pool] & bit) ? -XEN_EADDRNOTAVAIL
			   : last		  ? -XEN_EBUSY
						  : 0;
		pools[pool] &= expected ? UINT64_MAX : ~bit;
		return remove_cpu(pool, cpu) == expected;
	case 1:
		expected = (pools[0] | pools[1]) & bit ? -XEN_ENODEV : 0;
		pools[pool] |= expected ? 0 : bit;
		return add_cpu(pool, cpu) == expected;
	default:
		expected = pools[pool] ? 0 : -XEN_ENOENT;
		*home = expected ? *home : pool;
		return move(child.id, pool) == expected;
	}
}

static void check_random(void)
{
	uint64_t pools[2] = {15, 0};
	unsigned int home = 0, wrong = 0, still = 0, astray = 0;
	unsigned int rounds = on_parvus() ? 200 : 21; /* Debian's Xen may take a second for each */

	smp_run(1, spin);
	smp_run(2, sleep_and_flush);
	for (unsigned int round = 0; round < rounds; round++) {
		wrong += !change(pools, &home);
		still += !moves(1 + round % 2);
		if (round % 20 == 0) {
			wrong += cpus_of(0) != pools[0] || cpus_of(1) != pools[1] ||
				 free_cpus() != (15 & ~pools[0] & ~pools[1]);
			astray += !stays_on(pools[home]) || !(pools[0] >> processor_of(0, 0) & 1);
		}
	}
	is(wrong, 0, "%u changes of pools go as they should", rounds);
	is(still, 0, "everybody runs on");
	is(astray, 0, "and only in the own pool");
	smp_stop(1);
	smp_stop(2);
	is(move(child.id, 0), 0, "the domain goes home");
	for (uint32_t cpu = 0; cpu < 4; cpu++) {
		remove_cpu(1, cpu);
	}
}

static void check_end(void)
{
	is(cpus_of(1), 0, "no processor is left");
	is(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0, 0), 0, "the second pool is dissolved");
	is(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 1, 0, 0), -XEN_ENOENT, "and is no more");
	is(child_destroy(&child), 0, "and so is the domain");
}

static void guest_main(void)
{
	is(smp_start(), 0, "all vCPUs are initialised");
	is(processors_sysctl(XEN_SYSCTL_sched_id, &op), 0, "the scheduler has a number");
	scheduler = op.u.sched_id.sched_id;
	is(child_build(&child, 0), 0, "there is a domain");
	check_first();
	check_making();
	check_moving();
	check_parameters();
	check_random();
	check_end();
}
