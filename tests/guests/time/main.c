/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time: the clock page, wall clock, one-shot and periodic timers, run states.
 * run: mem=512
 */
#include "guest.h"

#define MS 1000000UL

static volatile unsigned int ticks;
static volatile uint64_t tick_time;

static void on_event(evtchn_port_t port)
{
	(void)port;
	ticks++;
	tick_time = pv_time();
}

static void wait_ticks(unsigned int n, uint64_t limit)
{
	while (ticks < n && pv_time() < limit) {
		pv_sched_op(SCHEDOP_yield, NULL);
	}
}

/* One that was not stopped comes before this. */
static void wait_in_vain(uint64_t deadline)
{
	wait_ticks(ticks + 1, deadline + 20 * MS);
}

static void wait_blocked(void)
{
	pv_events_off(); /* one that comes now ends the block at once */
	while (!ticks) {
		pv_sched_op(SCHEDOP_block, NULL);
		pv_events_off();
	}
	pv_events_on();
}

static void check_clock(void)
{
	uint64_t last = pv_time(), backwards = 0;
	uint32_t nsec;

	ok(pv_vcpu->time.tsc_to_system_mul != 0, "the clock page is filled");
	is(pv_vcpu->time.version & 1, 0, "and not being written");
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t now = pv_time();

		backwards += now < last;
		last = now;
	}
	is(backwards, 0, "time never goes back");
	ok(pv_wall_clock(&nsec) > 1500000000, "the wall clock says at least 2017");
	ok(nsec < 1000000000, "with nanoseconds below a second");
}

static void check_singleshot(void)
{
	long rc;
	uint64_t deadline = pv_time() + 5 * MS;

	ticks = 0;
	is(pv_timer_set(0, deadline, 0), 0, "a timer in 5 ms");
	wait_ticks(1, deadline + 60000 * MS);
	is(ticks, 1, "comes while the CPU is busy");
	ok(tick_time >= deadline, "not early");

	ticks = 0;
	deadline = pv_time() + 5 * MS;
	pv_timer_set(0, deadline, 0);
	wait_blocked();
	ok(tick_time >= deadline, "and while it is blocked, not early");

	do { /* until it is stopped in time, which a busy machine may come too late for */
		ticks = 0;
		deadline = pv_time() + 100 * MS;
		pv_timer_set(0, deadline, 0);
		rc = pv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL);
	} while (pv_time() >= deadline);
	is(rc, 0, "a timer is stopped");
	wait_in_vain(deadline);
	is(ticks, 0, "and does not come");
	rc = pv_timer_set(0, pv_time() - MS, VCPU_SSHOTTMR_future);
	ok(rc == -XEN_ETIME || rc == 0,
	   "a time past is refused if so asked, or comes at once (Xen 4.17)");
	wait_ticks(1, pv_time() + (rc ? 0 : 60000 * MS));
	ticks = 0;
	is(pv_timer_set(0, pv_time() - MS, 0), 0, "else taken");
	wait_ticks(1, pv_time() + 60000 * MS);
	is(ticks, 1, "and comes at once");
	ticks = 0;
	is(pv_timer_set(0, 0, 0), 0, "the beginning of time");
	wait_ticks(1, pv_time() + 60000 * MS);
	is(ticks, 1, "is past, too");
	ok(pv_timer_set(7, pv_time(), 0) < 0, "there is no such vCPU");
	is(pv_vcpu_op(VCPUOP_set_singleshot_timer, 0, (void *)0x7f00000000), -XEN_EFAULT,
	   "nor such an argument");
}

static void check_timer_op(void)
{
	uint64_t deadline = pv_time() + 5 * MS;
	long set, stopped;

	ticks = 0;
	is(pv_set_timer_op(deadline), 0, "set_timer_op");
	wait_ticks(1, deadline + 60000 * MS);
	is(ticks, 1, "comes");
	ok(tick_time >= deadline, "not early");
	do {
		ticks = 0;
		deadline = pv_time() + 100 * MS;
		set = pv_set_timer_op(deadline);
		stopped = pv_set_timer_op(0);
	} while (pv_time() >= deadline);
	is(set, 0, "another one");
	is(stopped, 0, "is stopped by 0");
	wait_in_vain(deadline);
	is(ticks, 0, "and does not come");
}

static void check_periodic(void)
{
	struct vcpu_set_periodic_timer timer = {.period_ns = 10 * MS};
	uint64_t start = pv_time();

	ticks = 0;
	is(pv_vcpu_op(VCPUOP_set_periodic_timer, 0, &timer), 0, "a periodic timer of 10 ms");
	wait_ticks(5, start + 60000 * MS);
	ok(ticks >= 5, "ticks on");
	ok(pv_time() - start >= 39 * MS, "not faster than it should");
	is(pv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0, "is stopped");
	ticks = 0;
	wait_ticks(1, pv_time() + 50 * MS);
	ok(ticks <= 1, "and ticks no more");
	timer.period_ns = 1000;
	is(pv_vcpu_op(VCPUOP_set_periodic_timer, 0, &timer), -XEN_EINVAL,
	   "too short a period is refused");
	pv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
}

static struct vcpu_runstate_info area;
static struct vcpu_time_info time_area;

static void check_runstate(void)
{
	struct vcpu_runstate_info info;
	struct vcpu_register_runstate_memory_area where = {.addr = {.v = &area}};
	uint64_t sum, blocked;
	unsigned int times = 0;

	is(pv_vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0, "the run state is told");
	is(info.state, RUNSTATE_running, "we run");
	sum = info.time[0] + info.time[1] + info.time[2] + info.time[3];
	ok(info.time[RUNSTATE_running] > 0 && sum <= pv_time(),
	   "the sum of all states is not beyond time");
	is(pv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &where), 0, "it is shown in memory");
	is(area.state, RUNSTATE_running, "at once");
	ok(area.state_entry_time > 0, "with the time of the last change");
	blocked = area.time[RUNSTATE_blocked];
	do { /* on a busy machine a timer may come before there is anything to wait for */
		ticks = 0;
		pv_timer_set(0, pv_time() + 100 * MS, 0);
		wait_blocked();
	} while (area.time[RUNSTATE_blocked] - blocked < 5 * MS && ++times < 50);
	ok(area.time[RUNSTATE_blocked] - blocked >= 5 * MS, "blocking counts as that");
	where.addr.p = HYPERVISOR_VIRT_END - PAGE_SIZE;
	ok(pv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &where) <= 0,
	   "an area in the hypervisor is refused or never written");
	where.addr.p = 0x7f00000000;
	ok(pv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &where) <= 0,
	   "one that is not there harms nobody");
	pv_sched_op(SCHEDOP_yield, NULL);
	where.addr.v = &area;
	pv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &where);
}

static void check_time_area(void)
{
	struct vcpu_register_time_memory_area where = {.addr = {.v = &time_area}};
	int64_t apart;

	is(pv_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &where), 0, "a second clock page");
	ok(time_area.tsc_to_system_mul != 0, "is filled at once");
	apart = (int64_t)(pv_time_of(&time_area) - pv_time());
	ok(apart > -(long)MS && apart < (long)MS, "and says the same");
}

static void guest_main(void)
{
	long port = pv_event_bind_virq(VIRQ_TIMER, 0);

	ok(port > 0, "the timer's port");
	pv_event_any = on_event;
	pv_event_unmask((evtchn_port_t)port);
	pv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
	pv_events_on();
	check_clock();
	check_singleshot();
	check_timer_op();
	check_periodic();
	check_runstate();
	check_time_area();
}
