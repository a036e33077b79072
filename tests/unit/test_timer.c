/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers: a queue against a plain list of deadlines, over random sets, cancels and expiries. */
#include "tap.h"

#include <sched/timer.h>

#define TIMERS 200
#define QUEUES 3

static struct timer timers[TIMERS];
static struct timer_queue queues[QUEUES];

/* The model: where each timer is (-1: nowhere) and when it is due. */
static int where[TIMERS];
static uint64_t due[TIMERS];

static uint64_t model_next(int queue)
{
	uint64_t next = TIMER_NEVER;

	for (int i = 0; i < TIMERS; i++) {
		if (where[i] == queue && due[i] < next) {
			next = due[i];
		}
	}
	return next;
}

/* All that are due come out, earliest first, and nothing else. */
static bool expire_all(int queue, uint64_t now)
{
	uint64_t last = 0;
	struct timer *t;

	while ((t = timer_expire(&queues[queue], now))) {
		size_t i = (size_t)(t - timers);

		if (where[i] != queue || due[i] > now || due[i] < last || timer_is_set(t)) {
			return false;
		}
		last = due[i];
		where[i] = -1;
	}
	return model_next(queue) > now;
}

static bool step(uint64_t *seed, uint64_t *now)
{
	size_t i = tap_random(seed) % TIMERS;
	int q = (int)(tap_random(seed) % QUEUES);
	bool is_first;

	switch (tap_random(seed) % 9) {
	case 0:
		timer_cancel(&timers[i]);
		where[i] = -1;
		return !timer_is_set(&timers[i]);
	case 1:
		*now += tap_random(seed) % 300;
		return expire_all(q, *now);
	case 2:
		timer_destroy(&timers[i]);
		where[i] = -1;
		return !timer_is_set(&timers[i]);
	case 3: /* all of one queue to one with a lower number */
		if (q) {
			timer_queue_hand_over(&queues[q], &queues[q - 1]);
			for (int t = 0; t < TIMERS; t++) {
				where[t] -= where[t] == q;
			}
		}
		return timer_next_deadline(&queues[q]) == model_next(q) &&
		       (!q || timer_next_deadline(&queues[q - 1]) == model_next(q - 1));
	default:
		due[i] = *now + tap_random(seed) % 5000;
		is_first = timer_set(&queues[q], &timers[i], due[i]);
		where[i] = -1;
		/* Of equal deadlines either may be the first. */
		if (is_first ? due[i] > model_next(q) : due[i] < model_next(q)) {
			return false;
		}
		where[i] = q;
		return timer_is_set(&timers[i]);
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);
	uint64_t now = 1000;
	bool good = true;
	long wanted = tap_steps(100000);
	long steps;

	for (int i = 0; i < QUEUES; i++) {
		timer_queue_init(&queues[i]);
	}
	for (int i = 0; i < TIMERS; i++) {
		timer_init(&timers[i], TIMER_SINGLESHOT);
		where[i] = -1;
	}
	ok(timer_next_deadline(&queues[0]) == TIMER_NEVER, "an empty queue is never due");
	ok(timer_expire(&queues[0], UINT64_MAX - 1) == NULL, "and expires nothing");
	for (steps = 0; steps < wanted && good; steps++) {
		good = step(&seed, &now);
		for (int q = 0; q < QUEUES; q++) {
			good = good && timer_next_deadline(&queues[q]) == model_next(q);
		}
	}
	ok(good, "%ld random steps agree with the model (the last one: %ld)", wanted, steps);
	for (int q = 0; q < QUEUES; q++) {
		ok(expire_all(q, UINT64_MAX - 1), "queue %d empties in order", q);
		ok(timer_next_deadline(&queues[q]) == TIMER_NEVER, "and is empty");
	}
	return done_testing();
}
