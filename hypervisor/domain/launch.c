/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launch: the domains built at start-up begin to run, a boot domain before the others. */
#include <debug/log.h>
#include <domain/launch.h>
#include <xen/sched.h>

/* Calls `act` for each domain of one state of launch; the value is how many there were. */
static unsigned each(enum domain_launch state, void (*act)(struct domain *d))
{
	unsigned count = 0;

	for (struct domain *d = domain_next(NULL); d; d = domain_next(d)) {
		if (d->launch == state) {
			act(d);
			count++;
		}
	}
	return count;
}

static void begin(struct domain *d)
{
	if (d->launch == LAUNCH_WAITS) {
		d->launch = LAUNCH_DONE;
	}
	(void)domain_toolstack_unpause(d); /* the boot domain may have done it */
}

static void call_up(struct domain *d)
{
	log_warn("domain %u begins, the one for when something went wrong\n", d->id);
	d->launch = LAUNCH_WAITS;
}

void launch_begin(bool something_went_wrong)
{
	if (something_went_wrong) {
		each(LAUNCH_SPARE, call_up);
	}
	if (!each(LAUNCH_FIRST, begin)) {
		each(LAUNCH_WAITS, begin);
	}
}

void launch_note_end(struct domain *d)
{
	if (d->launch != LAUNCH_FIRST) {
		return;
	}
	d->launch = LAUNCH_DONE;
	log_info("the boot domain has ended, the others begin\n");
	if (d->shutdown_reason != SHUTDOWN_poweroff) {
		each(LAUNCH_SPARE, call_up);
	}
	each(LAUNCH_WAITS, begin);
}
