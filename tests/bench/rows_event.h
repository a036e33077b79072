/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Benchmark rows: event channels, scheduling, timers. */
#ifndef TESTS_BENCH_ROWS_EVENT_H
#define TESTS_BENCH_ROWS_EVENT_H

#include "bench.h"
#include "rows_trap.h"

static evtchn_port_t ipi_port, timer_port;

/* clang-format off */

/* Clears the pending flag, selector and the first word of pending bits, and returns. */
__asm__("\t.pushsection .text\n"
	"raw_event:\n"
	"\tmovb $0, guest_shared_info\n"
	"\tmovq $0, guest_shared_info + 8\n"
	"\tmovq $0, guest_shared_info + 2048\n"
	"\tpop %rcx\n"
	"\tpop %r11\n"
	RAW_IRET
	"raw_timer:\n"
	"\tpush %rax\n"
	"\tpush %rdx\n"
	"\trdtsc\n"
	"\tmov %eax, event_tsc\n"
	"\tmov %edx, event_tsc + 4\n"
	"\tpop %rdx\n"
	"\tpop %rax\n"
	"\tjmp raw_event\n"
	"\t.popsection\n");

/* clang-format on */

void raw_event(void);
void raw_timer(void);

__attribute__((used)) static volatile uint64_t event_tsc;

static void event_rows_start(void)
{
	ipi_port = (evtchn_port_t)pv_event_bind_ipi(0);
	timer_port = (evtchn_port_t)pv_event_bind_virq(VIRQ_TIMER, 0);
	pv_event_unmask(ipi_port);
	pv_event_unmask(timer_port);
	pv_callback_register(CALLBACKTYPE_event, raw_event, 0);
}

static void event_forget(void)
{
	pv_vcpu->evtchn_upcall_pending = 0;
	pv_vcpu->evtchn_pending_sel = 0;
	pv_shared->evtchn_pending[0] = 0;
}

ALWAYS_INLINE long send(evtchn_port_t port)
{
	struct evtchn_send argument = {.port = port};

	return pv_event_channel_op(EVTCHNOP_send, &argument);
}

ALWAYS_INLINE long unmask(evtchn_port_t port)
{
	struct evtchn_unmask argument = {.port = port};

	return pv_event_channel_op(EVTCHNOP_unmask, &argument);
}

static long send_pending(unsigned int n)
{
	pv_events_off();
	pv_event_send(ipi_port);
	REPEAT(n, send(ipi_port));
	event_forget();
	return 0;
}

static long send_masked(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		long rc = send(ipi_port);

		if (rc) {
			return rc;
		}
		event_forget();
	}
	return 0;
}

static long send_upcall(unsigned int n)
{
	pv_vcpu->evtchn_upcall_mask = 0;
	REPEAT(n, send(ipi_port));
	pv_events_off();
	return 0;
}

static long unmask_idle(unsigned int n)
{
	REPEAT(n, unmask(ipi_port));
	return 0;
}

static long unmask_upcall(unsigned int n)
{
	pv_vcpu->evtchn_upcall_mask = 0;
	for (unsigned int i = 0; i < n; i++) {
		long rc;

		pv_shared->evtchn_mask[0] |= 1UL << ipi_port;
		pv_shared->evtchn_pending[0] |= 1UL << ipi_port;
		rc = unmask(ipi_port);
		if (rc) {
			return rc;
		}
	}
	pv_events_off();
	return 0;
}

static long alloc_close(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		long port = pv_event_alloc_unbound(DOMID_SELF, DOMID_SELF);

		if (port < 0) {
			return port;
		}
		pv_event_close((evtchn_port_t)port);
	}
	return 0;
}

static long block_pending(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		long rc;

		pv_vcpu->evtchn_upcall_mask = 1;
		rc = send(ipi_port);
		rc = rc ? rc : pv_sched_op(SCHEDOP_block, NULL);
		if (rc) {
			return rc;
		}
	}
	pv_events_off();
	return 0;
}

static long yield(unsigned int n)
{
	REPEAT(n, pv_sched_op(SCHEDOP_yield, NULL));
	return 0;
}

#define FAR 10000000000UL

static long set_timer_far(unsigned int n)
{
	uint64_t deadline = pv_time() + FAR;

	REPEAT(n, pv_set_timer_op(deadline + i));
	return 0;
}

static long set_timer_stop(unsigned int n)
{
	REPEAT(n, pv_set_timer_op(0));
	return 0;
}

static long singleshot_far(unsigned int n)
{
	struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = pv_time() + FAR};

	for (unsigned int i = 0; i < n; i++, timer.timeout_abs_ns++) {
		long rc = pv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);

		if (rc) {
			return rc;
		}
	}
	return 0;
}

static long singleshot_stop(unsigned int n)
{
	REPEAT(n, pv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL));
	return 0;
}

/* How long after its deadline, 200 us away, a timer's upcall comes: nanoseconds, not ticks. */
static long timer_lateness(unsigned int n, bool block)
{
	long rc = 0;

	bench_piecewise = true;
	pv_callback_register(CALLBACKTYPE_event, raw_timer, 0);
	for (unsigned int i = 0; i < n && !rc; i++) {
		uint64_t now = pv_time(), tsc = pv_tsc();
		const volatile struct vcpu_time_info *time = &pv_vcpu->time;

		event_forget();
		event_tsc = 0;
		rc = pv_timer_set(0, now + 200000, 0);
		if (!rc && block) {
			rc = pv_sched_op(SCHEDOP_block, NULL);
		}
		pv_events_on();
		while (!rc && !event_tsc) {
		}
		pv_events_off();
		bench_ticks += pv_scale(event_tsc - tsc, time->tsc_to_system_mul, time->tsc_shift) -
			       200000;
	}
	pv_callback_register(CALLBACKTYPE_event, raw_event, 0);
	event_forget();
	return rc;
}

static long timer_blocked(unsigned int n)
{
	return timer_lateness(n, true);
}

static long timer_spinning(unsigned int n)
{
	return timer_lateness(n, false);
}

#endif
