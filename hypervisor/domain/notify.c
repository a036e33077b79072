/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events the hypervisor itself sends, and the acting on what a sent event demands. */
#include <arch/io.h>
#include <debug/trace.h>
#include <domain/notify.h>
#include <lib/bitmap.h>
#include <lib/error.h>

static __attribute__((noinline)) void wake_pollers(const struct event_kick *kick)
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
	if (unlikely(tracing(TRACE_EVENT))) {
		trace_write(TRACE_EVENT, (uint64_t)kick->domain->id << 32 | kick->port,
			    kick->upcall ? kick->upcall->id : UINT64_MAX);
	}
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

/* Who has taken a VIRQ over, by id; 0, which is Dom0's own, otherwise. */
static _Atomic domid_t handler[NR_VIRQS];

static bool is_for_one_domain(uint32_t virq)
{
	return virq < NR_VIRQS && event_virq_is_global(virq) && virq != VIRQ_DEBUG;
}

void notify_global_virq(uint32_t virq)
{
	domid_t id = atomic_load_explicit(&handler[virq], memory_order_relaxed);
	struct domain *d = domain_get(id);

	if (d && d->vcpu[0]) {
		notify_virq(d->vcpu[0], virq);
	}
	if (d) {
		domain_put(d);
	}
}

int notify_set_handler(struct domain *d, uint32_t virq)
{
	if (!is_for_one_domain(virq)) {
		return -EINVAL;
	}
	atomic_store_explicit(&handler[virq], d->id, memory_order_relaxed);
	return 0;
}

void notify_drop_handlers(const struct domain *d)
{
	for (unsigned i = 0; i < NR_VIRQS; i++) {
		domid_t id = d->id;

		(void)atomic_compare_exchange_strong(&handler[i], &id, 0);
	}
}

void notify_port(struct domain *d, uint32_t port)
{
	struct event_kick kick;

	if (event_send(&d->events, port, &kick) == EVENT_KICK) {
		notify_act(&kick);
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

unsigned notify_cpu(struct vcpu_events *v)
{
	return container_of(v, struct vcpu, events)->credit.cpu;
}

unsigned notify_pirq_cpu(struct domain *d, uint32_t port)
{
	return notify_cpu(event_notified(&d->events, port));
}

bool notify_pirq(struct domain *d, uint32_t port, uint32_t pirq)
{
	struct event_kick kick;
	int rc = event_send_pirq(&d->events, port, pirq, &kick);

	if (rc == EVENT_KICK) {
		notify_act(&kick);
	}
	return rc != EVENT_NO_NEWS;
}
