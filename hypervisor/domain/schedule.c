/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which vCPU runs on a CPU, and the timers that wake it. */
#include <arch/clock.h>
#include <arch/irq.h>
#include <arch/smp.h>
#include <arch/switch.h>
#include <arch/trap.h>
#include <debug/counters.h>
#include <debug/keys.h>
#include <debug/trace.h>
#include <domain/notify.h>
#include <domain/schedule.h>

#define SLICE_NS UINT64_C(30000000)

/* Per CPU: its queue has a lock of its own, the rest is the CPU's alone. */
static struct {
	struct run_queue queue;
	struct timer_queue timers;
	struct timer slice;
} cpus[CPU_MAX];

static struct timer second; /* on CPU 0: what has to be looked after once a second */

void schedule_init_cpu(unsigned cpu)
{
	run_queue_init(&cpus[cpu].queue);
	timer_queue_init(&cpus[cpu].timers);
	timer_init(&cpus[cpu].slice, TIMER_SLICE);
	if (cpu == 0) {
		timer_init(&second, TIMER_CLOCK);
		timer_set(&cpus[0].timers, &second, now() + CLOCK_CORRECT_PERIOD);
		timer_arm(second.deadline);
	}
}

static void add_work(uint32_t work)
{
	atomic_fetch_or_explicit(&this_cpu()->work, work, memory_order_relaxed);
}

void schedule_enqueue(struct vcpu *v)
{
	run_queue_add(&cpus[v->run.cpu].queue, &v->run);
	if (v->run.cpu == cpu_id()) {
		add_work(CPU_WORK_SCHEDULE);
	} else {
		atomic_fetch_or_explicit(&cpu_of(v->run.cpu)->work, CPU_WORK_SCHEDULE,
					 memory_order_release);
		cpu_kick(v->run.cpu);
	}
}

void schedule_yield(void)
{
	if (cpus[cpu_id()].queue.length) {
		add_work(CPU_WORK_SCHEDULE);
	}
}

/* --- Timers -------------------------------------------------------------------------------- */

void schedule_set_timer(struct vcpu *v, struct timer *timer, uint64_t deadline)
{
	unsigned cpu = v->run.cpu;

	if (!timer_set(&cpus[cpu].timers, timer, deadline)) {
		return;
	}
	if (cpu == cpu_id()) {
		timer_arm(deadline);
	} else {
		atomic_fetch_or_explicit(&cpu_of(cpu)->work, CPU_WORK_TIMER, memory_order_release);
		cpu_kick(cpu);
	}
}

/* Guests that run are told of a new time base on their own CPU, others when they run again. */
static void look_after_clock(void)
{
	irq_end_storms();
	if (clock_correct()) {
		for (cpu_mask_t rest = cpus_online(); rest; rest &= rest - 1) {
			unsigned cpu = (unsigned)__builtin_ctzll(rest);

			atomic_fetch_or_explicit(&cpu_of(cpu)->work, CPU_WORK_CLOCK,
						 memory_order_release);
			cpu_kick(cpu);
		}
	}
	timer_set(&cpus[cpu_id()].timers, &second, now() + CLOCK_CORRECT_PERIOD);
}

static void run_timers(void)
{
	struct timer_queue *timers = &cpus[cpu_id()].timers;
	struct timer *timer;
	uint64_t next;

	while ((timer = timer_expire(timers, now()))) {
		trace(TRACE_TIMER, timer->kind, now() - timer->deadline);
		if (timer->kind == TIMER_SLICE) {
			add_work(CPU_WORK_SCHEDULE);
		} else if (timer->kind == TIMER_CLOCK) {
			look_after_clock();
		} else {
			time_handle_expired(timer);
		}
	}
	next = timer_next_deadline(timers);
	timer_arm(next == TIMER_NEVER ? 0 : next);
}

/* --- Choosing ------------------------------------------------------------------------------ */

static uint64_t name_of(const struct vcpu *v)
{
	return (uint64_t)v->domain->id << 32 | v->id;
}

static bool is_runnable(const struct vcpu *v)
{
	return !atomic_load_explicit(&v->flags, memory_order_acquire);
}

static struct vcpu *next_runnable(struct run_queue *queue)
{
	struct vcpu_run *run;

	while ((run = run_queue_take(queue))) {
		struct vcpu *v = container_of(run, struct vcpu, run);

		if (is_runnable(v)) {
			return v;
		}
	}
	return NULL;
}

static void stop_running(struct vcpu *v)
{
	unsigned flags = atomic_load_explicit(&v->flags, memory_order_acquire);

	if (v->runstate.state != RUNSTATE_running) {
		return;
	}
	if (!flags) {
		run_queue_add(&cpus[cpu_id()].queue, &v->run);
		vcpu_set_runstate(v, RUNSTATE_runnable);
	} else {
		vcpu_set_runstate(v, flags == VCPU_BLOCKED ? RUNSTATE_blocked : RUNSTATE_offline);
	}
}

/* What it polled for has come, or the time has: neither may wake it out of a later sleep. */
static void end_poll(struct vcpu *v)
{
	if (unlikely(atomic_load_explicit(&v->events.polls_for, memory_order_relaxed))) {
		event_poll_end(&v->events);
		timer_cancel(&v->poll_timer);
	}
}

/*
 * A vCPU that stops keeps its registers in the CPU until another comes: one that sleeps and wakes
 * again finds everything as it was.
 */
static void schedule(void)
{
	struct run_queue *queue = &cpus[cpu_id()].queue;
	struct vcpu *previous = current_vcpu(), *next;

	if (previous) {
		stop_running(previous);
	}
	next = next_runnable(queue);
	if (!next) {
		return;
	}
	if (next != previous || next->runstate.state != RUNSTATE_running) {
		COUNT(switches);
		trace(TRACE_SCHEDULE, name_of(next), previous ? name_of(previous) : 0);
		trace_set_who(next->domain->id, (uint16_t)next->id);
		end_poll(next);
		vcpu_switch(next);
		vcpu_set_runstate(next, RUNSTATE_running);
		time_update_vcpu(next);
	}
	if (queue->length &&
	    timer_set(&cpus[cpu_id()].timers, &cpus[cpu_id()].slice, now() + SLICE_NS)) {
		timer_arm(cpus[cpu_id()].slice.deadline);
	}
}

void deferred_work(void)
{
	struct cpu *cpu = this_cpu();

	for (;;) {
		uint32_t work = atomic_exchange_explicit(&cpu->work, 0, memory_order_acquire);

		if (work & CPU_WORK_FLUSH) {
			tlb_serve_request();
		}
		if (work & CPU_WORK_TIMER) {
			run_timers();
		}
		if (work & CPU_WORK_NMI) {
			notify_nmi();
		}
		if (work & CPU_WORK_KEYS) {
			keys_handle_input();
		}
		if (work & CPU_WORK_CLOCK && cpu->vcpu) {
			time_update_vcpu(cpu->vcpu);
		}
		if (work & CPU_WORK_SCHEDULE || !cpu->vcpu || !is_runnable(cpu->vcpu)) {
			schedule();
		}
		if (atomic_load_explicit(&cpu->work, memory_order_relaxed)) {
			continue;
		}
		if (!cpu->vcpu || cpu->vcpu->runstate.state != RUNSTATE_running) {
			COUNT(idle);
			cpu_idle();
			continue;
		}
		guest_deliver_pending(cpu->vcpu);
		if (!atomic_load_explicit(&cpu->work, memory_order_relaxed) &&
		    is_runnable(cpu->vcpu)) {
			return;
		}
	}
}
