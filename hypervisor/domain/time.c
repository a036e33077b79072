/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests are told of time, and their timers. */
#include <arch/clock.h>
#include <arch/trap.h>
#include <debug/log.h>
#include <domain/domain.h>
#include <domain/notify.h>
#include <domain/schedule.h>

/* The guest reads again when the version is odd or has changed, so the order of writes matters. */
static void write_time(struct vcpu_time_info *to, const struct vcpu_time_info *from)
{
	uint32_t version = to->version | 1;

	*(volatile uint32_t *)&to->version = version;
	atomic_thread_fence(memory_order_release);
	to->tsc_timestamp = from->tsc_timestamp;
	to->system_time = from->system_time;
	to->tsc_to_system_mul = from->tsc_to_system_mul;
	to->tsc_shift = from->tsc_shift;
	to->flags = from->flags;
	atomic_thread_fence(memory_order_release);
	*(volatile uint32_t *)&to->version = version + 1;
}

void time_update_vcpu(struct vcpu *v)
{
	struct time_scale scale = clock_scale();
	struct vcpu_time_info time = {
		.tsc_timestamp = scale.tsc,
		.system_time = scale.ns,
		.tsc_to_system_mul = scale.mul,
		.tsc_shift = scale.shift,
		.flags = clock_tsc_is_stable() ? XEN_PVCLOCK_TSC_STABLE_BIT : 0,
	};

	write_time(&v->events.info->time, &time);
	if (v->time_area.a) {
		struct vcpu_time_info copy;
		bool toggled = !v->arch.in_kernel;

		if (toggled) {
			guest_toggle_mode(v);
		}
		if (!guest_read(&copy, v->time_area, sizeof(copy))) {
			write_time(&copy, &time);
			(void)guest_write(v->time_area, &copy, sizeof(copy));
		}
		if (toggled) {
			guest_toggle_mode(v);
		}
	}
}

void time_update_wallclock(struct domain *d)
{
	struct shared_info *shared = d->shared_info;
	uint64_t boot = clock_wall_epoch() + (uint64_t)d->time_offset * NS_PER_SECOND;
	uint32_t version = shared->wc_version | 1;

	*(volatile uint32_t *)&shared->wc_version = version;
	atomic_thread_fence(memory_order_release);
	shared->wc_sec = (uint32_t)(boot / NS_PER_SECOND);
	shared->wc_sec_hi = (uint32_t)((boot / NS_PER_SECOND) >> 32);
	shared->wc_nsec = (uint32_t)(boot % NS_PER_SECOND);
	atomic_thread_fence(memory_order_release);
	*(volatile uint32_t *)&shared->wc_version = version + 1;
}

/* On the vCPU's CPU. */
void time_handle_expired(struct timer *timer)
{
	struct vcpu *v;

	switch ((enum timer_kind)timer->kind) {
	case TIMER_SINGLESHOT:
		notify_virq(container_of(timer, struct vcpu, singleshot), VIRQ_TIMER);
		break;
	case TIMER_PERIODIC:
		v = container_of(timer, struct vcpu, periodic);
		notify_virq(v, VIRQ_TIMER);
		if (v->periodic_ns) {
			uint64_t next = timer->deadline + v->periodic_ns, time = now();

			/* Ticks that were missed while it did not run are not made up for. */
			schedule_set_timer(v, timer, next > time ? next : time + v->periodic_ns);
		}
		break;
	case TIMER_POLL:
		vcpu_wake(container_of(timer, struct vcpu, poll_timer));
		break;
	default:
		BUG();
	}
}
