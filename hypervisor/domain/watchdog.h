/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watchdogs that a domain sets for itself: one that is not set again in time shuts it down. */
#ifndef DOMAIN_WATCHDOG_H
#define DOMAIN_WATCHDOG_H

#include <lib/base.h>
#include <sched/timer.h>

struct domain;

#define WATCHDOGS 2 /* of a domain */

/* Guarded by the domain's lock. */
struct watchdog {
	struct domain *domain;
	struct timer timer;
	bool used;
};

void watchdog_init(struct domain *d);
void watchdog_destroy(struct domain *d); /* before the memory goes; nothing of it runs any more */

/*
 * Of the current vCPU's domain: number `id` is set to `seconds` from now, or stopped with 0; id 0
 * takes one that is not in use, and its number is the value. -EINVAL, -EEXIST: all are in use.
 */
int watchdog_set(uint32_t id, uint32_t seconds);
void watchdog_expired(struct timer *timer);

#endif
