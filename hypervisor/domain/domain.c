/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains: made, found, stopped. */
#include <arch/io.h>
#include <arch/trap.h>
#include <debug/log.h>
#include <domain/grants.h>
#include <lib/format.h>
#include <lib/heap.h>
#include <memory/frame_alloc.h>
#include <memory/frame_ref.h>
#include <xen/sched.h>

static struct lock domains_lock = LOCK_INIT(LOCK_DOMAIN_LIST);
static struct domain *domains; /* guarded by domains_lock, in order of id */

struct domain *domain_hardware;
bool machine_reboots_after_error = true;

/* --- Making and finding -------------------------------------------------------------------- */

static void insert(struct domain *d)
{
	struct domain **at = &domains;

	lock_acquire(&domains_lock);
	while (*at && (*at)->id < d->id) {
		at = &(*at)->next;
	}
	d->next = *at;
	*at = d;
	lock_release(&domains_lock);
}

struct domain *domain_create(domid_t id, bool privileged, uint32_t highest_port)
{
	struct domain *d = heap_alloc(sizeof(*d));
	mfn_t shared;

	if (!d) {
		return NULL;
	}
	shared = frame_alloc(0, 0);
	if (mfn_is_none(shared)) {
		heap_free(d, sizeof(*d));
		return NULL;
	}
	d->id = id;
	d->privileged = privileged;
	d->shared_info = frame_ptr(shared);
	atomic_init(&d->references, 1);
	lock_init(&d->lock, LOCK_DOMAIN);
	domain_memory_init(&d->memory, id);
	d->memory.hardware = privileged;
	event_domain_init(&d->events, id, d->shared_info, highest_port);
	credit_domain_init(&d->credit);
	grant_domain_init(&d->grants, id, &grants_machine_limits);
	frame_share(shared, id, true);
	if (privileged && io_init_hardware_domain(d)) {
		return NULL;
	}
	time_update_wallclock(d);
	if (privileged && !domain_hardware) {
		domain_hardware = d;
	}
	insert(d);
	return d;
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
	unsigned before = atomic_fetch_sub_explicit(&d->references, 1, memory_order_acq_rel);

	BUG_ON(before <= 1); /* the table holds one as long as the domain is in it */
}

/* --- Stopping ------------------------------------------------------------------------------ */

static const char *const shutdown_name[] = {
	[SHUTDOWN_poweroff] = "power-off", [SHUTDOWN_reboot] = "reboot",
	[SHUTDOWN_suspend] = "suspend",	   [SHUTDOWN_crash] = "crash",
	[SHUTDOWN_watchdog] = "watchdog",  [SHUTDOWN_soft_reset] = "soft reset",
};

/* The machine goes with its Dom0. */
static _Noreturn void end_machine(unsigned reason)
{
	log_info("Dom0 has ended: %s\n", shutdown_name[reason]);
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

void domain_shutdown(struct domain *d, unsigned reason)
{
	if (d == domain_hardware) {
		end_machine(reason);
	}
	lock_acquire(&d->lock);
	if (!d->shut_down) {
		d->shut_down = true;
		d->shutdown_reason = reason;
		for (unsigned i = 0; i < d->vcpu_count; i++) {
			vcpu_set_flag(d->vcpu[i], VCPU_PAUSED);
		}
	}
	lock_release(&d->lock);
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
