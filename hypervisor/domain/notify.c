/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events the hypervisor itself sends, and the acting on what a sent event demands. */
#include <arch/io.h>
#include <debug/trace.h>
#include <domain/notify.h>
#include <lib/bitmap.h>

static void wake_pollers(const struct event_kick *kick)
{
	struct domain *d = container_of(kick->domain, struct domain, events);
	uint64_t pollers[] = {d->events.pollers[0], d->events.pollers[1]};

	bitmap_for_each(id, pollers, d->vcpu_count)
	{
		if (event_polls_for(&d->vcpu[id]->events, kick->port)) {
			vcpu_wake(d->vcpu[id]);
		}
	}
}

void notify_act(struct event_kick *kick)
{
	trace(TRACE_EVENT, (uint64_t)kick->domain->id << 32 | kick->port,
	      kick->upcall ? kick->upcall->id : UINT64_MAX);
	if (kick->upcall) {
		vcpu_kick(container_of(kick->upcall, struct vcpu, events));
	}
	if (kick->pollers) {
		wake_pollers(kick);
	}
	event_kick_done(kick);
}

void notify_virq(struct vcpu *v, uint32_t virq)
{
	struct event_kick kick;

	if (event_send_virq(&v->events, virq, &kick) == EVENT_KICK) {
		notify_act(&kick);
	}
}

void notify_global_virq(struct domain *d, uint32_t virq)
{
	if (d->vcpu[0]) {
		notify_virq(d->vcpu[0], virq);
	}
}

void notify_nmi(void)
{
	struct domain *d = domain_hardware;

	if (d && d->vcpu[0]) {
		d->shared_info->arch.nmi_reason |= io_nmi_reason();
		vcpu_send_nmi(d->vcpu[0]);
	}
}

void notify_pirq(struct domain *d, uint32_t port, uint32_t pirq)
{
	struct event_kick kick;

	if (event_send_pirq(&d->events, port, pirq, &kick) == EVENT_KICK) {
		notify_act(&kick);
	}
}
