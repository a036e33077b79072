/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of CPUs: which CPUs and which domains are of which, and CPUs that are taken off line. */
#ifndef DOMAIN_POOL_H
#define DOMAIN_POOL_H

#include <domain/domain.h>

/*
 *	of a pool -- pool_remove_cpu() --> free -- pool_add_cpu() --> of a pool
 *	of a pool, or free -- pool_take_off() --> off line -- pool_bring_back() --> of pool 0
 *
 * A CPU of no pool runs no vCPU: it idles, and still answers when others want something flushed or
 * a vCPU's registers. One that is off line has no timers and no devices' interrupts besides, and is
 * not counted. So nothing has to be started to bring it back, and it is never too late to ask it.
 *
 * Pool 0 is always there, with CPU 0, which looks after the clock and is always on line. A pool
 * that domains are of has at least one CPU.
 */
#define POOL_MAX CPU_MAX
#define POOL_ANY UINT32_MAX /* for pool_create() and pool_remove_cpu(): they choose */

struct pool {
	struct credit_pool credit;
	bool exists;		  /* guarded by the lock of the pools */
	_Atomic unsigned domains; /* created and not yet freed; grows with that lock held */
};

/* Nanoseconds each (sched/credit.h says what they are). */
struct pool_times {
	uint64_t slice, ratelimit, migration_delay;
};

void pool_init(const struct pool_times *usual); /* of each pool when it is created */
void pool_start_cpu(unsigned cpu);		/* at start-up: of pool 0 from now on */

int pool_times(uint32_t id, struct pool_times *times); /* -ESRCH: no such pool */
int pool_set_times(uint32_t id, const struct pool_times *times);

/*
 * An empty one, with the number asked for or any; *id is the number. -EEXIST; -EINVAL: no such
 * number can be; -ENOSPC.
 */
int pool_create(uint32_t *id);
int pool_destroy(uint32_t id); /* -ENOENT; -EBUSY: it has CPUs or domains, or is pool 0 */

/* -ENOENT: no such pool; -EINVAL: no such CPU; -ENODEV: it is not free. */
int pool_add_cpu(uint32_t id, uint32_t cpu);

/*
 * -ERESTART: to be called again until the CPU has let go of what it ran. -EINVAL: no such CPU, or
 * the first of the first; -EADDRNOTAVAIL: it is not of this pool; -EBUSY: it is the last that
 * domains have, or a vCPU is bound to it.
 */
int pool_remove_cpu(uint32_t id, uint32_t cpu);

/*
 * -ERESTART: to be called again until nothing of it runs elsewhere. -ENOENT: no such pool, or it
 * has no CPU; -EBUSY: a vCPU is bound to a CPU.
 */
int pool_move_domain(uint32_t id, struct domain *d);

/* A domain that is being created is counted; null: no such pool, or it has no CPU. */
struct pool *pool_enter(uint32_t id);
void pool_leave(struct pool *pool);

uint32_t pool_id(const struct domain *d);

struct pool_info {
	uint32_t id, domains;
	cpu_mask_t cpus;
};

int pool_describe(uint32_t from, struct pool_info *info); /* the next one; -ENOENT */
cpu_mask_t pool_free_cpus(void);

/*
 * Nothing to do is no error. -EINVAL: there is no such CPU; -EOPNOTSUPP: it is the first; -ERESTART
 * and -EBUSY as of pool_remove_cpu().
 */
int pool_take_off(uint32_t cpu);
int pool_bring_back(uint32_t cpu);

#endif
