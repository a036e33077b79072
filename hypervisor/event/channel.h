/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside event/: finding a port by its number, and what the 2-level and FIFO ABIs provide. */
#ifndef EVENT_CHANNEL_H
#define EVENT_CHANNEL_H

#include <event/event.h>
#include <lib/index.h>

/* Null: no such port. */
static inline struct event_port *port_find(struct domain_events *d, uint64_t port)
{
	uint32_t count = atomic_load_explicit(&d->port_count, memory_order_acquire);

	if (!index_ok(&port, count)) {
		return NULL;
	}
	return d->buckets[port / EVENT_BUCKET_PORTS] + port % EVENT_BUCKET_PORTS;
}

static inline enum event_state port_state(const struct event_port *p)
{
	return (enum event_state)atomic_load_explicit(&p->state, memory_order_relaxed);
}

static inline struct vcpu_events *port_notifies(struct domain_events *d, struct event_port *p)
{
	struct vcpu_events *v = atomic_load_explicit(&p->notify, memory_order_relaxed);

	return v ? v : d->first;
}

/* The vCPU has something to look at; true: it did not know yet. */
static inline bool vcpu_mark_pending(struct vcpu_events *v)
{
	return !__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
}

/* Closed ports are not pending. */
void port_clear(struct domain_events *d, uint32_t port, struct event_port *p);

/*
 * Makes a port pending, with the lock of the port or of its peer held (which also orders what the
 * sender wrote before with the reading of the pending bit). The value is what event_send() returns
 * and decides over the lock `held`.
 */
int port_raise(struct domain_events *d, uint32_t port, struct lock *held, struct event_kick *kick);

#endif
