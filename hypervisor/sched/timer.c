/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers: a pairing heap of deadlines per CPU. */
#include <sched/timer.h>

/* Two heaps into one; either may be null. The later root becomes the first child of the earlier. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	struct timer *first;
	struct timer *second;

	if (!a || !b) {
		return a ? a : b;
	}
	first = b->deadline < a->deadline ? b : a;
	second = first == a ? b : a;
	second->sibling = first->child;
	if (second->sibling) {
		second->sibling->prev = second;
	}
	second->prev = first;
	first->child = second;
	return first;
}

/* The heaps in a list of siblings into one: in pairs from the left, the pairs from the right. */
static struct timer *meld_all(struct timer *list)
{
	struct timer *pairs = NULL;
	struct timer *all = NULL;

	while (list) {
		struct timer *a = list;
		struct timer *b = a->sibling;

		list = b ? b->sibling : NULL;
		a->sibling = NULL;
		if (b) {
			b->sibling = NULL;
		}
		a = meld(a, b);
		a->sibling = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *next = pairs->sibling;

		pairs->sibling = NULL;
		all = meld(all, pairs);
		pairs = next;
	}
	if (all) {
		all->prev = NULL;
	}
	return all;
}

static void publish_first(struct timer_queue *queue)
{
	atomic_store_explicit(&queue->next_deadline,
			      queue->first ? queue->first->deadline : TIMER_NEVER,
			      memory_order_relaxed);
}

static void take_out(struct timer_queue *queue, struct timer *timer)
{
	struct timer *rest = meld_all(timer->child);

	if (timer == queue->first) {
		queue->first = rest;
	} else {
		if (timer->prev->child == timer) {
			timer->prev->child = timer->sibling;
		} else {
			timer->prev->sibling = timer->sibling;
		}
		if (timer->sibling) {
			timer->sibling->prev = timer->prev;
		}
		queue->first = meld(queue->first, rest);
	}
	timer->child = timer->sibling = timer->prev = NULL;
	atomic_store_explicit(&timer->queue, NULL, memory_order_release);
	publish_first(queue);
}

void timer_queue_init(struct timer_queue *queue)
{
	*queue = (struct timer_queue){.lock = LOCK_INIT(LOCK_TIMERS), .next_deadline = TIMER_NEVER};
}

void timer_init(struct timer *timer, enum timer_kind kind)
{
	*timer = (struct timer){.kind = (uint8_t)kind};
}

/* Claims the timer for the queue, whose lock is held; from another queue it is taken out first. */
static void claim(struct timer_queue *queue, struct timer *timer)
{
	struct timer_queue *was = NULL;

	while (!atomic_compare_exchange_strong(&timer->queue, &was, queue)) {
		if (was == queue) {
			take_out(queue, timer);
		} else {
			lock_release(&queue->lock);
			timer_cancel(timer);
			lock_acquire(&queue->lock);
		}
		was = NULL;
	}
}

/* Nothing has to come after it, and it still comes after what it came after. */
static bool stays_in_place(const struct timer_queue *queue, const struct timer *timer,
			   uint64_t deadline)
{
	return atomic_load_explicit(&timer->queue, memory_order_relaxed) == queue &&
	       !timer->child && (deadline >= timer->deadline || queue->first == timer);
}

bool timer_set(struct timer_queue *queue, struct timer *timer, uint64_t deadline)
{
	bool is_first;

	lock_acquire(&queue->lock);
	if (stays_in_place(queue, timer, deadline)) {
		timer->deadline = deadline;
	} else {
		claim(queue, timer);
		timer->deadline = deadline;
		queue->first = meld(queue->first, timer);
	}
	publish_first(queue);
	is_first = queue->first == timer;
	lock_release(&queue->lock);
	return is_first;
}

void timer_cancel(struct timer *timer)
{
	struct timer_queue *queue = atomic_load_explicit(&timer->queue, memory_order_acquire);

	if (!queue) {
		return;
	}
	lock_acquire(&queue->lock);
	if (atomic_load_explicit(&timer->queue, memory_order_relaxed) == queue) {
		take_out(queue, timer);
	}
	lock_release(&queue->lock);
}

/* A handler that was at work may have set it again. */
void timer_destroy(struct timer *timer)
{
	do {
		timer_cancel(timer);
		while (atomic_load_explicit(&timer->handlers, memory_order_acquire)) {
			cpu_relax();
		}
	} while (timer_is_set(timer));
}

/* None is unset in between, so whoever sets or cancels one finds it in this queue or that. */
void timer_queue_hand_over(struct timer_queue *from, struct timer_queue *to)
{
	struct timer *timer;

	lock_acquire(&to->lock);
	lock_acquire(&from->lock);
	while ((timer = from->first)) {
		from->first = meld_all(timer->child);
		timer->child = NULL;
		atomic_store_explicit(&timer->queue, to, memory_order_release);
		to->first = meld(to->first, timer);
	}
	publish_first(from);
	publish_first(to);
	lock_release(&from->lock);
	lock_release(&to->lock);
}

struct timer *timer_expire(struct timer_queue *queue, uint64_t now)
{
	struct timer *timer;

	if (queue->running) {
		atomic_fetch_sub_explicit(&queue->running->handlers, 1, memory_order_release);
		queue->running = NULL;
	}
	if (timer_next_deadline(queue) > now) {
		return NULL;
	}
	lock_acquire(&queue->lock);
	timer = queue->first;
	if (timer && timer->deadline <= now) {
		atomic_fetch_add_explicit(&timer->handlers, 1, memory_order_relaxed);
		queue->running = timer;
		take_out(queue, timer);
	} else {
		timer = NULL;
	}
	lock_release(&queue->lock);
	return timer;
}
