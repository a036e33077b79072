/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels in the FIFO layout: control block, array pages, queues by priority, masking.
 * run: mem=512
 */
#include "guest.h"

static struct evtchn_fifo_control_block control __attribute__((aligned(PAGE_SIZE)));
static volatile event_word_t words[4096 / sizeof(event_word_t)] __attribute__((aligned(PAGE_SIZE)));

static evtchn_port_t order[64];
static unsigned int order_count;

/* Takes one event from the queue of a priority; the link bits lead to the next. */
static bool take(unsigned int queue, uint32_t *ready)
{
	uint32_t head = __atomic_load_n(&control.head[queue], __ATOMIC_ACQUIRE);
	event_word_t old = words[head];

	/* Unlink it: after that the hypervisor may link it anew. */
	while (!__atomic_compare_exchange_n(
		&words[head], &old, old & ~((1U << EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK), 0,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
	}
	if (!(old & EVTCHN_FIFO_LINK_MASK)) {
		*ready &= ~(1U << queue);
	}
	control.head[queue] = old & EVTCHN_FIFO_LINK_MASK;
	if (old >> EVTCHN_FIFO_PENDING & 1 && !(old >> EVTCHN_FIFO_MASKED & 1)) {
		__atomic_fetch_and(&words[head], ~(1U << EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST);
		order[order_count++ % ARRAY_SIZE(order)] = head;
	}
	return true;
}

static void upcall(struct pv_regs *regs)
{
	uint32_t ready;

	(void)regs;
	pv_vcpu->evtchn_upcall_pending = 0;
	ready = __atomic_exchange_n(&control.ready, 0, __ATOMIC_SEQ_CST);
	while (ready) {
		unsigned int queue = (unsigned int)__builtin_ctz(ready);

		if (control.head[queue]) {
			take(queue, &ready);
		} else {
			ready &= ~(1U << queue);
		}
		ready |= __atomic_exchange_n(&control.ready, 0, __ATOMIC_SEQ_CST);
	}
}

static long start_fifo(void)
{
	struct evtchn_init_control init = {.control_gfn = pv_virt_to_mfn(&control), .vcpu = 0};
	struct evtchn_expand_array expand = {.array_gfn = pv_virt_to_mfn(words)};
	long rc;

	init.offset = 4;
	ok(pv_event_channel_op(EVTCHNOP_init_control, &init) < 0,
	   "a control block at an odd place is refused");
	init.offset = 4090;
	ok(pv_event_channel_op(EVTCHNOP_init_control, &init) < 0, "or across the end of a page");
	init.offset = 0;
	init.vcpu = 77;
	ok(pv_event_channel_op(EVTCHNOP_init_control, &init) < 0,
	   "or for a vCPU that is not there");
	init.vcpu = 0;
	init.control_gfn = 0x101;
	ok(pv_event_channel_op(EVTCHNOP_init_control, &init) < 0, "or in another's frame");
	init.control_gfn = pv_virt_to_mfn(pv_root);
	ok(pv_event_channel_op(EVTCHNOP_init_control, &init) < 0, "or in a page table");
	init.control_gfn = pv_virt_to_mfn(&control);
	rc = pv_event_channel_op(EVTCHNOP_init_control, &init);
	if (rc) {
		return rc;
	}
	is(init.link_bits, EVTCHN_FIFO_LINK_BITS, "links have 17 bits");
	expand.array_gfn = 0x101;
	ok(pv_event_channel_op(EVTCHNOP_expand_array, &expand) < 0,
	   "another's frame is no array page");
	/* Ports start as the guest's words say; masked is what the other layout does. */
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		words[i] = 1U << EVTCHN_FIFO_MASKED;
	}
	expand.array_gfn = pv_virt_to_mfn(words);
	return pv_event_channel_op(EVTCHNOP_expand_array, &expand);
}

static long set_priority(evtchn_port_t port, uint32_t priority)
{
	struct evtchn_set_priority set = {.port = port, .priority = priority};

	return pv_event_channel_op(EVTCHNOP_set_priority, &set);
}

static void check_one(void)
{
	evtchn_port_t port = (evtchn_port_t)pv_event_bind_ipi(0);

	ok(words[port] >> EVTCHN_FIFO_MASKED & 1, "a new port is as its word was");
	is(pv_event_send(port), 0, "sending to it");
	ok(words[port] >> EVTCHN_FIFO_PENDING & 1, "makes it pending");
	ok(!(words[port] >> EVTCHN_FIFO_LINKED & 1), "but links it nowhere");
	order_count = 0;
	pv_event_unmask(port);
	is(order_count, 1, "unmasked it comes");
	is(order[0], port, "by its number");
	ok(!(words[port] >> EVTCHN_FIFO_MASKED & 1), "and is not masked any more");
	is(pv_event_send(port), 0, "sent again");
	is(order_count, 2, "it comes again");
	pv_events_off();
	pv_event_send(port);
	pv_event_send(port);
	pv_events_on();
	is(order_count, 3, "sent twice with events off it comes once");
	pv_event_close(port);
}

static void check_order(void)
{
	evtchn_port_t ports[4];

	for (unsigned int i = 0; i < 4; i++) {
		ports[i] = (evtchn_port_t)pv_event_bind_ipi(0);
		pv_event_unmask(ports[i]);
	}
	order_count = 0;
	pv_events_off();
	for (unsigned int i = 0; i < 4; i++) {
		pv_event_send(ports[3 - i]);
	}
	pv_events_on();
	is(order_count, 4, "four events");
	ok(order[0] == ports[3] && order[1] == ports[2] && order[2] == ports[1] &&
		   order[3] == ports[0],
	   "come in the order they were sent");
	is(set_priority(ports[0], EVTCHN_FIFO_PRIORITY_MAX), 0,
	   "the first gets the highest priority");
	is(set_priority(ports[1], EVTCHN_FIFO_PRIORITY_MIN), 0, "the second the lowest");
	is(set_priority(ports[2], 16), -XEN_EINVAL, "there are 16");
	is(set_priority(4000, 3), -XEN_EINVAL, "and only for ports that are there");
	order_count = 0;
	pv_events_off();
	for (unsigned int i = 0; i < 4; i++) {
		pv_event_send(ports[3 - i]);
	}
	pv_events_on();
	is(order_count, 4, "four events");
	ok(order[0] == ports[0] && order[3] == ports[1], "come by priority");
	for (unsigned int i = 0; i < 4; i++) {
		pv_event_close(ports[i]);
	}
}

/* The words belong to the guest as much as to the hypervisor: garbage there harms only the guest.
 */
static void check_garbage(void)
{
	evtchn_port_t port = (evtchn_port_t)pv_event_bind_ipi(0),
		      other = (evtchn_port_t)pv_event_bind_ipi(0);

	pv_events_off();
	pv_event_unmask(port);
	pv_event_unmask(other);
	for (unsigned int i = 0; i < 2000; i++) {
		words[port] = i * 0x9e3779b9;
		words[other] = ~(i * 0x85ebca6b);
		control.head[i % 16] = i * 77;
		control.ready = i;
		pv_event_send(port);
		pv_event_send(other);
		pv_event_unmask(port);
	}
	is(pv_xen_version(XENVER_version, NULL), 4 << 16 | 17,
	   "2000 rounds of garbage in words and queues");
	memset(&control, 0, sizeof(control));
	words[port] = words[other] = 0;
	is(pv_event_close(port) | pv_event_close(other), 0, "the ports are closed");
}

static void guest_main(void)
{
	long rc = start_fifo();

	if (!is(rc, 0, "the FIFO layout is taken")) {
		return;
	}
	pv_handlers[PV_VECTOR_EVENT] = upcall;
	pv_events_on();
	check_one();
	check_order();
	check_garbage();
}
