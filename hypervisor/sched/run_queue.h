/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU's queue of vCPUs that want to run. Pure: it is told the time and kicks nobody. */
#ifndef SCHED_RUN_QUEUE_H
#define SCHED_RUN_QUEUE_H

#include <lib/base.h>
#include <lib/lock.h>

/* What a vCPU embeds. Guarded by the lock of the queue it is in. */
struct vcpu_run {
	struct vcpu_run *next;
	unsigned cpu; /* whose queue it uses */
	bool queued;
};

struct run_queue {
	struct lock lock;
	struct vcpu_run *first, **last;
	unsigned length;
};

void run_queue_init(struct run_queue *q);
void run_queue_add(struct run_queue *q, struct vcpu_run *v); /* nothing, if it is in there */
struct vcpu_run *run_queue_take(struct run_queue *q);	     /* the first, or null */

#endif
