/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which vCPU runs on a CPU, and the timers that wake it. */
#ifndef DOMAIN_SCHEDULE_H
#define DOMAIN_SCHEDULE_H

#include <domain/domain.h>

void schedule_init_cpu(unsigned cpu);

void schedule_enqueue(struct vcpu *v); /* it is runnable: it gets its turn on its CPU */
void schedule_yield(void);	       /* the current vCPU goes behind all that wait */

/* The timer's interrupt comes on the CPU of `v`. */
void schedule_set_timer(struct vcpu *v, struct timer *timer, uint64_t deadline);

#endif
