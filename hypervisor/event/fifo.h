/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside event/: the FIFO ABI, 131072 ports as words in pages of the guest, queued by priority. */
#ifndef EVENT_FIFO_H
#define EVENT_FIFO_H

#include <event/channel.h>

#define FIFO_VCPUS	128
#define FIFO_PAGE_WORDS (PAGE_SIZE / sizeof(event_word_t))
#define FIFO_PAGES	(EVTCHN_FIFO_NR_CHANNELS / FIFO_PAGE_WORDS)

struct fifo_queue {
	struct lock lock;
	uint32_t tail; /* the port linked last, 0: none; guarded by `lock` */
};

/* Made when the vCPU's control block is registered; stays as long as the domain uses FIFO. */
struct fifo_vcpu {
	struct vcpu_events *vcpu;
	struct evtchn_fifo_control_block *control; /* in a page of the guest */
	struct fifo_queue queue[EVTCHN_FIFO_MAX_QUEUES];
};

struct fifo_domain {
	struct fifo_vcpu *_Atomic vcpu[FIFO_VCPUS];
	event_word_t *_Atomic page[FIFO_PAGES]; /* pages of the guest */
	unsigned pages;				/* guarded by domain_events.lock */
	unsigned taken;				/* fifo_take_page() has come to here */
};

/*
 * event_port.queue: which queue the port was linked in last, and EARLY: it was raised before its
 * word was there. 0: never linked. Kept when the port closes, for its word may still be linked.
 */
#define FIFO_EARLY (UINT32_C(1) << 31)

/* True: it was not pending yet. */
bool fifo_set(struct fifo_domain *f, uint32_t port, struct event_port *p);
void fifo_clear(struct fifo_domain *f, uint32_t port, struct event_port *p);
bool fifo_is_pending(struct fifo_domain *f, uint32_t port, struct event_port *p);

/* Both say which vCPU has to be told, or null. */
struct vcpu_events *fifo_deliver(struct fifo_domain *f, uint32_t port, struct event_port *p,
				 struct vcpu_events *v);
struct vcpu_events *fifo_unmask(struct fifo_domain *f, uint32_t port, struct event_port *p,
				struct vcpu_events *v);

#endif
