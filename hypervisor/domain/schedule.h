/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which vCPU runs on a CPU, and the timers that wake it. */
#ifndef DOMAIN_SCHEDULE_H
#define DOMAIN_SCHEDULE_H

#include <domain/domain.h>

extern struct credit_queue schedule_queues[CPU_MAX];

void schedule_init_cpu(unsigned cpu);

/* The CPU has joined or left a pool, or is off line: it looks at whom it runs, and its timers. */
void schedule_look(unsigned cpu);

void schedule_enqueue(struct vcpu *v); /* it is runnable: it gets its turn on a CPU */
void schedule_resume(struct vcpu *v);  /* the same, but it has not slept until now */
void schedule_stop(struct vcpu *v);    /* a flag forbids it to run: its CPU chooses another */
void schedule_kick(struct vcpu *v);    /* if it runs on another CPU, it looks at its events */
void schedule_forget(struct vcpu *v);  /* one that does not run never will again */
void schedule_yield(void);	       /* the current vCPU goes behind all that wait here */

/* Of which pool it is, where it may run (credit.h), and where it should if it can. */
void schedule_set_affinity(struct vcpu *v, struct credit_pool *pool, cpu_mask_t hard,
			   cpu_mask_t soft);

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
