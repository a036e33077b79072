/* SPDX-License-Identifier: MIT */
/* System time from the TSC and the page the hypervisor keeps, wall clock, timers. */
#ifndef PV_TIME_H
#define PV_TIME_H

#include "event.h"
#include "hypercall.h"

static inline uint64_t pv_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline uint64_t pv_scale(uint64_t ticks, uint32_t mul, int8_t shift)
{
	ticks = shift < 0 ? ticks >> -shift : ticks << shift;
	return (uint64_t)(((unsigned __int128)ticks * mul) >> 32);
}

/* Nanoseconds since boot by one time page; tries again when it was written meanwhile. */
static inline uint64_t pv_time_of(const volatile struct vcpu_time_info *time)
{
	uint64_t now;
	uint32_t version;

	do {
		version = __atomic_load_n(&time->version, __ATOMIC_ACQUIRE);
		now = time->system_time + pv_scale(pv_tsc() - time->tsc_timestamp,
						   time->tsc_to_system_mul, time->tsc_shift);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((version & 1) || version != time->version);
	return now;
}

static inline uint64_t pv_time(void)
{
	return pv_time_of(&pv_vcpu->time);
}

/* Seconds since 1970 at which system time was zero; *nsec gets the rest. */
static inline uint64_t pv_wall_clock(uint32_t *nsec)
{
	uint64_t seconds;
	uint32_t version;

	do {
		version = __atomic_load_n(&pv_shared->wc_version, __ATOMIC_ACQUIRE);
		seconds = (uint64_t)pv_shared->wc_sec_hi << 32 | pv_shared->wc_sec;
		*nsec = pv_shared->wc_nsec;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((version & 1) || version != pv_shared->wc_version);
	return seconds;
}

/* VIRQ_TIMER once, at an absolute system time. */
static inline long pv_timer_set(unsigned int vcpu, uint64_t deadline, uint32_t flags)
{
	struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = deadline, .flags = flags};

	return pv_vcpu_op(VCPUOP_set_singleshot_timer, vcpu, &timer);
}

/*
 * As pv_event_wait(), for whichever of the ports is pending first: that one; or -1, when system
 * time has come to `until` (0: never).
 */
static inline long pv_event_wait_any(evtchn_port_t *ports, unsigned int count, uint64_t until)
{
	struct sched_poll poll = {.ports = {ports}, .nr_ports = count, .timeout = until};

	for (;;) {
		for (unsigned int i = 0; i < count; i++) {
			if (pv_event_pending(ports[i])) {
				pv_event_clear(ports[i]);
				return ports[i];
			}
		}
		if (until && pv_time() >= until) {
			return -1;
		}
		pv_sched_op(SCHEDOP_poll, &poll);
	}
}

#endif
