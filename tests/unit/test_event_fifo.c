/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FIFO event channels with a guest that consumes them by the ABI, alone and between threads. */
#include "fake_heap.h"
#include "tap.h"

#include <event/event.h>
#include <fake.h>
#include <lib/error.h>
#include <pthread.h>
#include <string.h>

#define VCPUS 2
#define PORTS 60
#define WORDS (PAGE_SIZE / sizeof(event_word_t))

#define PENDING (UINT32_C(1) << EVTCHN_FIFO_PENDING)
#define MASKED	(UINT32_C(1) << EVTCHN_FIFO_MASKED)
#define LINKED	(UINT32_C(1) << EVTCHN_FIFO_LINKED)

/* The guest: domain 0 receives on ports 1 … PORTS what domain 1 sends on ports of the same number.
 */
static struct domain_events guest, sender;
static struct vcpu_events vcpu[VCPUS], sender_vcpu;
static struct shared_info shared, sender_shared;
static struct evtchn_fifo_control_block control[VCPUS];
static event_word_t words[2][WORDS];

static uint32_t head[VCPUS][EVTCHN_FIFO_MAX_QUEUES]; /* the guest's own: what it takes next */

static int act(int rc, struct event_kick *kick)
{
	if (rc == EVENT_KICK) {
		event_kick_done(kick);
		return 0;
	}
	return rc;
}

static void connect(void)
{
	struct event_kick kick;
	uint32_t port, local;

	for (unsigned i = 1; i <= PORTS; i++) {
		event_alloc_unbound(&guest, 1, &port);
		act(event_bind_interdomain(&sender, &guest, port, &local, &kick), &kick);
		if (port != i || local != i) {
			abort();
		}
	}
}

static void set_up(void)
{
	memset(control, 0, sizeof(control));
	memset(words, 0, sizeof(words));
	memset(head, 0, sizeof(head));
	memset(&shared, 0, sizeof(shared));
	memset(&sender_shared, 0, sizeof(sender_shared));
	event_domain_init(&guest, 0, &shared, UINT32_MAX);
	event_domain_init(&sender, 1, &sender_shared, UINT32_MAX);
	for (unsigned i = 0; i < VCPUS; i++) {
		event_vcpu_init(&guest, &vcpu[i], i, &shared.vcpu_info[i]);
	}
	event_vcpu_init(&sender, &sender_vcpu, 0, &sender_shared.vcpu_info[0]);
	connect();
}

static void use_fifo(void)
{
	uint32_t first;

	for (unsigned i = 0; i < VCPUS; i++) {
		event_fifo_add_vcpu(&vcpu[i], &control[i]);
	}
	event_fifo_add_page(&guest, words[0], &first);
}

static void close_all(struct domain_events *d)
{
	uint32_t pirq;

	while (event_close_next(d, &pirq)) {
	}
}

static unsigned leave_fifo(void)
{
	struct fifo_domain *f = NULL;
	unsigned pages = 0;

	close_all(&guest);
	if (event_fifo_detach(&guest, &f)) {
		return UINT32_MAX;
	}
	while (f && event_fifo_take_page(f)) {
		pages++;
	}
	return pages;
}

static void tear_down(void)
{
	leave_fifo();
	close_all(&sender);
	event_domain_free(&guest);
	event_domain_free(&sender);
}

/* --- The guest ----------------------------------------------------------------------------- */

/* Takes the first port of a queue; what follows it, 0: nothing. */
static uint32_t unlink_port(uint32_t port)
{
	event_word_t *word = &words[0][port];
	uint32_t was = __atomic_load_n(word, __ATOMIC_SEQ_CST);

	while (!__atomic_compare_exchange_n(word, &was,
					    was & ~(LINKED | ((1U << EVTCHN_FIFO_LINK_BITS) - 1)),
					    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
	}
	return was & ((1U << EVTCHN_FIFO_LINK_BITS) - 1);
}

/* Handles what one vCPU has been told of, in the ABI's order; calls `handle` for each. */
static void upcall(unsigned v, void (*handle)(unsigned v, unsigned queue, uint32_t port))
{
	uint32_t ready;

	if (!__atomic_exchange_n(&shared.vcpu_info[v].evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST)) {
		return;
	}
	ready = __atomic_exchange_n(&control[v].ready, 0, __ATOMIC_SEQ_CST);
	while (ready) {
		unsigned q = (unsigned)__builtin_ctz(ready);
		uint32_t port = head[v][q] ? head[v][q]
					   : __atomic_load_n(&control[v].head[q], __ATOMIC_ACQUIRE);
		uint32_t word;

		head[v][q] = unlink_port(port);
		if (!head[v][q]) {
			ready &= ~(1U << q);
		}
		word = __atomic_load_n(&words[0][port], __ATOMIC_SEQ_CST);
		if ((word & (PENDING | MASKED)) == PENDING) {
			__atomic_fetch_and(&words[0][port], ~PENDING, __ATOMIC_SEQ_CST);
			handle(v, q, port);
		}
		ready |= __atomic_exchange_n(&control[v].ready, 0, __ATOMIC_SEQ_CST);
	}
}

static uint32_t handled[16384];
static unsigned handled_count, handled_vcpu, handled_queue;

static void note(unsigned v, unsigned queue, uint32_t port)
{
	if (handled_count < 16384) {
		handled[handled_count++] = port;
	}
	handled_vcpu = v;
	handled_queue = queue;
}

static void notify_by(uint64_t v, uint32_t port)
{
	uint32_t pirq;

	event_bind_vcpu(&vcpu[v], port, &pirq);
}

static int send(uint32_t port)
{
	struct event_kick kick;

	return act(event_send(&sender, port, &kick), &kick);
}

/* --- Operations ---------------------------------------------------------------------------- */

static void basics(void)
{
	struct event_kick kick;
	uint32_t first = 0, port;

	set_up();
	is_int(event_fifo_add_page(&guest, words[0], &first), -EOPNOTSUPP,
	       "no page before a control block");
	send(5); /* as a bit of the 2-level ABI */
	is_int(event_fifo_add_vcpu(&vcpu[0], &control[0]), 0, "a control block");
	is_int(event_fifo_add_vcpu(&vcpu[0], &control[0]), -EINVAL, "but one a vCPU");
	send(7); /* there is no word for it yet */
	is_int(event_is_pending(&guest, 7), 1, "raised before its word is there, it is pending");
	is_int(event_fifo_add_page(&guest, words[0], &first), 0, "the first page");
	is_int(first, 0, "starts with port 0");
	for (port = 0; port < EVENT_FIFO_PAGE_PORTS; port++) {
		act(event_fifo_raise_early(&guest, port, &kick), &kick);
	}
	handled_count = 0;
	upcall(0, note);
	ok(handled_count == 2 && handled[0] == 5 && handled[1] == 7,
	   "what was raised before comes through then");
	is_int(event_set_priority(&guest, 3, 16), -EINVAL, "priority 16 is none");
	is_int(event_set_priority(&guest, 3, 2), 0, "priority 2");
	handled_count = 0;
	send(1);
	send(2);
	send(3);
	send(1);
	upcall(0, note);
	ok(handled_count == 3 && handled[0] == 3 && handled[1] == 1 && handled[2] == 2,
	   "the higher priority first, then in order, each once");
	words[0][1] |= MASKED;
	handled_count = 0;
	send(1);
	upcall(0, note);
	is_int(handled_count, 0, "a masked one waits");
	is_int(event_unmask(&guest, 1, &kick), EVENT_KICK, "unmasking it");
	ok(kick.upcall == &vcpu[0], "tells its vCPU");
	event_kick_done(&kick);
	upcall(0, note);
	ok(handled_count == 1 && handled[0] == 1, "and it comes");
	notify_by(1, 2);
	send(2);
	upcall(0, note);
	is_int(handled_count, 1, "a vCPU without a control block hears nothing");
	event_fifo_add_vcpu(&vcpu[1], &control[1]);
	words[0][2] = 0;
	send(2);
	upcall(1, note);
	ok(handled_count == 2 && handled_vcpu == 1 && handled_queue == 7, "with one it does");
	is_int(event_fifo_add_page(&guest, words[1], &first), 0, "a second page");
	is_int(first, 1024, "goes on where the first ended");
	is_int(event_fifo_detach(&guest, &(struct fifo_domain *){0}), -EBUSY,
	       "ports that are open keep FIFO");
	is_int(leave_fifo(), 4, "a reset gives two control blocks and two pages back");
	is_int(event_set_priority(&guest, 1, 2), -ENOSYS, "2-level again");
	tear_down();
	is_int(fake_heap_bytes, 0, "all memory came back");
}

static void limits(void)
{
	uint32_t first, port, count = 0;

	set_up();
	fake_heap_fail_at = 1;
	is_int(event_fifo_add_vcpu(&vcpu[0], &control[0]), -ENOMEM,
	       "no memory for a vCPU's queues");
	fake_heap_fail_at = 2;
	is_int(event_fifo_add_vcpu(&vcpu[0], &control[0]), -ENOMEM, "nor for the domain");
	is_int(event_fifo_add_vcpu(&vcpu[0], &control[0]), 0, "but later");
	while (!event_fifo_add_page(&guest, words[0], &first)) {
		count++;
	}
	is_int(count, 128, "128 pages");
	is_int(event_fifo_add_page(&guest, words[0], &first), -ENOSPC, "and no more");
	for (count = PORTS; !event_alloc_unbound(&guest, 1, &port); count++) {
	}
	is_int(count, 131071, "131072 ports, port 0 aside");
	tear_down();
	is_int(fake_heap_bytes, 0, "all memory came back");
}

/* --- Hostile words and moves, one thread -------------------------------------------------------
 */

/* After the guest has handled everything, nothing it wants to know of is left pending. */
static bool drained(void)
{
	for (unsigned i = 0; i < 4; i++) {
		upcall(0, note);
		upcall(1, note);
	}
	for (uint32_t port = 1; port <= PORTS; port++) {
		if ((words[0][port] & (PENDING | MASKED)) == PENDING) {
			printf("# port %u is pending and was not told: %#x\n", port,
			       words[0][port]);
			return false;
		}
	}
	return true;
}

static void random_moves(uint64_t *seed)
{
	struct event_kick kick;
	bool good = true;

	set_up();
	use_fifo();
	for (int step = 0; step < 200000 && good; step++) {
		uint32_t port = 1 + (uint32_t)(tap_random(seed) % PORTS);

		handled_count = 0;
		switch (tap_random(seed) % 8) {
		case 0:
			event_set_priority(&guest, port, (uint32_t)(tap_random(seed) % 16));
			break;
		case 1:
			notify_by(tap_random(seed) % VCPUS, port);
			break;
		case 2:
			words[0][port] |= MASKED;
			break;
		case 3:
			act(event_unmask(&guest, port, &kick), &kick);
			break;
		case 4:
			upcall((unsigned)(tap_random(seed) % VCPUS), note);
			break;
		default:
			good = !send(port);
			break;
		}
		if (step % 16 == 0) {
			good = good && drained();
		}
	}
	ok(good, "priorities and vCPUs change at random, and no event is lost");
	tear_down();
}

static void hostile_words(uint64_t *seed)
{
	struct event_kick kick;

	set_up();
	use_fifo();
	for (int step = 0; step < 100000; step++) {
		uint32_t port = 1 + (uint32_t)(tap_random(seed) % PORTS);

		words[0][tap_random(seed) % WORDS] = (uint32_t)tap_random(seed);
		control[0].ready = (uint32_t)tap_random(seed);
		event_set_priority(&guest, port, (uint32_t)(tap_random(seed) % 16));
		notify_by(tap_random(seed) % VCPUS, port);
		act(event_unmask(&guest, port, &kick), &kick);
		send(port);
	}
	tear_down();
	is_int(fake_heap_bytes, 0, "words of any content do no harm");
}

/* --- Threads --------------------------------------------------------------------------------- */

static _Atomic uint32_t message[PORTS + 1], seen[PORTS + 1];
static _Atomic int senders_left;

static void see(unsigned v, unsigned queue, uint32_t port)
{
	(void)v;
	(void)queue;
	atomic_store(&seen[port], atomic_load(&message[port]));
}

/* Each sender has its own half of the ports. */
static void *send_many(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	uint64_t random = 99 + me;

	fake_cpu = me;
	for (int i = 0; i < 40000; i++) {
		uint32_t port = 1 + (uint32_t)(tap_random(&random) % (PORTS / 2)) * 2 + me - 1;

		atomic_fetch_add(&message[port], 1);
		send(port);
		if (i % 7 == 0) {
			event_set_priority(&guest, port, (uint32_t)(tap_random(&random) % 3));
			notify_by(tap_random(&random) % VCPUS, port);
		}
	}
	atomic_fetch_sub(&senders_left, 1);
	return NULL;
}

static void *receive(void *arg)
{
	uint64_t random = 5;
	struct event_kick kick;
	bool last;

	(void)arg;
	fake_cpu = 3;
	do {
		uint32_t port = 1 + (uint32_t)(tap_random(&random) % PORTS);

		last = !atomic_load(&senders_left);
		__atomic_fetch_or(&words[0][port], MASKED, __ATOMIC_SEQ_CST);
		upcall(0, see);
		upcall(1, see);
		act(event_unmask(&guest, port, &kick), &kick);
		upcall(0, see);
		upcall(1, see);
	} while (!last);
	return NULL;
}

static void between_threads(void)
{
	pthread_t threads[3];
	unsigned lost = 0;

	set_up();
	use_fifo();
	fake_threads_begin();
	atomic_store(&senders_left, 2);
	pthread_create(&threads[0], NULL, receive, NULL);
	pthread_create(&threads[1], NULL, send_many, (void *)1);
	pthread_create(&threads[2], NULL, send_many, (void *)2);
	for (unsigned i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
	}
	for (uint32_t port = 1; port <= PORTS; port++) {
		lost += atomic_load(&seen[port]) != atomic_load(&message[port]);
	}
	is_int(lost, 0,
	       "two CPUs send, a third receives, ports move: the last of each port was seen");
	tear_down();
	is_int(fake_heap_bytes, 0, "all memory came back");
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);

	basics();
	limits();
	random_moves(&seed);
	hostile_words(&seed);
	between_threads();
	return done_testing();
}
