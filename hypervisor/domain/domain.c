/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains: made, found, stopped. */
#include <arch/cpu_policy.h>
#include <arch/io.h>
#include <arch/trap.h>
#include <debug/log.h>
#include <domain/console_line.h>
#include <domain/grants.h>
#include <domain/launch.h>
#include <domain/notify.h>
#include <domain/pool.h>
#include <domain/vnuma.h>
#include <lib/error.h>
#include <lib/format.h>
#include <lib/heap.h>
#include <memory/frame_alloc.h>
#include <memory/frame_ref.h>
#include <xen/sched.h>

static struct lock domains_lock = LOCK_INIT(LOCK_DOMAIN_LIST);
static struct domain *domains; /* guarded by domains_lock, in order of id */

#define TOOLSTACK_PAUSES_MAX 255

struct domain *domain_hardware;
domid_t domain_console = DOMID_INVALID;
bool machine_reboots_after_error = true;

/* --- Making and finding -------------------------------------------------------------------- */

/* False: there is one of this id. */
static bool insert(struct domain *d)
{
	struct domain **at = &domains;
	bool free;

	lock_acquire(&domains_lock);
	while (*at && (*at)->id < d->id) {
		at = &(*at)->next;
	}
	free = !*at || (*at)->id != d->id;
	if (free) {
		d->next = *at;
		*at = d;
	}
	lock_release(&domains_lock);
	return free;
}

void domain_remove(struct domain *d)
{
	struct domain **at = &domains;

	lock_acquire(&domains_lock);
	while (*at != d) {
		at = &(*at)->next;
	}
	*at = d->next;
	if (domain_console == d->id) { /* who gets its number later does not get the console */
		domain_console = DOMID_INVALID;
	}
	lock_release(&domains_lock);
	domain_put(d);
}

/* The first that is free from `from` on, or DOMID_FIRST_RESERVED. */
static domid_t unused_id_from(domid_t from)
{
	for (const struct domain *d = domains; d; d = d->next) {
		if (d->id == from && from < DOMID_FIRST_RESERVED) {
			from++;
		}
	}
	return from;
}

/* Round and round, so that a number is not used again soon after its domain has gone. */
domid_t domain_unused_id(void)
{
	static domid_t last; /* guarded by domains_lock */
	domid_t id;

	lock_acquire(&domains_lock);
	id = unused_id_from(last + 1);
	if (id == DOMID_FIRST_RESERVED) {
		id = unused_id_from(1);
	}
	if (id == DOMID_FIRST_RESERVED) {
		id = DOMID_INVALID;
	} else {
		last = id;
	}
	lock_release(&domains_lock);
	return id;
}

static void free_domain(struct domain *d)
{
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		vcpu_free(d->vcpu[i]);
	}
	grant_domain_free(&d->grants);
	event_domain_free(&d->events);
	io_free_domain(d);
	cpu_policy_free(d->arch.cpuid_profile);
	console_line_close(d);
	vnuma_put(d->vnuma);
	domain_memory_free(&d->memory);
	frame_unshare(frame_of_ptr(d->shared_info));
	pool_leave(d->pool);
	heap_free(d, sizeof(*d));
}

int domain_create(const struct domain_config *config, struct domain **created)
{
	struct domain *d = heap_alloc(sizeof(*d));
	mfn_t shared = d ? frame_alloc(0, 0) : MFN_NONE;

	if (mfn_is_none(shared)) {
		heap_free(d, sizeof(*d));
		return -ENOMEM;
	}
	d->pool = pool_enter(config->pool);
	if (!d->pool) {
		frame_free(shared, 0);
		heap_free(d, sizeof(*d));
		return -ENOENT;
	}
	d->id = config->id;
	d->privileged = config->privileged;
	d->hardware = config->hardware;
	d->vcpu_max = config->vcpu_max;
	d->shared_info = frame_ptr(shared);
	d->pause_count = d->toolstack_pauses = 1;
	atomic_init(&d->references, 1);
	lock_init(&d->lock, LOCK_DOMAIN);
	domain_memory_init(&d->memory, d->id);
	d->memory.hardware = d->hardware;
	watchdog_init(d);
	event_domain_init(&d->events, d->id, d->shared_info, config->highest_port);
	credit_domain_init(&d->credit);
	grant_domain_init(&d->grants, d->id, &grants_machine_limits);
	frame_share(shared, d->id, true);
	time_update_wallclock(d);
	if (d->hardware && io_init_hardware_domain(d)) {
		free_domain(d);
		return -ENOMEM;
	}
	*created = d;
	if (!insert(d)) {
		free_domain(d);
		return -EEXIST;
	}
	if (d->hardware && !domain_hardware) {
		domain_hardware = d;
	}
	return 0;
}

struct domain *domain_get_from(domid_t id)
{
	struct domain *d;

	lock_acquire(&domains_lock);
	for (d = domains; d && d->id < id; d = d->next) {
	}
	if (d) {
		atomic_fetch_add_explicit(&d->references, 1, memory_order_relaxed);
	}
	lock_release(&domains_lock);
	return d;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d = domain_get_from(id);

	if (d && d->id != id) {
		domain_put(d);
		d = NULL;
	}
	return d;
}

struct domain *domain_next(struct domain *d)
{
	struct domain *next = domain_get_from(d ? d->id + 1 : 0);

	if (d) {
		domain_put(d);
	}
	return next;
}

struct domain *domain_get_target(domid_t id)
{
	if (id == DOMID_SELF || id == current_domain()->id) {
		atomic_fetch_add_explicit(&current_domain()->references, 1, memory_order_relaxed);
		return current_domain();
	}
	return current_domain()->privileged ? domain_get(id) : NULL;
}

void domain_put(struct domain *d)
{
	if (atomic_fetch_sub_explicit(&d->references, 1, memory_order_acq_rel) == 1) {
		free_domain(d); /* the table held one as long as the domain was in it */
	}
}

/* --- Pausing ------------------------------------------------------------------------------- */

/* Its vCPUs stop, or go on, after something that decides over that has changed. */
static void apply_stops(struct domain *d)
{
	bool stop = d->pause_count || d->shut_down || d->dying;

	ASSERT_LOCKED(&d->lock);
	d->begun |= !stop;
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		if (stop) {
			vcpu_set_flag(d->vcpu[i], VCPU_PAUSED);
		} else {
			vcpu_clear_flag(d->vcpu[i], VCPU_PAUSED);
		}
	}
}

static void take_off(const struct domain *d)
{
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		vcpu_take_off(d->vcpu[i]);
	}
}

void domain_pause(struct domain *d)
{
	lock_acquire(&d->lock);
	d->pause_count++;
	apply_stops(d);
	lock_release(&d->lock);
	take_off(d);
}

void domain_unpause(struct domain *d)
{
	lock_acquire(&d->lock);
	d->pause_count--;
	apply_stops(d);
	lock_release(&d->lock);
}

int domain_toolstack_pause(struct domain *d)
{
	bool ok;

	lock_acquire(&d->lock);
	ok = d->toolstack_pauses < TOOLSTACK_PAUSES_MAX;
	d->toolstack_pauses += ok;
	lock_release(&d->lock);
	if (!ok) {
		return -EOVERFLOW;
	}
	domain_pause(d);
	return 0;
}

int domain_toolstack_unpause(struct domain *d)
{
	bool ok;

	lock_acquire(&d->lock);
	ok = d->toolstack_pauses != 0;
	d->toolstack_pauses -= ok;
	lock_release(&d->lock);
	if (!ok) {
		return -EINVAL;
	}
	domain_unpause(d);
	return 0;
}

void domain_mark_dying(struct domain *d)
{
	lock_acquire(&d->lock);
	d->dying = true;
	apply_stops(d);
	lock_release(&d->lock);
	take_off(d);
}

/* --- Stopping ------------------------------------------------------------------------------ */

static const char *const shutdown_name[] = {
	[SHUTDOWN_poweroff] = "power-off", [SHUTDOWN_reboot] = "reboot",
	[SHUTDOWN_suspend] = "suspend",	   [SHUTDOWN_crash] = "crash",
	[SHUTDOWN_watchdog] = "watchdog",  [SHUTDOWN_soft_reset] = "soft reset",
};

static _Noreturn void end_machine(unsigned reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		arch_stop(MACHINE_POWER_OFF);
	case SHUTDOWN_crash:
	case SHUTDOWN_watchdog:
		arch_stop(machine_reboots_after_error ? MACHINE_REBOOT : MACHINE_HALT);
	default:
		arch_stop(MACHINE_REBOOT);
	}
}

unsigned domain_latch_shutdown(struct domain *d, unsigned reason)
{
	unsigned code;

	lock_acquire(&d->lock);
	if (!d->shutdown_code) {
		d->shutdown_code = reason + 1;
	}
	code = d->shutdown_code - 1;
	lock_release(&d->lock);
	return code;
}

/*
 * Of a machine without Dom0: each domain has ended, but those that would begin after a failure.
 * Said to one of two that end at once.
 */
static bool was_the_last(void)
{
	static bool said; /* by domains_lock */
	struct domain *d;
	bool last;

	lock_acquire(&domains_lock);
	last = !said;
	for (d = domains; d; d = d->next) {
		last = last && (d->shut_down || d->dying || d->launch == LAUNCH_SPARE);
	}
	said = said || last;
	lock_release(&domains_lock);
	return last;
}

void domain_shutdown(struct domain *d, unsigned reason)
{
	uint32_t suspend_port;

	reason = domain_latch_shutdown(d, reason);
	if (d == domain_hardware) {
		log_info("Dom0 has ended: %s\n", shutdown_name[reason]);
		end_machine(reason);
	}
	lock_acquire(&d->lock);
	if (d->shut_down) {
		lock_release(&d->lock);
		return;
	}
	d->shut_down = true;
	d->shutdown_reason = reason;
	suspend_port = reason == SHUTDOWN_suspend ? d->suspend_port : 0;
	apply_stops(d);
	lock_release(&d->lock);
	notify_global_virq(VIRQ_DOM_EXC);
	if (suspend_port) {
		notify_port(d, suspend_port);
	}
	console_line_end(d);
	launch_note_end(d);
	if (!domain_hardware && was_the_last()) {
		log_info("all domains have ended, domain %u as the last: %s\n", d->id,
			 shutdown_name[reason]);
		end_machine(reason);
	}
}

void domain_resume(struct domain *d)
{
	domain_pause(d); /* nothing of the shutdown is under way any more */
	lock_acquire(&d->lock);
	d->shut_down = false;
	d->shutdown_code = 0;
	lock_release(&d->lock);
	domain_unpause(d);
}

void domain_crash(struct domain *d, const char *format, ...)
{
	char why[120];
	va_list args;

	va_start(args, format);
	format_text_v(why, sizeof(why), format, args);
	va_end(args);
	log_guest(LOG_ERROR, "domain %u crashed: %s\n", d->id, why);
	guest_report(current_vcpu());
	domain_shutdown(d, SHUTDOWN_crash);
}
