/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes become operations of three domains on their event channels, 2-level and FIFO mixed. */
#include "fake_heap.h"

#include <event/event.h>
#include <fake.h>
#include <lib/error.h>
#include <stdlib.h>
#include <string.h>

#define DOMAINS 3
#define VCPUS	3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_domain {
	struct domain_events events;
	struct vcpu_events vcpu[VCPUS];
	struct shared_info shared;
	struct evtchn_fifo_control_block control[VCPUS];
	event_word_t words[1024];
};

static struct fuzz_domain dom[DOMAINS];

static void act(int rc, struct event_kick *kick)
{
	if (rc == EVENT_KICK) {
		event_kick_done(kick);
	}
}

static void reset(struct domain_events *d)
{
	struct fifo_domain *f = NULL;
	uint32_t pirq;

	while (event_close_next(d, &pirq)) {
	}
	if (event_fifo_detach(d, &f)) {
		abort(); /* a port is open that closing all did not find */
	}
	while (f && event_fifo_take_page(f)) {
	}
}

/* One operation: what, who, and a port or number with each byte's own range. */
static void step(const uint8_t *op)
{
	struct fuzz_domain *d = &dom[op[1] % DOMAINS], *other = &dom[op[1] / 16 % DOMAINS];
	struct vcpu_events *v = &d->vcpu[op[2] % VCPUS];
	struct event_kick kick;
	struct evtchn_status status;
	uint32_t port = op[3], result;

	switch (op[0] % 16) {
	case 0:
		event_alloc_unbound(&d->events, other->events.id, &result);
		break;
	case 1:
	case 2:
		act(event_bind_interdomain(&d->events, &other->events, port, &result, &kick),
		    &kick);
		break;
	case 3:
		event_bind_virq(v, op[3], &result);
		break;
	case 4:
		event_bind_ipi(v, &result);
		break;
	case 5:
		event_bind_pirq(&d->events, op[3], &result);
		break;
	case 6:
		event_close(&d->events, port, &result);
		break;
	case 7:
		event_bind_vcpu(v, port, &result);
		break;
	case 8:
		act(event_unmask(&d->events, port, &kick), &kick);
		break;
	case 9:
		event_set_priority(&d->events, port, op[2]);
		event_status(&d->events, port, &status);
		break;
	case 10:
		act(event_send_virq(v, op[3] % NR_VIRQS, &kick), &kick);
		break;
	case 11: /* the guest writes where it may */
		d->words[port] = (uint32_t)op[2] << 24 | op[3];
		d->shared.evtchn_mask[port / 64] ^= op[2];
		d->shared.vcpu_info[v->id].evtchn_pending_sel = 0;
		break;
	case 12:
		event_fifo_add_vcpu(v, &d->control[v->id]);
		break;
	case 13:
		if (!event_fifo_add_page(&d->events, d->words, &result)) {
			for (uint32_t i = 0; i < EVENT_FIFO_PAGE_PORTS; i++) {
				act(event_fifo_raise_early(&d->events, result + i, &kick), &kick);
			}
		}
		break;
	case 14:
		if (op[3] == 0) {
			reset(&d->events);
		}
		break;
	default:
		act(event_send(&d->events, port, &kick), &kick);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(dom, 0, sizeof(dom));
	for (unsigned i = 0; i < DOMAINS; i++) {
		event_domain_init(&dom[i].events, (domid_t)i, &dom[i].shared, 400);
		for (unsigned v = 0; v < VCPUS; v++) {
			event_vcpu_init(&dom[i].events, &dom[i].vcpu[v], v,
					&dom[i].shared.vcpu_info[v]);
		}
	}
	for (; size >= 4; data += 4, size -= 4) {
		step(data);
	}
	for (unsigned i = 0; i < DOMAINS; i++) {
		event_domain_dying(&dom[i].events);
		reset(&dom[i].events);
	}
	for (unsigned i = 0; i < DOMAINS; i++) {
		event_domain_free(&dom[i].events);
	}
	if (fake_heap_bytes) {
		abort();
	}
	return 0;
}
