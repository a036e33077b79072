/* SPDX-License-Identifier: MIT */
/* Event channels in the 2-level layout: binding, masking, and the upcall's scan. */
#ifndef PV_EVENT_H
#define PV_EVENT_H

#include "hypercall.h"
#include "mmu.h"
#include "trap.h"

typedef void pv_event_handler(evtchn_port_t port);

/* Set by pv_events_start(): where shared_info is mapped, and the vcpu_info this kernel uses. */
static volatile struct shared_info *pv_shared;
static volatile struct vcpu_info *pv_vcpu;
static pv_event_handler *pv_event_any;

/* Maps shared_info over a page of the kernel's own that it gives up for this. */
static inline long pv_events_start(const struct start_info *start, void *page)
{
	long rc = pv_update_va_mapping((unsigned long)page, start->shared_info | PTE_KERNEL_RW,
				       UVMF_INVLPG);

	if (!rc) {
		pv_shared = (volatile struct shared_info *)page;
		pv_vcpu = &pv_shared->vcpu_info[0];
	}
	return rc;
}

static inline int pv_event_pending(evtchn_port_t port)
{
	return pv_shared->evtchn_pending[port / 64] >> (port % 64) & 1;
}

static inline void pv_event_clear(evtchn_port_t port)
{
	__atomic_fetch_and(&pv_shared->evtchn_pending[port / 64], ~(1UL << (port % 64)),
			   __ATOMIC_SEQ_CST);
}

static inline void pv_event_mask(evtchn_port_t port)
{
	__atomic_fetch_or(&pv_shared->evtchn_mask[port / 64], 1UL << (port % 64), __ATOMIC_SEQ_CST);
}

/* The hypercall also delivers what became pending meanwhile. */
static inline long pv_event_unmask(evtchn_port_t port)
{
	struct evtchn_unmask unmask = {.port = port};

	return pv_event_channel_op(EVTCHNOP_unmask, &unmask);
}

static inline long pv_event_send(evtchn_port_t port)
{
	struct evtchn_send send = {.port = port};

	return pv_event_channel_op(EVTCHNOP_send, &send);
}

static inline long pv_event_close(evtchn_port_t port)
{
	struct evtchn_close close = {.port = port};

	return pv_event_channel_op(EVTCHNOP_close, &close);
}

/* A port, or a negative error. Ports of all kinds start masked. */
static inline long pv_event_bind_virq(uint32_t virq, uint32_t vcpu)
{
	struct evtchn_bind_virq bind = {.virq = virq, .vcpu = vcpu};
	long rc = pv_event_channel_op(EVTCHNOP_bind_virq, &bind);

	return rc ? rc : (long)bind.port;
}

static inline long pv_event_bind_ipi(uint32_t vcpu)
{
	struct evtchn_bind_ipi bind = {.vcpu = vcpu};
	long rc = pv_event_channel_op(EVTCHNOP_bind_ipi, &bind);

	return rc ? rc : (long)bind.port;
}

static inline long pv_event_alloc_unbound(domid_t domain, domid_t remote)
{
	struct evtchn_alloc_unbound alloc = {.dom = domain, .remote_dom = remote};
	long rc = pv_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);

	return rc ? rc : (long)alloc.port;
}

static inline long pv_event_bind_interdomain(domid_t remote, evtchn_port_t remote_port)
{
	struct evtchn_bind_interdomain bind = {.remote_dom = remote, .remote_port = remote_port};
	long rc = pv_event_channel_op(EVTCHNOP_bind_interdomain, &bind);

	return rc ? rc : (long)bind.local_port;
}

/* Gives each pending, unmasked port to pv_event_any, once, and clears it before. */
static inline void pv_events_scan(void)
{
	unsigned long words, ports;

	pv_vcpu->evtchn_upcall_pending = 0;
	words = __atomic_exchange_n(&pv_vcpu->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	for (; words; words &= words - 1) {
		unsigned int word = (unsigned int)__builtin_ctzl(words);

		ports = pv_shared->evtchn_pending[word] & ~pv_shared->evtchn_mask[word];
		for (; ports; ports &= ports - 1) {
			evtchn_port_t port = word * 64 + (unsigned int)__builtin_ctzl(ports);

			pv_event_clear(port);
			if (pv_event_any) {
				pv_event_any(port);
			}
		}
	}
}

/* The handler for PV_VECTOR_EVENT. The iret at its end lets events in again, and looks for more. */
static inline void pv_event_upcall(struct pv_regs *regs)
{
	(void)regs;
	do {
		pv_events_scan();
	} while (pv_vcpu->evtchn_upcall_pending);
}

/*
 * Sleeps until the port is pending, and clears it: look at what it is about, and only when there is
 * nothing wait again. Ports that are waited for stay masked, as they are when they are made, and
 * need neither trap table nor handler. pv/time.h has the same for several ports, with a deadline.
 */
static inline void pv_event_wait(evtchn_port_t port)
{
	struct sched_poll poll = {.ports = {&port}, .nr_ports = 1};

	while (!pv_event_pending(port)) {
		pv_sched_op(SCHEDOP_poll, &poll);
	}
	pv_event_clear(port);
}

static inline void pv_events_off(void)
{
	pv_vcpu->evtchn_upcall_mask = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* What became pending while masked is not delivered by the write itself: ask for it. */
static inline void pv_events_on(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	pv_vcpu->evtchn_upcall_mask = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (pv_vcpu->evtchn_upcall_pending) {
		pv_xen_version(XENVER_version, NULL);
	}
}

#endif
