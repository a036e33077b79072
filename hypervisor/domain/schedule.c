/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which vCPU runs on a CPU, and the timers that wake it. */
#include <arch/clock.h>
#include <arch/irq.h>
#include <arch/smp.h>
#include <arch/switch.h>
#include <arch/trap.h>
#include <debug/counters.h>
#include <debug/keys.h>
#include <debug/log.h>
#include <debug/trace.h>
#include <domain/notify.h>
#include <domain/schedule.h>
#include <domain/watchdog.h>
#include <memory/frame_alloc.h>

#define NS_PER_MS     (NS_PER_SECOND / 1000)
#define CLEARING_TIME 2000 /* of a frame, on a slow processor, in nanoseconds */

struct credit_queue schedule_queues[CPU_MAX];

/* Each CPU's own. */
static struct {
	struct timer_queue timers;
	struct timer slice; /* set for the end of the turn or earlier */
	uint64_t turn_ends;
	bool yields; /* the current vCPU does */
} cpus[CPU_MAX];

static struct timer second; /* on CPU 0: what has to be looked after once a second */

void schedule_init_cpu(unsigned cpu)
{
	credit_queue_init(&schedule_queues[cpu], cpu);
	timer_queue_init(&cpus[cpu].timers);
	timer_init(&cpus[cpu].slice, TIMER_SLICE);
	cpus[cpu].turn_ends = TIMER_NEVER;
	if (cpu == 0) {
		timer_init(&second, TIMER_CLOCK);
		timer_set(&cpus[0].timers, &second, now() + CLOCK_CORRECT_PERIOD);
		timer_arm(second.deadline);
	}
}

/* --- What others ask for ------------------------------------------------------------------- */

static void add_work(uint32_t work)
{
	atomic_fetch_or_explicit(&this_cpu()->work, work, memory_order_relaxed);
}

static void ask(unsigned cpu, uint32_t work)
{
	if (cpu == cpu_id()) {
		add_work(work);
	} else {
		atomic_fetch_or_explicit(&cpu_of(cpu)->work, work, memory_order_release);
		cpu_kick(cpu);
	}
}

static void ask_to_choose(unsigned cpu)
{
	if (cpu != CPU_MAX) {
		ask(cpu, CPU_WORK_SCHEDULE);
	}
}

void schedule_look(unsigned cpu)
{
	ask(cpu, CPU_WORK_SCHEDULE | CPU_WORK_TIMER);
}

void schedule_enqueue(struct vcpu *v)
{
	ask_to_choose(credit_wake(&v->credit, now()));
}

void schedule_resume(struct vcpu *v)
{
	ask_to_choose(credit_resume(&v->credit, now()));
}

/* credit_choose() has a barrier between saying that it runs and our looking at its flags. */
void schedule_stop(struct vcpu *v)
{
	if (v == current_vcpu()) {
		add_work(CPU_WORK_SCHEDULE);
	} else if (credit_runs(&v->credit)) {
		ask(v->credit.cpu, CPU_WORK_SCHEDULE);
	}
}

void schedule_kick(struct vcpu *v)
{
	if (v != current_vcpu() && credit_runs(&v->credit)) {
		cpu_kick(v->credit.cpu);
	}
}

void schedule_forget(struct vcpu *v)
{
	credit_remove(&v->credit);
}

void schedule_yield(void)
{
	unsigned cpu = cpu_id();

	if (credit_has_waiting(&schedule_queues[cpu])) {
		cpus[cpu].yields = true;
		add_work(CPU_WORK_SCHEDULE);
	}
}

void schedule_set_affinity(struct vcpu *v, struct credit_pool *pool, cpu_mask_t hard,
			   cpu_mask_t soft)
{
	ask_to_choose(credit_set_affinity(&v->credit, pool, hard, soft, now()));
}

/* --- Timers -------------------------------------------------------------------------------- */

/*
 * Not on a CPU that is off line. One that goes off line this moment hands over what it finds when
 * it is asked to look at its timers, which it is after that and whenever there is a first one.
 */
void schedule_set_timer(struct vcpu *v, struct timer *timer, uint64_t deadline)
{
	unsigned cpu = cpus_online() & BIT(v->credit.cpu) ? v->credit.cpu : 0;

	deadline = MAX(deadline, 1U); /* 0 would switch the CPU's timer off */
	if (!timer_set(&cpus[cpu].timers, timer, deadline)) {
		return;
	}
	if (cpu == cpu_id()) {
		timer_arm(deadline);
	} else {
		ask(cpu, CPU_WORK_TIMER);
	}
}

/* Guests that run are told of a new time base on their own CPU, others when they run again. */
static void look_after_clock(void)
{
	irq_end_storms();
	if (clock_correct()) {
		for (cpu_mask_t rest = cpus_online(); rest; rest &= rest - 1) {
			ask((unsigned)__builtin_ctzll(rest), CPU_WORK_CLOCK);
		}
	}
	timer_set(&cpus[cpu_id()].timers, &second, now() + CLOCK_CORRECT_PERIOD);
}

/* The timer stays set for an earlier turn's end rather than be moved at each turn. */
static void set_end_of_turn(uint64_t until)
{
	unsigned cpu = cpu_id();
	struct timer *slice = &cpus[cpu].slice;

	cpus[cpu].turn_ends = until;
	if (until != TIMER_NEVER && (!timer_is_set(slice) || slice->deadline > until) &&
	    timer_set(&cpus[cpu].timers, slice, until)) {
		timer_arm(until);
	}
}

static void end_turn(void)
{
	uint64_t until = cpus[cpu_id()].turn_ends;

	if (until <= now()) {
		add_work(CPU_WORK_SCHEDULE);
	} else {
		set_end_of_turn(until);
	}
}

/* This CPU is off line: what it was to do is CPU 0's. */
static void hand_over_timers(void)
{
	unsigned cpu = cpu_id();

	timer_cancel(&cpus[cpu].slice);
	timer_queue_hand_over(&cpus[cpu].timers, &cpus[0].timers);
	timer_arm(0);
	ask(0, CPU_WORK_TIMER);
}

static void run_timers(void)
{
	struct timer_queue *timers = &cpus[cpu_id()].timers;
	uint64_t time = now(), next;
	struct timer *timer;

	if (unlikely(!(cpus_online() & BIT(cpu_id())))) {
		hand_over_timers();
		return;
	}
	/* One that becomes due meanwhile interrupts at once when it is armed. */
	while ((timer = timer_expire(timers, time))) {
		trace(TRACE_TIMER, timer->kind, time - timer->deadline);
		if (timer->kind == TIMER_SLICE) {
			end_turn();
		} else if (timer->kind == TIMER_CLOCK) {
			look_after_clock();
		} else if (timer->kind == TIMER_WATCHDOG) {
			watchdog_expired(timer);
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

/* What it polled for has come, or the time has: neither may wake it out of a later sleep. */
static void end_poll(struct vcpu *v)
{
	if (unlikely(atomic_load_explicit(&v->events.polls_for, memory_order_relaxed))) {
		event_poll_end(&v->events);
		timer_cancel(&v->poll_timer);
	}
}

static enum credit_wish wish_of(const struct vcpu *runs)
{
	unsigned cpu = cpu_id();
	bool yields = cpus[cpu].yields;

	cpus[cpu].yields = false;
	return !runs || !is_runnable(runs) ? CREDIT_SLEEPS
	       : yields			   ? CREDIT_YIELDS
					   : CREDIT_GOES_ON;
}

/* The next vCPU to run instead of, or again, the one that runs now; null: none. */
static struct vcpu *choose(struct vcpu *runs, uint64_t time)
{
	for (;;) {
		struct credit_turn turn =
			credit_choose(&schedule_queues[cpu_id()], wish_of(runs), time);
		struct vcpu *next = turn.vcpu ? container_of(turn.vcpu, struct vcpu, credit) : NULL;

		ask_to_choose(turn.kick);
		/* It may have been woken before it was asleep, or have to run elsewhere. */
		if (runs && runs != next && credit_sleeps(&runs->credit) && is_runnable(runs)) {
			schedule_enqueue(runs);
		}
		if (!next || likely(is_runnable(next))) {
			set_end_of_turn(turn.until);
			return next;
		}
		runs = next; /* it was stopped while it waited: it sleeps from now on */
	}
}

/*
 * A vCPU that stops keeps its registers in the CPU until another comes: one that sleeps and wakes
 * again finds everything as it was.
 */
static void schedule(void)
{
	struct vcpu *previous = current_vcpu();
	bool ran = previous && previous->runstate.state == RUNSTATE_running;
	uint64_t time = now();
	struct vcpu *next = choose(ran ? previous : NULL, time);

	if (ran && next == previous) {
		return;
	}
	if (ran) {
		vcpu_account_stop(previous, time);
	}
	if (next) {
		COUNT(switches);
		trace(TRACE_SCHEDULE, name_of(next), previous ? name_of(previous) : 0);
		trace_set_who(next->domain->id, (uint16_t)next->id);
		end_poll(next);
		vcpu_switch(next);
		vcpu_account_start(next, time);
		time_update_vcpu(next);
	}
}

/* --- Standing still ------------------------------------------------------------------------ */

#define STAND_WAIT NS_PER_SECOND

static struct {
	_Atomic bool wanted;
	_Atomic cpu_mask_t still;
} stand;

/* Who came to wait for our vCPU before it stood still itself gets it, and can stand still. */
static void stand_still(void)
{
	atomic_fetch_or(&stand.still, BIT(cpu_id()));
	while (atomic_load(&stand.wanted)) {
		vcpu_serve_meanwhile();
	}
	atomic_fetch_and(&stand.still, ~BIT(cpu_id()));
}

bool schedule_stop_others(void)
{
	cpu_mask_t others = cpus_started() & ~BIT(cpu_id());
	uint64_t until = now() + STAND_WAIT;

	if (atomic_exchange(&stand.wanted, true)) {
		return false;
	}
	for (cpu_mask_t rest = others; rest; rest &= rest - 1) {
		ask((unsigned)__builtin_ctzll(rest), CPU_WORK_STAND);
	}
	while (others & ~atomic_load(&stand.still)) {
		if (now() > until) {
			schedule_start_others();
			return false;
		}
		vcpu_serve_meanwhile();
	}
	return true;
}

void schedule_start_others(void)
{
	atomic_store(&stand.wanted, false);
	while (atomic_load(&stand.still)) {
		cpu_relax();
	}
}

/* A timer does not wait for a frame to be cleared. */
static bool has_time_to_clear(void)
{
	return timer_next_deadline(&cpus[cpu_id()].timers) > now() + CLEARING_TIME;
}

/*
 * Nobody runs: what was freed is cleared, with a look at interrupts in between. A CPU of no pool
 * keeps nothing of whom it ran: it may be for long that nobody comes.
 */
static void idle(void)
{
	if (unlikely(!credit_has_pool(&schedule_queues[cpu_id()])) && current_vcpu()) {
		vcpu_let_go();
	} else if (has_time_to_clear() && frame_scrub_some()) {
		(void)work_pending();
	} else {
		COUNT(idle);
		cpu_idle();
	}
}

void deferred_work(void)
{
	struct cpu *cpu = this_cpu();

	for (;;) {
		uint32_t work = atomic_exchange_explicit(&cpu->work, 0, memory_order_acquire);

		if (work & CPU_WORK_FLUSH) {
			tlb_flush(BIT(cpu->id));
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
		if (work & CPU_WORK_LET_GO) {
			vcpu_let_go();
		}
		if (work & CPU_WORK_STAND) {
			stand_still();
		}
		if (atomic_load_explicit(&cpu->work, memory_order_relaxed)) {
			continue;
		}
		if (!cpu->vcpu || cpu->vcpu->runstate.state != RUNSTATE_running) {
			idle();
			continue;
		}
		guest_deliver_pending(cpu->vcpu);
		if (!atomic_load_explicit(&cpu->work, memory_order_relaxed) &&
		    is_runnable(cpu->vcpu)) {
			return;
		}
	}
}

/* --- For the eye --------------------------------------------------------------------------- */

uint64_t schedule_idle_time(unsigned cpu)
{
	return credit_idle_time(&schedule_queues[cpu], now());
}

#define SHOWN_MAX 16

/* Copied with the lock held and printed without: the console is slow. */
void schedule_print_queue(unsigned cpu)
{
	struct credit_queue *q = &schedule_queues[cpu];
	struct {
		const char *does;
		uint64_t name, spent;
	} shown[SHOWN_MAX];
	unsigned count = 0;

	lock_acquire(&q->lock);
	for (struct credit_vcpu *v = q->current ? q->current : q->first; v && count < SHOWN_MAX;
	     v = v == q->current ? q->first : v->next) {
		shown[count].does = v == q->current ? "runs" : "waits";
		shown[count].name = name_of(container_of(v, struct vcpu, credit));
		shown[count++].spent = v->spent;
	}
	lock_release(&q->lock);
	log_error("CPU %u: idle for %lu ms in all\n", cpu, schedule_idle_time(cpu) / NS_PER_MS);
	for (unsigned i = 0; i < count; i++) {
		log_error("  d%luv%lu %s, has spent %lu us\n", shown[i].name >> 32,
			  shown[i].name & UINT32_MAX, shown[i].does, shown[i].spent / 1000);
	}
}
