/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: making ports pending, unmasking, and who polls for them. */
#include <debug/log.h>
#include <event/fifo.h>
#include <event/two_level.h>
#include <lib/error.h>

static inline bool somebody_polls(struct domain_events *d)
{
	return atomic_load_explicit(&d->pollers[0], memory_order_relaxed) |
	       atomic_load_explicit(&d->pollers[1], memory_order_relaxed);
}

/* Keeps `held` for the caller to act if there is anything to do, else releases it. */
static inline int effect(struct domain_events *d, uint32_t port, struct vcpu_events *upcall,
			 struct lock *held, struct event_kick *kick)
{
	bool pollers = somebody_polls(d);

	if (!upcall && !pollers) {
		lock_release(held);
		return 0;
	}
	*kick = (struct event_kick){
		.upcall = upcall, .domain = d, .port = port, .pollers = pollers, .held = held};
	return EVENT_KICK;
}

void port_clear(struct domain_events *d, uint32_t port, struct event_port *p)
{
	struct fifo_domain *f = d->fifo;

	if (f) {
		fifo_clear(f, port, p);
	} else {
		two_level_clear(d, port);
	}
}

static __attribute__((noinline)) int raise_fifo(struct domain_events *d, struct fifo_domain *f,
						uint32_t port, struct lock *held,
						struct event_kick *kick)
{
	struct event_port *p = port_find(d, port);

	if (!fifo_set(f, port, p)) {
		lock_release(held);
		return 0;
	}
	return effect(d, port, fifo_deliver(f, port, p, port_notifies(d, p)), held, kick);
}

int port_raise(struct domain_events *d, uint32_t port, struct lock *held, struct event_kick *kick)
{
	struct fifo_domain *f = atomic_load_explicit(&d->fifo, memory_order_acquire);
	struct vcpu_events *v;

	if (f) {
		return raise_fifo(d, f, port, held, kick);
	}
	if (!two_level_set(d, port)) {
		lock_release(held);
		return 0;
	}
	v = port_notifies(d, port_find(d, port));
	return effect(d, port, two_level_deliver(d, port, v) ? v : NULL, held, kick);
}

static __attribute__((noinline)) int send_locked(struct event_port *p, struct event_kick *kick)
{
	switch (port_state(p)) {
	case EVENT_INTERDOMAIN:
	case EVENT_IPI:
		return port_raise(p->peer, p->peer_port, &p->lock, kick);
	case EVENT_UNBOUND: /* who binds it finds it pending anyhow */
		lock_release(&p->lock);
		return 0;
	default:
		lock_release(&p->lock);
		return refuse(-EINVAL);
	}
}

static __attribute__((noinline)) int send_waiting(struct event_port *p, struct event_kick *kick)
{
	lock_acquire(&p->lock);
	return send_locked(p, kick);
}

/*
 * The most frequent of all calls, and mostly the event is pending already. That case is spelt out,
 * and everything else is a call in tail position, so that no register has to be saved for it.
 */
int event_send(struct domain_events *d, uint32_t port, struct event_kick *kick)
{
	struct event_port *p = port_find(d, port);

	if (unlikely(!p)) {
		return refuse(-EINVAL);
	}
	if (unlikely(!lock_try(&p->lock))) {
		return send_waiting(p, kick);
	}
	if (likely(port_state(p) - EVENT_INTERDOMAIN <= 1U) && !p->peer->fifo &&
	    two_level_is_set(p->peer, p->peer_port)) {
		lock_release(&p->lock);
		return 0;
	}
	return send_locked(p, kick);
}

int event_send_virq(struct vcpu_events *v, uint32_t virq, struct event_kick *kick)
{
	struct domain_events *d = v->domain;
	uint32_t port = atomic_load_explicit(&v->virq_port[virq], memory_order_relaxed);
	struct event_port *p = port ? port_find(d, port) : NULL;

	if (!p) {
		return 0;
	}
	lock_acquire(&p->lock);
	if (port_state(p) != EVENT_VIRQ || p->number != virq) { /* closed since */
		lock_release(&p->lock);
		return 0;
	}
	return port_raise(d, port, &p->lock, kick);
}

static bool is_pending(struct domain_events *d, uint32_t port, struct event_port *p)
{
	struct fifo_domain *f = atomic_load_explicit(&d->fifo, memory_order_acquire);

	return f ? fifo_is_pending(f, port, p) : two_level_is_pending(d, port);
}

int event_send_pirq(struct domain_events *d, uint32_t port, uint32_t pirq, struct event_kick *kick)
{
	struct event_port *p = port_find(d, port);

	if (!p) {
		return 0;
	}
	lock_acquire(&p->lock);
	if (port_state(p) != EVENT_PIRQ || p->number != pirq) { /* closed since */
		lock_release(&p->lock);
		return 0;
	}
	if (is_pending(d, port, p)) {
		lock_release(&p->lock);
		return EVENT_NO_NEWS;
	}
	return port_raise(d, port, &p->lock, kick);
}

struct vcpu_events *event_notified(struct domain_events *d, uint32_t port)
{
	struct event_port *p = port_find(d, port);

	return p ? port_notifies(d, p) : d->first;
}

/* A 2-level port that was masked and is pending. */
static __attribute__((noinline)) int deliver_unmasked(struct domain_events *d, uint32_t port,
						      struct event_port *p, struct event_kick *kick)
{
	struct vcpu_events *v = port_notifies(d, p);

	return effect(d, port, two_level_deliver(d, port, v) ? v : NULL, &p->lock, kick);
}

static __attribute__((noinline)) int unmask_locked(struct domain_events *d, uint32_t port,
						   struct event_port *p, struct event_kick *kick)
{
	struct fifo_domain *f = atomic_load_explicit(&d->fifo, memory_order_acquire);

	if (unlikely(port_state(p) == EVENT_CLOSED)) {
		lock_release(&p->lock);
		return refuse(-EINVAL);
	}
	if (f) {
		return effect(d, port, fifo_unmask(f, port, p, port_notifies(d, p)), &p->lock,
			      kick);
	}
	if (two_level_unmask(d, port)) {
		return deliver_unmasked(d, port, p, kick);
	}
	lock_release(&p->lock);
	return 0;
}

static __attribute__((noinline)) int unmask_waiting(struct domain_events *d, uint32_t port,
						    struct event_port *p, struct event_kick *kick)
{
	lock_acquire(&p->lock);
	return unmask_locked(d, port, p, kick);
}

/* As with sending, the most frequent case, that nothing is pending, is spelt out. */
int event_unmask(struct domain_events *d, uint32_t port, struct event_kick *kick)
{
	struct event_port *p = port_find(d, port);

	if (unlikely(!p)) {
		return refuse(-EINVAL);
	}
	if (unlikely(!lock_try(&p->lock))) {
		return unmask_waiting(d, port, p, kick);
	}
	if (unlikely(port_state(p) == EVENT_CLOSED) || d->fifo) {
		return unmask_locked(d, port, p, kick);
	}
	if (two_level_unmask(d, port)) {
		return deliver_unmasked(d, port, p, kick);
	}
	lock_release(&p->lock);
	return 0;
}

void event_poll_begin(struct vcpu_events *v, uint32_t port_or_any)
{
	atomic_store_explicit(&v->polls_for, port_or_any, memory_order_relaxed);
	/* A full barrier: who raises after this sees the poller; who raised before is seen by it.
	 */
	atomic_fetch_or(&v->domain->pollers[v->id / 64], BIT(v->id % 64));
}

void event_poll_end(struct vcpu_events *v)
{
	atomic_fetch_and(&v->domain->pollers[v->id / 64], ~BIT(v->id % 64));
	atomic_store_explicit(&v->polls_for, 0, memory_order_relaxed);
}

int event_is_pending(struct domain_events *d, uint32_t port)
{
	struct event_port *p = port_find(d, port);
	bool pending = false;

	if (!p) {
		return refuse(-EINVAL);
	}
	lock_acquire(&p->lock);
	if (port_state(p) != EVENT_CLOSED) { /* and so d->fifo stays */
		pending = is_pending(d, port, p);
	}
	lock_release(&p->lock);
	return pending;
}
