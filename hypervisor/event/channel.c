/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: the table of ports, binding and closing. */
#include <debug/log.h>
#include <event/channel.h>
#include <lib/error.h>
#include <lib/heap.h>

_Static_assert(sizeof(struct event_port) == 32, "a bucket is a page of ports");

/* --- The table ----------------------------------------------------------------------------- */

/* Buckets, and the larger array of them, are published before the count that lets readers in. */
static int table_grow(struct domain_events *d)
{
	uint32_t count = d->port_count;
	size_t bucket = count / EVENT_BUCKET_PORTS;
	struct event_port **buckets = d->buckets;
	struct event_port *ports = heap_alloc(PAGE_SIZE);

	if (!ports) {
		return -ENOMEM;
	}
	if (bucket == EVENT_SMALL_BUCKETS) {
		buckets = heap_alloc(EVENT_LARGE_BUCKETS * sizeof(*buckets));
		if (!buckets) {
			heap_free(ports, PAGE_SIZE);
			return -ENOMEM;
		}
		for (size_t i = 0; i < bucket; i++) {
			buckets[i] = d->small_buckets[i];
		}
		atomic_store_explicit(&d->buckets, buckets, memory_order_release);
	}
	for (size_t i = 0; i < EVENT_BUCKET_PORTS; i++) {
		lock_init(&ports[i].lock, LOCK_PORT);
	}
	buckets[bucket] = ports;
	atomic_store_explicit(&d->port_count, (uint32_t)(count + EVENT_BUCKET_PORTS),
			      memory_order_release);
	return 0;
}

/* Where the ABI in use ends, and where the toolstack said so. */
static uint32_t port_limit(const struct domain_events *d)
{
	return MIN(d->port_limit,
		   d->fifo ? EVTCHN_FIFO_NR_CHANNELS : (uint32_t)EVTCHN_2L_NR_CHANNELS);
}

/* Takes a closed port for the caller, who holds the table's lock, to open; or an error. */
static int port_take(struct domain_events *d, uint32_t *port, struct event_port **p)
{
	int rc;

	ASSERT_LOCKED(&d->lock);
	if (d->dying) {
		return refuse(-EINVAL);
	}
	if (d->closed) {
		*port = d->closed;
		*p = port_find(d, *port);
		d->closed = (*p)->peer_port;
		d->open_count++;
		return 0;
	}
	if (d->fresh >= port_limit(d)) {
		return refuse(-ENOSPC);
	}
	rc = d->fresh < d->port_count ? 0 : table_grow(d);
	if (rc) {
		return refuse(rc);
	}
	*port = d->fresh++;
	*p = port_find(d, *port);
	d->open_count++;
	return 0;
}

static void port_return(struct domain_events *d, uint32_t port, struct event_port *p)
{
	p->peer_port = d->closed;
	d->closed = port;
	d->open_count--;
}

static void port_set_state(struct event_port *p, enum event_state state)
{
	ASSERT_LOCKED(&p->lock);
	atomic_store_explicit(&p->state, (uint8_t)state, memory_order_relaxed);
}

static void port_open(struct event_port *p, enum event_state state, struct vcpu_events *notify)
{
	port_set_state(p, state);
	atomic_store_explicit(&p->notify, notify, memory_order_relaxed);
	atomic_store_explicit(&p->priority, EVTCHN_FIFO_PRIORITY_DEFAULT, memory_order_relaxed);
}

static void lock_two(struct event_port *a, struct event_port *b)
{
	lock_acquire(a < b ? &a->lock : &b->lock);
	lock_acquire(a < b ? &b->lock : &a->lock);
}

/* --- Life ---------------------------------------------------------------------------------- */

void event_domain_init(struct domain_events *d, domid_t id, struct shared_info *shared,
		       uint32_t highest_port)
{
	*d = (struct domain_events){
		.id = id,
		.shared = shared,
		.lock = LOCK_INIT(LOCK_PORTS),
		.fresh = 1,
		.port_limit = MIN(highest_port, EVTCHN_FIFO_NR_CHANNELS - 1U) + 1,
	};
	d->buckets = d->small_buckets;
}

void event_vcpu_init(struct domain_events *d, struct vcpu_events *v, unsigned id,
		     struct vcpu_info *info)
{
	*v = (struct vcpu_events){.domain = d, .id = id, .info = info};
	if (!id) {
		d->first = v;
	}
}

void event_vcpu_info_moved(struct vcpu_events *v, struct vcpu_info *info)
{
	v->info = info;
	__atomic_store_n(&info->evtchn_pending_sel, UINT64_MAX, __ATOMIC_SEQ_CST);
	vcpu_mark_pending(v);
}

void event_domain_dying(struct domain_events *d)
{
	lock_acquire(&d->lock);
	d->dying = true;
	lock_release(&d->lock);
}

void event_domain_free(struct domain_events *d)
{
	size_t count = d->port_count / EVENT_BUCKET_PORTS;

	for (size_t i = 0; i < count; i++) {
		heap_free(d->buckets[i], PAGE_SIZE);
	}
	if (d->buckets != d->small_buckets) {
		heap_free(d->buckets, EVENT_LARGE_BUCKETS * sizeof(*d->buckets));
	}
	d->port_count = 0;
}

/* --- Binding ------------------------------------------------------------------------------- */

int event_alloc_unbound(struct domain_events *d, domid_t peer_id, uint32_t *port)
{
	struct event_port *p;
	int rc;

	lock_acquire(&d->lock);
	rc = port_take(d, port, &p);
	if (!rc) {
		lock_acquire(&p->lock);
		port_open(p, EVENT_UNBOUND, NULL);
		p->peer_id = peer_id;
		lock_release(&p->lock);
	}
	lock_release(&d->lock);
	return rc;
}

int event_bind_interdomain(struct domain_events *d, struct domain_events *peer, uint32_t peer_port,
			   uint32_t *port, struct event_kick *kick)
{
	struct event_port *q = port_find(peer, peer_port);
	struct event_port *p;
	int rc;

	if (!q) {
		return refuse(-EINVAL);
	}
	lock_acquire(&d->lock);
	rc = port_take(d, port, &p);
	if (rc) {
		goto out;
	}
	if (p == q) { /* a closed port of its own */
		port_return(d, *port, p);
		rc = refuse(-EINVAL);
		goto out;
	}
	lock_two(p, q);
	if (port_state(q) != EVENT_UNBOUND || q->peer_id != d->id) {
		lock_release(&p->lock);
		lock_release(&q->lock);
		port_return(d, *port, p);
		rc = refuse(-EINVAL);
		goto out;
	}
	port_open(p, EVENT_INTERDOMAIN, NULL);
	p->peer = peer;
	p->peer_port = peer_port;
	port_set_state(q, EVENT_INTERDOMAIN);
	q->peer = d;
	q->peer_port = *port;
	lock_release(&q->lock);
	lock_release(&d->lock);
	/* The peer may have sent before there was anybody to send to. */
	return port_raise(d, *port, &p->lock, kick);
out:
	lock_release(&d->lock);
	return rc;
}

bool event_virq_is_global(uint32_t virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF &&
	       virq != VIRQ_XENPMU;
}

int event_bind_virq(struct vcpu_events *v, uint32_t virq, uint32_t *port)
{
	struct domain_events *d = v->domain;
	struct event_port *p;
	int rc;

	if (virq >= NR_VIRQS || (event_virq_is_global(virq) && v->id)) {
		return refuse(-EINVAL);
	}
	lock_acquire(&d->lock);
	rc = v->virq_port[virq] ? refuse(-EEXIST) : port_take(d, port, &p);
	if (!rc) {
		lock_acquire(&p->lock);
		port_open(p, EVENT_VIRQ, v);
		p->number = virq;
		atomic_store_explicit(&v->virq_port[virq], *port, memory_order_relaxed);
		lock_release(&p->lock);
	}
	lock_release(&d->lock);
	return rc;
}

/* A port that has nothing but a state, a number and a vCPU to tell. */
static int bind_plain(struct domain_events *d, enum event_state state, uint32_t number,
		      struct vcpu_events *v, uint32_t *port)
{
	struct event_port *p;
	int rc;

	lock_acquire(&d->lock);
	rc = port_take(d, port, &p);
	if (!rc) {
		lock_acquire(&p->lock);
		port_open(p, state, v);
		if (state == EVENT_IPI) {
			p->peer = d;
			p->peer_port = *port;
		} else {
			p->number = number;
		}
		lock_release(&p->lock);
	}
	lock_release(&d->lock);
	return rc;
}

int event_bind_ipi(struct vcpu_events *v, uint32_t *port)
{
	return bind_plain(v->domain, EVENT_IPI, 0, v, port);
}

int event_bind_pirq(struct domain_events *d, uint32_t pirq, uint32_t *port)
{
	return bind_plain(d, EVENT_PIRQ, pirq, NULL, port);
}

int event_bind_vcpu(struct vcpu_events *v, uint32_t port, uint32_t *pirq)
{
	struct event_port *p = port_find(v->domain, port);
	int rc = 0;

	*pirq = EVENT_NO_PIRQ;
	if (!p) {
		return refuse(-EINVAL);
	}
	lock_acquire(&p->lock);
	switch (port_state(p)) {
	case EVENT_VIRQ:
		rc = event_virq_is_global(p->number) ? 0 : refuse(-EINVAL);
		break;
	case EVENT_PIRQ:
		*pirq = p->number;
		break;
	case EVENT_UNBOUND:
	case EVENT_INTERDOMAIN:
		break;
	default:
		rc = refuse(-EINVAL);
		break;
	}
	if (!rc) {
		atomic_store_explicit(&p->notify, v, memory_order_relaxed);
	}
	lock_release(&p->lock);
	return rc;
}

/* --- Closing ------------------------------------------------------------------------------- */

/*
 * Locks a port and, if it has one, its peer; the value is the peer. The port's lock keeps the peer
 * in place, but not in the order of addresses: where that would be against it, it only tries, and
 * lets go of the first when another CPU, which may want that one, has the second.
 */
static struct event_port *lock_with_peer(struct event_port *p)
{
	for (;;) {
		struct event_port *q;

		lock_acquire(&p->lock);
		if (port_state(p) != EVENT_INTERDOMAIN) {
			return NULL;
		}
		q = port_find(p->peer, p->peer_port);
		if (q > p) {
			lock_acquire(&q->lock);
			return q;
		}
		if (lock_try(&q->lock)) {
			return q;
		}
		lock_release(&p->lock);
		cpu_relax();
	}
}

/* What else knows of the port forgets it. Both locks, and the peer's if there is one, are held. */
static void unbind(struct domain_events *d, struct event_port *p, struct event_port *q)
{
	if (q) {
		port_set_state(q, EVENT_UNBOUND);
		q->peer_id = d->id;
	}
	if (port_state(p) == EVENT_VIRQ) {
		/* A global VIRQ may notify another vCPU by now, yet is bound on vCPU 0. */
		struct vcpu_events *v = event_virq_is_global(p->number) ? d->first : p->notify;

		atomic_store_explicit(&v->virq_port[p->number], 0, memory_order_relaxed);
	}
}

static int close_locked(struct domain_events *d, uint32_t port, uint32_t *pirq)
{
	struct event_port *p = port_find(d, port);
	struct event_port *q;
	int rc = 0;

	ASSERT_LOCKED(&d->lock);
	*pirq = EVENT_NO_PIRQ;
	if (!p) {
		return refuse(-EINVAL);
	}
	q = lock_with_peer(p);
	if (port_state(p) != EVENT_CLOSED) {
		if (port_state(p) == EVENT_PIRQ) {
			*pirq = p->number;
		}
		unbind(d, p, q);
		port_set_state(p, EVENT_CLOSED);
		port_clear(d, port, p);
		port_return(d, port, p);
	} else {
		rc = refuse(-EINVAL);
	}
	if (q) {
		lock_release(&q->lock);
	}
	lock_release(&p->lock);
	return rc;
}

int event_close(struct domain_events *d, uint32_t port, uint32_t *pirq)
{
	int rc;

	lock_acquire(&d->lock);
	rc = close_locked(d, port, pirq);
	lock_release(&d->lock);
	return rc;
}

bool event_close_next(struct domain_events *d, uint32_t *pirq)
{
	uint32_t end;
	bool more;

	lock_acquire(&d->lock);
	d->close_cursor = MAX(d->close_cursor, 1);
	end = MIN(d->fresh, d->close_cursor + 64);
	*pirq = EVENT_NO_PIRQ;
	while (d->close_cursor < end && *pirq == EVENT_NO_PIRQ) {
		uint32_t port = d->close_cursor++;
		struct event_port *p = port_find(d, port);

		if (port_state(p) != EVENT_CLOSED) {
			close_locked(d, port, pirq);
		}
		atomic_store_explicit(&p->queue, 0, memory_order_relaxed); /* FIFO ends as well */
	}
	more = d->close_cursor < d->fresh;
	if (!more) {
		d->close_cursor = 0;
	}
	lock_release(&d->lock);
	return more;
}

int event_status(struct domain_events *d, uint32_t port, struct evtchn_status *status)
{
	static const uint32_t abi_state[] = {
		[EVENT_CLOSED] = EVTCHNSTAT_closed,
		[EVENT_UNBOUND] = EVTCHNSTAT_unbound,
		[EVENT_INTERDOMAIN] = EVTCHNSTAT_interdomain,
		[EVENT_PIRQ] = EVTCHNSTAT_pirq,
		[EVENT_VIRQ] = EVTCHNSTAT_virq,
		[EVENT_IPI] = EVTCHNSTAT_ipi,
	};
	struct event_port *p = port_find(d, port);
	struct vcpu_events *v;

	if (!p) {
		return refuse(-EINVAL);
	}
	lock_acquire(&p->lock);
	v = p->notify;
	status->status = abi_state[port_state(p)];
	status->vcpu = v ? v->id : 0;
	switch (port_state(p)) {
	case EVENT_UNBOUND:
		status->u.unbound.dom = p->peer_id;
		break;
	case EVENT_INTERDOMAIN:
		status->u.interdomain.dom = p->peer->id;
		status->u.interdomain.port = p->peer_port;
		break;
	case EVENT_PIRQ:
		status->u.pirq = p->number;
		break;
	case EVENT_VIRQ:
		status->u.virq = p->number;
		break;
	default:
		break;
	}
	lock_release(&p->lock);
	return 0;
}

int event_set_priority(struct domain_events *d, uint32_t port, uint32_t priority)
{
	struct event_port *p = port_find(d, port);

	if (priority > EVTCHN_FIFO_PRIORITY_MIN || !p) {
		return refuse(-EINVAL);
	}
	if (!d->fifo) {
		return refuse(-ENOSYS);
	}
	atomic_store_explicit(&p->priority, (uint8_t)priority, memory_order_relaxed);
	return 0;
}
