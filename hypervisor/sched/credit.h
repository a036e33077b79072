/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credit scheduling: who runs next on a CPU, and for how long. Pure: told the time, kicks nobody.
 */
#ifndef SCHED_CREDIT_H
#define SCHED_CREDIT_H

#include <lib/base.h>
#include <lib/lock.h>
#include <stdatomic.h>

/*
 * Domains share CPUs by weight; a domain's vCPUs that want to run share its weight. Each vCPU has
 * an account of what it has spent: the time it ran, divided by its share. The one that has spent
 * least runs next, so that over time all spend alike: that is the share. Who sleeps does not spend
 * and has credit when it wakes, up to CREDIT_SAVED: it goes before those who computed meanwhile,
 * at once (the boost), but cannot save up for more than that.
 *
 * Who comes out of a pause, or is new, has waited for nothing: it does not go before who runs.
 *
 *	asleep -- credit_wake(), credit_resume() --> waiting -- credit_choose() --> running
 *	running -- credit_choose(…, wish) --> waiting, or asleep
 *
 * A cap is a percentage of one CPU: a budget that fills at this rate up to CREDIT_CAP_PERIOD's
 * worth, and that running takes from. While it is empty the domain's vCPUs are passed over.
 *
 * Balancing: a CPU takes from another's queue the vCPU that waits there and has spent less than
 * whom it would run itself, if the affinity allows; a CPU with nothing to run takes any. Hard
 * affinity says where a vCPU may run; soft affinity where it is put when it wakes and may choose.
 *
 * CPUs are divided into pools, and each vCPU is of one: it runs on CPUs of its pool only. Hard
 * affinity to none of these rests until one of its CPUs is there. A CPU of no pool runs nothing.
 */
#define CREDIT_SAVED	  UINT64_C(5000000) /* ns of credit that sleep can save */
#define CREDIT_CAP_PERIOD UINT64_C(10000000)
#define CREDIT_WEIGHT	  256 /* the usual */

/* What a domain embeds. */
struct credit_domain {
	_Atomic uint32_t weight;   /* 1 … 65535 */
	_Atomic uint32_t cap;	   /* percent of one CPU, 0: none */
	_Atomic uint32_t runnable; /* its vCPUs that wait or run */
	_Atomic int64_t budget;	   /* capped: ns it may run now */
	_Atomic uint64_t filled;   /* when the budget was filled last */
};

/* What a vCPU embeds. Guarded by the lock of its CPU's queue. */
struct credit_vcpu {
	struct credit_domain *domain;
	struct credit_pool *_Atomic pool;
	struct credit_vcpu *next; /* waiting */
	_Atomic unsigned cpu;	  /* whose queue guards it; changes with that lock held */
	enum { CREDIT_ASLEEP, CREDIT_WAKING, CREDIT_WAITING, CREDIT_RUNNING } state;
	uint64_t spent;
	uint64_t woke;	  /* when it last began to wait after a sleep */
	uint64_t stopped; /* when it last ran */
	cpu_mask_t hard, soft;
};

/* A CPU's queue. */
struct credit_queue {
	struct lock lock;
	unsigned cpu;
	struct credit_pool *pool;    /* null: none */
	struct credit_vcpu *first;   /* waiting, who has spent least first */
	struct credit_vcpu *current; /* null: idle */
	uint64_t started;	     /* when current was chosen, */
	uint64_t charged;	     /* and until when it has paid */
	uint64_t idle;		     /* ns without a current one, up to `charged` */
	uint64_t floor;		     /* what the last one chosen had spent */
	_Atomic uint64_t least;	     /* what `first` has spent, UINT64_MAX: nobody waits */
};

/* CPUs that share the work. The times may be changed while they do. A pool is there for good. */
struct credit_pool {
	struct credit_queue *queues; /* one for each CPU of the machine: the same for all pools */
	_Atomic cpu_mask_t cpus;     /* its own; a bit changes with that CPU's queue locked */
	_Atomic uint64_t slice;	     /* ns that one runs while others wait */
	_Atomic uint64_t ratelimit;  /* ns that it runs at least, so that not all is switching */
	_Atomic uint64_t migration_delay; /* ns after it ran until another CPU may take it */
};

void credit_domain_init(struct credit_domain *d);
void credit_vcpu_init(struct credit_vcpu *v, struct credit_domain *d, struct credit_pool *pool);
void credit_queue_init(struct credit_queue *q, unsigned cpu);

/*
 * A CPU joins a pool, or leaves its own. Whose pool it is has its affinity set anew then (below),
 * as it was: nobody is left waiting where he may not run. A pool that vCPUs are of keeps one CPU.
 */
void credit_pool_add(struct credit_pool *pool, unsigned cpu);
void credit_pool_remove(struct credit_pool *pool, unsigned cpu);

/* Takes effect from now on. */
void credit_domain_set(struct credit_domain *d, uint32_t weight, uint32_t cap, uint64_t now);

/*
 * Of which pool it is, and where it may run and should; the value is the CPU that should choose
 * anew, or CPU_MAX.
 */
unsigned credit_set_affinity(struct credit_vcpu *v, struct credit_pool *pool, cpu_mask_t hard,
			     cpu_mask_t soft, uint64_t now);

/*
 * It wants to run; nothing, if it does already. The value is the CPU that should choose anew, or
 * CPU_MAX.
 */
unsigned credit_wake(struct credit_vcpu *v, uint64_t now);

/* The same after a pause, or for the first time: without the credit of one that slept. */
unsigned credit_resume(struct credit_vcpu *v, uint64_t now);

/* What the current vCPU wants: to sleep, to run on, or to run after one that waits. */
enum credit_wish { CREDIT_SLEEPS, CREDIT_GOES_ON, CREDIT_YIELDS };

struct credit_turn {
	struct credit_vcpu *vcpu; /* null: nobody */
	uint64_t until;		  /* the CPU chooses anew then, at the latest */
	unsigned kick; /* a CPU without work that should take who waits here, or CPU_MAX */
};

/*
 * The CPU's turn: its current vCPU pays, another or the same runs now. One that may not run here
 * any more is put to sleep whatever it wishes, to be woken on another CPU.
 */
struct credit_turn credit_choose(struct credit_queue *q, enum credit_wish wish, uint64_t now);

/* Where it may run. */
static inline cpu_mask_t credit_cpus_of(const struct credit_vcpu *v)
{
	const struct credit_pool *pool = atomic_load_explicit(&v->pool, memory_order_relaxed);
	cpu_mask_t cpus = atomic_load_explicit(&pool->cpus, memory_order_relaxed);

	return likely(v->hard & cpus) ? v->hard & cpus : cpus;
}

static inline bool credit_may_run_on(const struct credit_vcpu *v, unsigned cpu)
{
	return credit_cpus_of(v) >> cpu & 1;
}

/* Glances: true at some moment. */
static inline bool credit_runs(const struct credit_vcpu *v)
{
	return __atomic_load_n(&v->state, __ATOMIC_RELAXED) == CREDIT_RUNNING;
}

static inline bool credit_sleeps(const struct credit_vcpu *v)
{
	return __atomic_load_n(&v->state, __ATOMIC_RELAXED) == CREDIT_ASLEEP;
}

static inline bool credit_has_pool(const struct credit_queue *q)
{
	return __atomic_load_n(&q->pool, __ATOMIC_RELAXED) != NULL;
}

/* Somebody waits in this queue. */
static inline bool credit_has_waiting(const struct credit_queue *q)
{
	return atomic_load_explicit(&q->least, memory_order_relaxed) != UINT64_MAX;
}

/* How long the CPU has had nothing to run. */
uint64_t credit_idle_time(struct credit_queue *q, uint64_t now);

/* It neither waits nor runs any more: before it is taken down. Not for one that runs. */
void credit_remove(struct credit_vcpu *v);

#endif
