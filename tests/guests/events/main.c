/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels in the 2-level layout: every kind, status, masks, upcalls, polling.
 * run: mem=512
 */
#include "guest.h"

static unsigned int upcalls;
static evtchn_port_t last_port;

static void count(evtchn_port_t port)
{
	upcalls++;
	last_port = port;
}

static struct evtchn_status status_of(evtchn_port_t port)
{
	struct evtchn_status status = {.dom = DOMID_SELF, .port = port};
	long rc = pv_event_channel_op(EVTCHNOP_status, &status);

	if (rc) {
		status.status = (uint32_t)rc;
	}
	return status;
}

/* A port bound to another one of ours: sending to either makes the other pending. */
static long loop_back(evtchn_port_t *other)
{
	long unbound = pv_event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	long bound = unbound < 0 ? unbound
				 : pv_event_bind_interdomain(DOMID_SELF, (evtchn_port_t)unbound);

	*other = (evtchn_port_t)unbound;
	return bound;
}

static void check_kinds(void)
{
	long unbound, virq, ipi;
	struct evtchn_status status;

	unbound = pv_event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	ok(unbound > 0, "an unbound port");
	status = status_of((evtchn_port_t)unbound);
	is(status.status, EVTCHNSTAT_unbound, "has that status");
	is(status.u.unbound.dom, 0, "and waits for us");
	is(pv_event_send((evtchn_port_t)unbound), 0, "sending there reaches nobody, without error");

	virq = pv_event_bind_virq(VIRQ_DEBUG, 0);
	ok(virq > 0 && virq != unbound, "a VIRQ's port");
	status = status_of((evtchn_port_t)virq);
	is(status.status, EVTCHNSTAT_virq, "has that status");
	is(status.u.virq, VIRQ_DEBUG, "and number");
	is(pv_event_bind_virq(VIRQ_DEBUG, 0), -XEN_EEXIST, "one VIRQ has one port");
	is(pv_event_bind_virq(NR_VIRQS, 0), -XEN_EINVAL, "there are only so many");
	is(pv_event_bind_virq(VIRQ_TIMER, 77), -XEN_ENOENT, "and only so many vCPUs");
	is(pv_event_send((evtchn_port_t)virq), -XEN_EINVAL, "nobody sends a VIRQ");

	ipi = pv_event_bind_ipi(0);
	ok(ipi > 0, "an IPI's port");
	status = status_of((evtchn_port_t)ipi);
	is(status.status, EVTCHNSTAT_ipi, "has that status");
	is(status.vcpu, 0, "and vCPU");
	is(pv_event_bind_ipi(77), -XEN_ENOENT, "vCPUs that are not there have none");

	is(pv_event_close((evtchn_port_t)unbound), 0, "a port is closed");
	is(status_of((evtchn_port_t)unbound).status, EVTCHNSTAT_closed, "and is");
	is(pv_event_close((evtchn_port_t)unbound), -XEN_EINVAL, "once");
	is(pv_event_close(0), -XEN_EINVAL, "port 0 is none");
	is(pv_event_close(0xffffffff), -XEN_EINVAL, "nor is the last number");
	is(pv_event_send(5000), -XEN_EINVAL, "nor one beyond all");
	is(pv_event_close((evtchn_port_t)virq), 0, "a VIRQ's port is closed");
	is(pv_event_close((evtchn_port_t)ipi), 0, "and an IPI's");
}

static void check_interdomain(void)
{
	evtchn_port_t a;
	long bound = loop_back(&a);
	evtchn_port_t b = (evtchn_port_t)bound;
	struct evtchn_status status;

	ok(bound > 0, "two ports bound to one another");
	status = status_of(a);
	is(status.status, EVTCHNSTAT_interdomain, "the first has that status");
	is(status.u.interdomain.port, b, "and names the second");
	is(status_of(b).u.interdomain.port, a, "which names the first");
	ok(pv_event_bind_interdomain(DOMID_SELF, a) < 0, "a bound port is not bound again");
	ok(pv_event_bind_interdomain(DOMID_SELF, 3000) < 0, "nor one that is not there");
	ok(pv_event_bind_interdomain(0x1234, a) < 0, "nor one of a domain that is not there");
	ok(pv_event_alloc_unbound(0x1234, DOMID_SELF) < 0, "nor is one made there");
	pv_event_mask(a);
	pv_event_clear(a);
	is(pv_event_send(b), 0, "a send from the second");
	ok(pv_event_pending(a), "makes the first pending");
	pv_event_clear(b);
	is(pv_event_send(a), 0, "and from the first");
	ok(pv_event_pending(b), "the second");
	is(pv_event_close(b), 0, "one end is closed");
	is(status_of(a).status, EVTCHNSTAT_unbound, "the other waits again");
	pv_event_close(a);
}

static void check_upcalls(void)
{
	long ipi = pv_event_bind_ipi(0);
	evtchn_port_t port = (evtchn_port_t)ipi;

	pv_event_any = count;
	pv_event_unmask(port);
	pv_events_on();
	upcalls = 0;
	is(pv_event_send(port), 0, "an IPI to oneself");
	is(upcalls, 1, "comes before the hypercall returns");
	is(last_port, port, "with its port");
	is(pv_vcpu->evtchn_upcall_mask, 0, "and events are on again");

	pv_event_mask(port);
	is(pv_event_send(port), 0, "to a masked port");
	is(upcalls, 1, "none comes");
	ok(pv_event_pending(port), "it is pending");
	is(pv_event_unmask(port), 0, "unmasked");
	is(upcalls, 2, "it comes");
	is(pv_event_unmask(port), 0, "unmasked again");
	is(upcalls, 2, "nothing comes");

	pv_events_off();
	is(pv_event_send(port), 0, "with events off");
	is(upcalls, 2, "none comes");
	is(pv_vcpu->evtchn_upcall_pending, 1, "but waits");
	ok(pv_vcpu->evtchn_pending_sel >> (port / 64) & 1, "its word is selected");
	is(pv_event_send(port), 0, "sent twice");
	pv_events_on();
	is(upcalls, 3, "it comes once, with events on");
	is(pv_sched_op(SCHEDOP_yield, NULL), 0, "later hypercalls");
	is(upcalls, 3, "bring nothing more");
	pv_events_off();
	pv_event_close(port);
	pv_event_any = NULL;
}

static void check_block(void)
{
	long ipi = pv_event_bind_ipi(0);
	evtchn_port_t port = (evtchn_port_t)ipi;

	pv_event_any = count;
	upcalls = 0;
	pv_event_unmask(port);
	pv_events_off();
	pv_event_send(port);
	is(pv_sched_op(SCHEDOP_block, NULL), 0, "block with an event pending returns");
	is(upcalls, 1, "after the upcall");
	is(pv_vcpu->evtchn_upcall_mask, 0, "with events on");
	pv_events_off();
	pv_event_close(port);
	pv_event_any = NULL;
}

static long poll(evtchn_port_t *ports, unsigned int n, uint64_t timeout)
{
	struct sched_poll poll = {.ports = {ports}, .nr_ports = n, .timeout = timeout};

	return pv_sched_op(SCHEDOP_poll, &poll);
}

static void check_poll(void)
{
	evtchn_port_t ports[2] = {(evtchn_port_t)pv_event_bind_ipi(0), 0}, none = 4999;
	uint64_t start;

	pv_events_off();
	pv_event_mask(ports[0]);
	pv_event_send(ports[0]);
	is(poll(ports, 1, 0), 0, "poll returns at once for a pending port");
	pv_event_clear(ports[0]);
	pv_vcpu->evtchn_upcall_pending = 0;
	start = pv_time();
	is(poll(ports, 1, start + 2000000), 0, "or when its time is over");
	ok(pv_time() >= start + 2000000, "not before");
	is(poll(NULL, 0, pv_time() + 1000000), 0, "with no ports it only waits");
	is(poll(&none, 1, pv_time() + 1000000), -XEN_EINVAL, "a port beyond all is refused");
	is(poll((void *)0x7f00000000, 1, pv_time() + 1000000), -XEN_EFAULT,
	   "as ports that are not there");
	is(poll(ports, 129, pv_time() + 1000000), -XEN_EINVAL, "or too many");
	is(poll(ports, 1, 1), 0, "a time long past is over");
	pv_event_close(ports[0]);
}

/* Every port there is, then one more. */
static void check_exhaustion(void)
{
	unsigned int made = 0, highest = 0;
	long port;

	while ((port = pv_event_alloc_unbound(DOMID_SELF, DOMID_SELF)) > 0) {
		made++;
		highest = port > highest ? (unsigned int)port : highest;
	}
	is(port, -XEN_ENOSPC, "when all ports are used the next is refused");
	ok(made > 1000 && highest < 4096, "there were %u, up to %u", made, highest);
	for (evtchn_port_t i = 1; i <= highest; i++) {
		if (status_of(i).status == EVTCHNSTAT_unbound) {
			made -= !pv_event_close(i);
		}
	}
	is(made, 0, "and all are closed again");
	port = pv_event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	ok(port > 0, "then there is room");
	pv_event_close((evtchn_port_t)port);
}

static void check_bind_vcpu(void)
{
	evtchn_port_t other, port = (evtchn_port_t)loop_back(&other);
	struct evtchn_bind_vcpu bind = {.port = port, .vcpu = 0};

	is(pv_event_channel_op(EVTCHNOP_bind_vcpu, &bind), 0, "a port is bound to a vCPU");
	bind.vcpu = 77;
	is(pv_event_channel_op(EVTCHNOP_bind_vcpu, &bind), -XEN_ENOENT, "that has to be there");
	bind.port = 4000;
	bind.vcpu = 0;
	is(pv_event_channel_op(EVTCHNOP_bind_vcpu, &bind), -XEN_EINVAL, "as the port");
	pv_event_close(port);
	pv_event_close(other);
	is(pv_event_channel_op(99, &bind), -XEN_ENOSYS, "an unknown operation");
	is(pv_event_channel_op(EVTCHNOP_send, (void *)0x7f00000000), -XEN_EFAULT,
	   "an argument that is not there");
}

static void guest_main(void)
{
	check_kinds();
	check_interdomain();
	check_upcalls();
	check_block();
	check_poll();
	check_bind_vcpu();
	check_exhaustion();
}
