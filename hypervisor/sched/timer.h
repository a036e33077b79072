/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers: a heap of deadlines per CPU. Pure: it is told the time and arms no hardware. */
#ifndef SCHED_TIMER_H
#define SCHED_TIMER_H

#include <lib/base.h>
#include <lib/lock.h>
#include <stdatomic.h>

/* What a timer is for: whoever calls timer_expire() dispatches on it, and on container_of(). */
enum timer_kind {
	TIMER_SINGLESHOT, /* vcpu.singleshot */
	TIMER_PERIODIC,	  /* vcpu.periodic */
	TIMER_POLL,	  /* vcpu.poll_timer */
	TIMER_WATCHDOG,	  /* a domain's watchdog */
	TIMER_SLICE,	  /* the end of the running vCPU's time slice */
	TIMER_CREDIT,	  /* credits are handed out */
	TIMER_CLOCK,	  /* the time base is corrected */
};

/*
 * A timer is in at most one queue and expires on that queue's CPU. It may be set and cancelled from
 * any CPU, its own handler included; where two set it at once, one of them wins. `queue` changes
 * from null with the new queue's lock held, to null with the old one's. The heap is a pairing heap:
 * it lives in the timers themselves, so setting one never needs memory and cannot fail.
 */
struct timer {
	uint64_t deadline;		      /* nanoseconds, as now() */
	struct timer_queue *_Atomic queue;    /* null: not set */
	struct timer *child, *sibling, *prev; /* prev: the elder sibling or the parent */
	uint8_t kind;
	_Atomic uint8_t handlers; /* CPUs that are running its handler */
};

struct timer_queue {
	struct lock lock;
	struct timer *first;		/* the earliest */
	_Atomic uint64_t next_deadline; /* its deadline, TIMER_NEVER if there is none */
	struct timer *running; /* for its CPU alone: expired, the handler is not back yet */
};

#define TIMER_NEVER UINT64_MAX

void timer_queue_init(struct timer_queue *queue);
void timer_init(struct timer *timer, enum timer_kind kind);

/* (Re)sets it; true: it is the first of its queue now, so the queue's CPU has to arm anew. */
bool timer_set(struct timer_queue *queue, struct timer *timer, uint64_t deadline);

/* Takes it out of its queue. Its handler may be at work this moment, on another CPU. */
void timer_cancel(struct timer *timer);

/* The same, and waits for handlers: before the memory goes. Not in a handler, nor with a lock. */
void timer_destroy(struct timer *timer);

/*
 * All that are set in `from` are set in `to` instead, whose CPU has to arm anew. Not if a CPU with
 * a lower number gives to one with a higher.
 */
void timer_queue_hand_over(struct timer_queue *from, struct timer_queue *to);

static inline bool timer_is_set(const struct timer *timer)
{
	return atomic_load_explicit(&timer->queue, memory_order_relaxed) != NULL;
}

/*
 * The next timer that is due, out of the queue now, or null. The caller runs its handler, without
 * the queue's lock, and calls again; the last call's null arms the hardware for next_deadline.
 */
struct timer *timer_expire(struct timer_queue *queue, uint64_t now);

static inline uint64_t timer_next_deadline(const struct timer_queue *queue)
{
	return atomic_load_explicit(&queue->next_deadline, memory_order_relaxed);
}

#endif
