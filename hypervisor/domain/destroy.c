/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a domain: what it has is taken apart, piece by piece. */
#include <arch/descriptor.h>
#include <domain/domain.h>
#include <domain/grants.h>
#include <domain/notify.h>
#include <domain/ports.h>
#include <domain/schedule.h>
#include <lib/error.h>
#include <memory/page_type.h>

/*
 * The order matters. Nothing of the domain runs first of all. Its ports go before the memory that
 * events are written to; the page tables before the grants of others that they map; and the frames
 * it granted itself are held by whoever maps them, so they wait for nobody. Each step can be done
 * again: who comes back after a preemption starts from the top and finds the first ones done.
 */

static void stop_vcpu(struct vcpu *v)
{
	schedule_forget(v);
	timer_destroy(&v->singleshot);
	timer_destroy(&v->periodic);
	timer_destroy(&v->poll_timer);
	event_poll_end(&v->events);
}

static int drop_vcpu(struct vcpu *v)
{
	descriptors_free_vcpu(v);
	if (!mfn_is_none(v->info_frame)) {
		atomic_store_explicit(&v->events.info, &v->own_info, memory_order_relaxed);
		page_type_put(v->info_frame);
		v->info_frame = MFN_NONE;
	}
	return vcpu_memory_drop(&v->domain->memory, &v->memory);
}

static int take_apart(struct domain *d)
{
	int rc;

	watchdog_destroy(d);
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		stop_vcpu(d->vcpu[i]);
	}
	event_domain_dying(&d->events);
	rc = ports_close_all(d);
	for (unsigned i = 0; i < d->vcpu_count && rc == 0; i++) {
		rc = drop_vcpu(d->vcpu[i]);
	}
	rc = rc ? rc : domain_memory_drop(&d->memory);
	return rc ? rc : grants_release_all(d);
}

int domain_destroy(struct domain *d)
{
	int rc;

	domain_mark_dying(d);
	do {
		rc = take_apart(d);
	} while (rc == -ERESTART && !work_pending());
	if (rc) {
		return rc;
	}
	notify_drop_handlers(d);
	domain_remove(d);
	notify_global_virq(VIRQ_DOM_EXC);
	return 0;
}
