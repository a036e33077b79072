/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels between threads, each a CPU: nothing is lost, nothing dead-locks, TSan is quiet.
 */
#include "fake_heap.h"
#include "tap.h"

#include <event/event.h>
#include <fake.h>
#include <lib/error.h>
#include <pthread.h>
#include <string.h>

#define EVENTS 100000

struct fake_domain {
	struct domain_events events;
	struct vcpu_events vcpu[2];
	struct shared_info shared;
};

static struct fake_domain dom[2];
static uint32_t port[2]; /* of the channel between the two */

static void set_up(void)
{
	struct event_kick kick;

	memset(dom, 0, sizeof(dom));
	for (unsigned i = 0; i < 2; i++) {
		event_domain_init(&dom[i].events, (domid_t)i, &dom[i].shared, 1023);
		event_vcpu_init(&dom[i].events, &dom[i].vcpu[0], 0, &dom[i].shared.vcpu_info[0]);
		event_vcpu_init(&dom[i].events, &dom[i].vcpu[1], 1, &dom[i].shared.vcpu_info[1]);
	}
	event_alloc_unbound(&dom[0].events, 1, &port[0]);
	if (event_bind_interdomain(&dom[1].events, &dom[0].events, port[0], &port[1], &kick) ==
	    EVENT_KICK) {
		event_kick_done(&kick);
	}
	memset(&dom[1].shared, 0, sizeof(dom[1].shared));
}

static void tear_down(void)
{
	uint32_t pirq;

	for (unsigned i = 0; i < 2; i++) {
		while (event_close_next(&dom[i].events, &pirq)) {
		}
	}
	event_domain_free(&dom[0].events);
	event_domain_free(&dom[1].events);
}

static void act(int rc, struct event_kick *kick)
{
	if (rc == EVENT_KICK) {
		event_kick_done(kick);
	}
}

/* --- Sent numbers arrive: the last one written before a send is seen after its event -----------
 */

static _Atomic bool sent_all;
static uint64_t
	message; /* plain on purpose: the event orders it, and relaxed atomics are as plain */

static void *sender(void *arg)
{
	struct event_kick kick;

	(void)arg;
	fake_cpu = 1;
	for (uint64_t i = 1; i <= EVENTS; i++) {
		__atomic_store_n(&message, i, __ATOMIC_RELAXED);
		act(event_send(&dom[1].events, port[1], &kick), &kick);
	}
	atomic_store(&sent_all, true);
	return NULL;
}

/* A guest's upcall handler, as the ABI tells guests to write it; true if the port was pending. */
static bool upcall(struct fake_domain *d, unsigned vcpu, uint32_t which)
{
	struct vcpu_info *info = &d->shared.vcpu_info[vcpu];
	uint64_t words;

	if (!__atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_SEQ_CST)) {
		return false;
	}
	__atomic_store_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	if (!(words & BIT(which / 64))) {
		return false;
	}
	return __atomic_fetch_and(&d->shared.evtchn_pending[which / 64], ~BIT(which % 64),
				  __ATOMIC_SEQ_CST) >>
		       (which % 64) &
	       1;
}

/* The last message seen while the sender sends, and by one look after it has ended. */
static uint64_t receive(bool masking, unsigned long *events)
{
	uint64_t seen = 0, bit = BIT(port[0] % 64);
	struct event_kick kick;
	pthread_t thread;
	bool last;

	set_up();
	message = 0;
	atomic_store(&sent_all, false);
	pthread_create(&thread, NULL, sender, NULL);
	do {
		last = atomic_load(&sent_all);
		if (masking) {
			__atomic_fetch_or(&dom[0].shared.evtchn_mask[port[0] / 64], bit,
					  __ATOMIC_SEQ_CST);
			act(event_unmask(&dom[0].events, port[0], &kick), &kick);
		}
		if (upcall(&dom[0], 0, port[0])) {
			++*events;
			seen = __atomic_load_n(&message, __ATOMIC_RELAXED);
		}
	} while (!last);
	pthread_join(thread, NULL);
	tear_down();
	return seen;
}

static void nothing_is_lost(void)
{
	unsigned long events = 0;

	ok(receive(false, &events) == EVENTS, "the last message of %d was seen", EVENTS);
	ok(events && events <= EVENTS, "in %lu events", events);
	/* Whoever unmasks sees what came meanwhile. */
	ok(receive(true, &events) == EVENTS, "with masking and unmasking in between as well");
}

/* --- Both ends send, close, bind and poll at once --------------------------------------------- */

static void *hammer(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg, other = !me;
	uint64_t random = 12345 + me;
	struct event_kick kick;
	uint32_t p, pirq;

	fake_cpu = me;
	for (int i = 0; i < EVENTS; i++) {
		uint32_t any = 1 + (uint32_t)(tap_random(&random) % 40);

		switch (tap_random(&random) % 8) {
		case 0:
			event_alloc_unbound(&dom[me].events, (domid_t)(any % 2), &p);
			break;
		case 1:
			event_close(&dom[me].events, any, &pirq);
			break;
		case 2:
		case 3:
			act(event_bind_interdomain(&dom[me].events,
						   &dom[any % 3 ? other : me].events, any, &p,
						   &kick),
			    &kick);
			break;
		case 4:
			event_bind_vcpu(&dom[me].vcpu[any % 2], any, &pirq);
			act(event_unmask(&dom[me].events, any, &kick), &kick);
			break;
		case 5:
			event_poll_begin(&dom[me].vcpu[0], any);
			event_is_pending(&dom[me].events, any);
			event_poll_end(&dom[me].vcpu[0]);
			break;
		case 6:
			__atomic_store_n(&dom[me].shared.evtchn_pending[0], 0, __ATOMIC_SEQ_CST);
			break;
		default:
			act(event_send(&dom[me].events, any, &kick), &kick);
			break;
		}
	}
	return NULL;
}

/* Each interdomain port's peer points back. */
static bool consistent(void)
{
	for (unsigned d = 0; d < 2; d++) {
		for (uint32_t p = 1; p < dom[d].events.port_count; p++) {
			struct evtchn_status s, back;

			event_status(&dom[d].events, p, &s);
			if (s.status != EVTCHNSTAT_interdomain) {
				continue;
			}
			event_status(&dom[s.u.interdomain.dom].events, s.u.interdomain.port, &back);
			if (back.status != EVTCHNSTAT_interdomain || back.u.interdomain.dom != d ||
			    back.u.interdomain.port != p) {
				return false;
			}
		}
	}
	return true;
}

static void both_ends(void)
{
	pthread_t threads[2];

	set_up();
	for (uintptr_t i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, hammer, (void *)i);
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	ok(true, "two CPUs at both ends of a table of channels come to an end");
	ok(consistent(), "and every peer points back");
	tear_down();
	is_int(fake_heap_bytes, 0, "all memory came back");
}

/* --- One domain dies, or is reset, while the other sends to it and binds its ports -------------
 */

static _Atomic bool over;

static void *use_the_dying(void *arg)
{
	uint64_t random = 99;
	struct event_kick kick;
	uint32_t p, pirq;

	(void)arg;
	fake_cpu = 1;
	while (!atomic_load(&over)) {
		uint32_t any = 1 + (uint32_t)(tap_random(&random) % 40);

		switch (tap_random(&random) % 4) {
		case 0:
			act(event_bind_interdomain(&dom[1].events, &dom[0].events, any, &p, &kick),
			    &kick);
			break;
		case 1:
			event_close(&dom[1].events, any, &pirq);
			break;
		case 2: /* a sender is moved to another vCPU while its peer goes */
			event_bind_vcpu(&dom[1].vcpu[any % 2], any, &pirq);
			break;
		default:
			act(event_send(&dom[1].events, any, &kick), &kick);
			break;
		}
	}
	return NULL;
}

static void close_all(struct domain_events *d)
{
	uint32_t pirq;

	while (event_close_next(d, &pirq)) {
	}
}

static bool all_closed(struct domain_events *d)
{
	for (uint32_t p = 1; p < d->port_count; p++) {
		struct evtchn_status s;

		if (event_status(d, p, &s) == 0 && s.status != EVTCHNSTAT_closed) {
			return false;
		}
	}
	return true;
}

static void death_in_use(void)
{
	unsigned resets = 0;
	pthread_t thread;
	uint32_t p;

	set_up();
	atomic_store(&over, false);
	pthread_create(&thread, NULL, use_the_dying, NULL);
	for (; resets < 300; resets++) {
		for (unsigned i = 0; i < 20; i++) {
			event_alloc_unbound(&dom[0].events, 1, &p);
			event_bind_ipi(&dom[0].vcpu[i % 2], &p);
			event_bind_virq(&dom[0].vcpu[i % 2], VIRQ_DEBUG, &p);
		}
		close_all(&dom[0].events);
	}
	event_domain_dying(&dom[0].events);
	close_all(&dom[0].events);
	ok(all_closed(&dom[0].events), "a domain that is used all the time is reset and dies");
	is_int(event_alloc_unbound(&dom[0].events, 1, &p), -EINVAL, "and has no ports any more");
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	ok(all_closed(&dom[0].events) && consistent(), "whatever the other one tries");
	for (p = 1; p < dom[1].events.port_count; p++) {
		struct evtchn_status s;

		event_status(&dom[1].events, p, &s);
		if (s.status == EVTCHNSTAT_interdomain && s.u.interdomain.dom == 0) {
			break;
		}
	}
	ok(p >= dom[1].events.port_count, "and no port of that one names it");
	tear_down();
	is_int(fake_heap_bytes, 0, "all memory came back");
}

int main(void)
{
	fake_threads_begin();
	nothing_is_lost();
	both_ends();
	death_in_use();
	return done_testing();
}
