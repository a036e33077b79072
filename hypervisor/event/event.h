/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: the door to event/, with the state that domains and vCPUs embed. */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <lib/base.h>
#include <lib/lock.h>
#include <stdatomic.h>
#include <xen/event_channel.h>
#include <xen/xen.h>

/*
 * A port is one end of a channel. Its states and how it gets from one to the next:
 *
 *	closed ------ event_alloc_unbound ----> unbound (waits for a peer of a named domain)
 *	closed, and the peer's unbound -- event_bind_interdomain --> both interdomain
 *	closed ------ event_bind_virq, _ipi, _pirq ----------------> virq, ipi, pirq
 *	any --------- event_close ------------> closed; an interdomain peer becomes unbound
 *
 * Locks. `domain_events.lock` guards the table: which ports exist and are in use, and the VIRQ
 * bindings. A port's own lock guards its state and union. A port changes between closed and
 * something else with both locks held; between unbound and interdomain the two ports' locks do.
 * So whoever holds an interdomain port's lock holds its peer, and the peer's domain, in place:
 * that is all that sending needs. `notify` and `priority` are single words that a sender at the
 * other end reads without a lock.
 *
 * A domain that dies closes all its ports (event_close_next) before its memory goes; from then on
 * no other domain's port names it.
 *
 * Nothing in here wakes a vCPU. What can, fills a struct event_kick and returns EVENT_KICK; the
 * caller acts on it while the port that names the receiver stays locked, and ends with
 * event_kick_done().
 */

enum event_state {
	EVENT_CLOSED,
	EVENT_UNBOUND,
	EVENT_INTERDOMAIN,
	EVENT_IPI, /* its own peer: sending is the same for these two */
	EVENT_PIRQ,
	EVENT_VIRQ,
};

struct event_port {
	struct lock lock;
	_Atomic uint8_t state;
	_Atomic uint8_t priority;	    /* FIFO */
	struct vcpu_events *_Atomic notify; /* null: vCPU 0 */
	_Atomic uint32_t queue;		    /* FIFO: where it was linked last, see fifo.c */
	uint32_t peer_port; /* interdomain, IPI; closed: the next closed port, or 0 */
	union {
		struct domain_events *peer; /* interdomain, IPI */
		domid_t peer_id;	    /* unbound: who may bind */
		uint32_t number;	    /* pirq, virq */
	};
};

#define EVENT_BUCKET_PORTS  (PAGE_SIZE / sizeof(struct event_port)) /* the table grows by this */
#define EVENT_SMALL_BUCKETS 8
#define EVENT_LARGE_BUCKETS (EVTCHN_FIFO_NR_CHANNELS / EVENT_BUCKET_PORTS)

struct vcpu_events {
	struct domain_events *domain;
	unsigned id;
	struct vcpu_info *_Atomic info; /* shared with the guest; never null */
	_Atomic uint32_t polls_for;	/* a port, EVENT_POLL_ANY, or 0: does not poll */

	/* Guarded by domain->lock, read without it: the port of each VIRQ, 0: not bound. */
	_Atomic uint32_t virq_port[NR_VIRQS];
};

#define EVENT_POLL_ANY UINT32_MAX

struct domain_events {
	domid_t id;
	struct shared_info *shared;	     /* with the guest */
	struct vcpu_events *first;	     /* vCPU 0, null as long as there is none */
	struct event_port **_Atomic buckets; /* small_buckets, then one of EVENT_LARGE_BUCKETS */
	_Atomic uint32_t port_count;	     /* ports with storage; only grows */
	_Atomic uint64_t pollers[2];	     /* vCPUs whose polls_for is not 0 */
	struct fifo_domain *_Atomic fifo;    /* null: 2-level */

	/* Guarded by `lock`. */
	struct lock lock;
	uint32_t port_limit;   /* ports it may have, port 0 included */
	uint32_t fresh;	       /* ports from here on were never open; port 0 never is */
	uint32_t closed;       /* the first in the list of closed ports below, or 0 */
	uint32_t close_cursor; /* event_close_next() has come to here */
	uint32_t open_count;   /* ports that are not closed */
	bool dying;	       /* no new ports */
	struct event_port *small_buckets[EVENT_SMALL_BUCKETS];
};

/* --- Life ---------------------------------------------------------------------------------- */

/* `port_limit` as the toolstack gave it: the highest port number; clamped to what FIFO can name. */
void event_domain_init(struct domain_events *d, domid_t id, struct shared_info *shared,
		       uint32_t highest_port);
void event_vcpu_init(struct domain_events *d, struct vcpu_events *v, unsigned id,
		     struct vcpu_info *info);
/* The vCPU does not run. Everything pending is raised anew, so that nothing is lost. */
void event_vcpu_info_moved(struct vcpu_events *v, struct vcpu_info *info);
void event_domain_dying(struct domain_events *d);
void event_domain_free(struct domain_events *d); /* all ports are closed */

/* --- Effects ------------------------------------------------------------------------------- */

struct event_kick {
	struct vcpu_events *upcall;   /* shall look at its events; null: nobody */
	struct domain_events *domain; /* who received */
	uint32_t port;
	bool pollers; /* some of domain->pollers may wait for it: event_polls_for() */
	struct lock *held;
};

#define EVENT_KICK 1 /* the return value that says: act on the kick, then event_kick_done() */

#define EVENT_NO_NEWS 2 /* it was pending already: the guest has not taken the last one yet */

static inline void event_kick_done(struct event_kick *kick)
{
	lock_release(kick->held);
}

/* --- Operations: 0, an error, or (where a kick is taken) EVENT_KICK -------------------------- */

int event_alloc_unbound(struct domain_events *d, domid_t peer_id, uint32_t *port);
int event_bind_interdomain(struct domain_events *d, struct domain_events *peer, uint32_t peer_port,
			   uint32_t *port, struct event_kick *kick);
int event_bind_virq(struct vcpu_events *v, uint32_t virq, uint32_t *port);
int event_bind_ipi(struct vcpu_events *v, uint32_t *port);
int event_bind_pirq(struct domain_events *d, uint32_t pirq, uint32_t *port);
int event_status(struct domain_events *d, uint32_t port, struct evtchn_status *status);
int event_set_priority(struct domain_events *d, uint32_t port, uint32_t priority);

#define EVENT_NO_PIRQ UINT32_MAX

/*
 * *pirq is the interrupt the port is bound to, for the caller to have it come to the vCPU's CPU, or
 * was, for him to unbind; or EVENT_NO_PIRQ.
 */
int event_bind_vcpu(struct vcpu_events *v, uint32_t port, uint32_t *pirq);
int event_close(struct domain_events *d, uint32_t port, uint32_t *pirq);

/*
 * Closes the next ports that are open, a bounded number, and stops after one with a PIRQ; true
 * as long as there may be more. A reset, and a dying domain, call it until it says false.
 */
bool event_close_next(struct domain_events *d, uint32_t *pirq);

bool event_virq_is_global(uint32_t virq); /* bound on vCPU 0, once a domain */

/* --- Sending ------------------------------------------------------------------------------- */

int event_send(struct domain_events *d, uint32_t port, struct event_kick *kick);
int event_unmask(struct domain_events *d, uint32_t port, struct event_kick *kick);

/* By the hypervisor itself; an unbound VIRQ is nothing to do. A PIRQ's may be EVENT_NO_NEWS. */
int event_send_virq(struct vcpu_events *v, uint32_t virq, struct event_kick *kick);
int event_send_pirq(struct domain_events *d, uint32_t port, uint32_t pirq, struct event_kick *kick);

/* Whom a port tells, if it is open: a glance. Null only for a domain without vCPUs. */
struct vcpu_events *event_notified(struct domain_events *d, uint32_t port);

/* --- FIFO (fifo.c) ------------------------------------------------------------------------- */

/*
 * The domain changes to FIFO with its first vCPU's control block; the caller holds the frames that
 * the guest gives for control blocks and words until they are taken back here. `page` is the next
 * of the pages of words; afterwards event_fifo_raise_early() sees to each of its ports, for those
 * that were raised before there was a word to say so.
 */
int event_fifo_add_vcpu(struct vcpu_events *v, struct evtchn_fifo_control_block *control);
int event_fifo_add_page(struct domain_events *d, event_word_t *page, uint32_t *first_port);
int event_fifo_raise_early(struct domain_events *d, uint32_t port, struct event_kick *kick);
#define EVENT_FIFO_PAGE_PORTS 1024

/*
 * Back to 2-level, all ports being closed (else -EBUSY). *f may be null, else its pages are taken
 * back one by one, until null says that it is gone.
 */
int event_fifo_detach(struct domain_events *d, struct fifo_domain **f);
void *event_fifo_take_page(struct fifo_domain *f);

/* For an audit: the pages held so far, by an index below the limit; null: none there. */
unsigned event_fifo_page_limit(void);
const void *event_fifo_page(const struct domain_events *d, unsigned index);

/* --- Polling ------------------------------------------------------------------------------- */

/*
 * A poll first says what it waits for, then looks whether it is there already: an event that
 * comes in between finds the poller. event_is_pending() is -EINVAL for a port that is none.
 */
void event_poll_begin(struct vcpu_events *v, uint32_t port_or_any);
void event_poll_end(struct vcpu_events *v);
int event_is_pending(struct domain_events *d, uint32_t port);

static inline bool event_polls_for(const struct vcpu_events *v, uint32_t port)
{
	uint32_t polls_for = atomic_load_explicit(&v->polls_for, memory_order_relaxed);

	return polls_for == port || polls_for == EVENT_POLL_ANY;
}

#endif
