/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which vCPU runs on a CPU, and the timers that wake it. */
#ifndef DOMAIN_SCHEDULE_H
#define DOMAIN_SCHEDULE_H

#include <domain/domain.h>

void schedule_init_cpu(unsigned cpu);

/* Nanoseconds each, of all CPUs; changed at any time (sched/credit.h says what they are). */
struct schedule_times {
	uint64_t slice, ratelimit, migration_delay;
};

struct schedule_times schedule_times(void);
void schedule_set_times(const struct schedule_times *times);

void schedule_enqueue(struct vcpu *v); /* it is runnable: it gets its turn on a CPU */
void schedule_resume(struct vcpu *v);  /* the same, but it has not slept until now */
void schedule_stop(struct vcpu *v);    /* a flag forbids it to run: its CPU chooses another */
void schedule_kick(struct vcpu *v);    /* if it runs on another CPU, it looks at its events */
void schedule_forget(struct vcpu *v);  /* one that does not run never will again */
void schedule_yield(void);	       /* the current vCPU goes behind all that wait here */

/* Where it may run (some CPU of it is on line), and where it should if it can. */
void schedule_set_affinity(struct vcpu *v, cpu_mask_t hard, cpu_mask_t soft);

uint64_t schedule_idle_time(unsigned cpu); /* ns without anything to run */
void schedule_print_queue(unsigned cpu);   /* for the debug key */

/*
 * For who looks at everything: the other CPUs hold no lock and change nothing in between. False:
 * they did not come to it in time, or somebody else does it.
 */
bool schedule_stop_others(void);
void schedule_start_others(void);

/* The timer's interrupt comes on the CPU of `v`. */
void schedule_set_timer(struct vcpu *v, struct timer *timer, uint64_t deadline);

#endif
