/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watchdogs that a domain sets for itself. */
#include <arch/time_scale.h>
#include <debug/log.h>
#include <domain/domain.h>
#include <domain/schedule.h>
#include <lib/error.h>
#include <xen/sched.h>

void watchdog_init(struct domain *d)
{
	for (unsigned i = 0; i < WATCHDOGS; i++) {
		d->watchdog[i].domain = d;
		timer_init(&d->watchdog[i].timer, TIMER_WATCHDOG);
	}
}

void watchdog_destroy(struct domain *d)
{
	for (unsigned i = 0; i < WATCHDOGS; i++) {
		timer_destroy(&d->watchdog[i].timer);
	}
}

static void set(struct watchdog *w, uint32_t seconds)
{
	w->used = seconds != 0;
	if (seconds) {
		schedule_set_timer(current_vcpu(), &w->timer, now() + seconds * NS_PER_SECOND);
	} else {
		timer_cancel(&w->timer);
	}
}

static int set_new(struct domain *d, uint32_t seconds)
{
	if (!seconds) {
		return -EINVAL;
	}
	for (int i = 0; i < WATCHDOGS; i++) {
		if (!d->watchdog[i].used) {
			set(&d->watchdog[i], seconds);
			return i + 1;
		}
	}
	return -EEXIST;
}

int watchdog_set(uint32_t id, uint32_t seconds)
{
	struct domain *d = current_domain();
	int rc = 0;

	if (id > WATCHDOGS) {
		return -EINVAL;
	}
	lock_acquire(&d->lock);
	if (id == 0) {
		rc = set_new(d, seconds);
	} else if (d->watchdog[id - 1].used) {
		set(&d->watchdog[id - 1], seconds);
	} else {
		rc = -EINVAL;
	}
	lock_release(&d->lock);
	return rc;
}

void watchdog_expired(struct timer *timer)
{
	struct domain *d = container_of(timer, struct watchdog, timer)->domain;

	log_guest(LOG_WARN, "domain %u: its watchdog was not set again in time\n", d->id);
	domain_shutdown(d, SHUTDOWN_watchdog);
}
