/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU's queue of vCPUs that want to run: first come, first served. */
#include <sched/run_queue.h>

void run_queue_init(struct run_queue *q)
{
	lock_init(&q->lock, LOCK_RUN_QUEUE);
	q->first = NULL;
	q->last = &q->first;
	q->length = 0;
}

void run_queue_add(struct run_queue *q, struct vcpu_run *v)
{
	lock_acquire(&q->lock);
	if (!v->queued) {
		v->queued = true;
		v->next = NULL;
		*q->last = v;
		q->last = &v->next;
		q->length++;
	}
	lock_release(&q->lock);
}

struct vcpu_run *run_queue_take(struct run_queue *q)
{
	struct vcpu_run *v;

	lock_acquire(&q->lock);
	v = q->first;
	if (v) {
		v->queued = false;
		q->first = v->next;
		q->length--;
		if (!q->first) {
			q->last = &q->first;
		}
	}
	lock_release(&q->lock);
	return v;
}
