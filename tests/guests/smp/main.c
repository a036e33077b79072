/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPUs of one's own: started, stopped and started again, interrupted by events and NMIs, asleep
 * and awake, on as many processors.
 * run: mem=512 smp=4 timeout=300 hv="dom0_max_vcpus=4"
 */
#include "smp.h"

#define ROUNDS 200

static evtchn_port_t ipi[SMP_MAX];

/* --- Up and down --------------------------------------------------------------------------- */

static void count_turns(struct smp_cpu *self)
{
	while (!self->stop) {
		self->turns++;
	}
}

static bool moves(const struct smp_cpu *cpu)
{
	uint64_t before = cpu->turns;

	for (unsigned int i = 0; i < 1000000000 && cpu->turns == before; i++) {
		smp_pause();
	}
	return cpu->turns != before;
}

static void check_initialise(void)
{
	static struct vcpu_guest_context context;

	smp_prepare();
	if (!is(smp_count, 4, "there are four vCPUs")) {
		done();
	}
	is(pv_vcpu_op(VCPUOP_is_up, 1, NULL), 0, "vCPU 1 is down");
	is(pv_vcpu_op(VCPUOP_up, 1, NULL), -XEN_EINVAL, "and cannot go up without a beginning");
	is(pv_vcpu_op(VCPUOP_initialise, 1, (void *)0x7f00000000), -XEN_EFAULT,
	   "a beginning that is not there");
	smp_context(&context, 1);
	context.ctrlreg[3] = pv_virt_to_mfn(smp_stacks) << PV_PAGE_SHIFT;
	is(pv_vcpu_op(VCPUOP_initialise, 1, &context), -XEN_EINVAL,
	   "or has page tables that are none");
	smp_context(&context, 1);
	context.gdt_ents = 8193;
	ok(pv_vcpu_op(VCPUOP_initialise, 1, &context) < 0, "or too many descriptors");
	smp_context(&context, 1);
	is(pv_vcpu_op(VCPUOP_initialise, smp_count, &context), -XEN_ENOENT, "a vCPU too many");
	is(pv_vcpu_op(VCPUOP_initialise, 128, &context), -XEN_ENOENT, "or more than there can be");
	is(pv_vcpu_op(VCPUOP_up, ~0U, NULL), -XEN_ENOENT, "or a number that is none");
	for (unsigned int id = 1; id < smp_count; id++) {
		smp_context(&context, id);
		is(pv_vcpu_op(VCPUOP_initialise, id, &context), 0, "vCPU %u is initialised", id);
		is(pv_vcpu_op(VCPUOP_initialise, id, &context), -XEN_EEXIST, "once");
		is(smp_is_up(id), false, "and still down");
	}
}

static void check_run(void)
{
	for (unsigned int id = 1; id < smp_count; id++) {
		smp_run(id, count_turns);
	}
	for (unsigned int id = 1; id < smp_count; id++) {
		ok(moves(&smp_cpus[id]), "vCPU %u runs", id);
		is(smp_is_up(id), true, "and is up");
	}
	for (unsigned int id = 1; id < smp_count; id++) {
		smp_stop(id);
		is(smp_is_up(id), false, "vCPU %u has gone down by itself", id);
	}
}

static void add_to_value(struct smp_cpu *self)
{
	__atomic_fetch_add(&smp_cpus[0].value, self->id, __ATOMIC_SEQ_CST);
}

static void check_replug(void)
{
	smp_cpus[0].value = 0;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int id = 1; id < smp_count; id++) {
			smp_run(id, add_to_value);
		}
	}
	for (unsigned int id = 1; id < smp_count; id++) {
		smp_wait(id);
	}
	is(smp_cpus[0].value, ROUNDS * (1 + 2 + 3), "each went up and down %u times", ROUNDS);
}

/* Another takes it down in the midst of what it does, where it goes on later. */
static void check_unplug(void)
{
	struct smp_cpu *cpu = smp_run(1, count_turns);
	unsigned int held = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct vcpu_runstate_info state = {.state = RUNSTATE_running};
		uint64_t before;

		moves(cpu);
		pv_vcpu_op(VCPUOP_down, 1, NULL);
		while (state.state == RUNSTATE_running) {
			pv_vcpu_op(VCPUOP_get_runstate_info, 1, &state);
		}
		before = cpu->turns;
		for (unsigned int i = 0; i < 100; i++) {
			smp_pause();
		}
		held += cpu->turns == before && state.state == RUNSTATE_offline;
		pv_vcpu_op(VCPUOP_up, 1, NULL);
	}
	is(held, ROUNDS, "a vCPU that was taken down stands still");
	ok(moves(cpu), "and goes on when it is up again");
	smp_stop(1);
}

/* --- Events -------------------------------------------------------------------------------- */

static void take_events(struct smp_cpu *self)
{
	smp_info(self->id)->evtchn_upcall_mask = 0;
	count_turns(self);
	smp_info(self->id)->evtchn_upcall_mask = 1;
}

static void sleep_for_events(struct smp_cpu *self)
{
	while (!self->stop) {
		pv_sched_op(SCHEDOP_block, NULL);
		self->turns++;
	}
	smp_info(self->id)->evtchn_upcall_mask = 1;
}

/* An event that comes just before it goes to sleep does not wake it; another one does. */
static void stop_sleeper(unsigned int id)
{
	smp_cpus[id].stop = true;
	while (smp_is_up(id)) {
		pv_event_send(ipi[id]);
	}
}

/* Sends until the upcall has come, once for each: none may be lost. */
static unsigned int ping(unsigned int id, unsigned int times)
{
	struct smp_cpu *cpu = &smp_cpus[id];
	unsigned int come = 0;

	for (unsigned int i = 0; i < times; i++) {
		unsigned int before = cpu->upcalls;

		pv_event_send(ipi[id]);
		for (unsigned int j = 0; j < 1000000000 && cpu->upcalls == before; j++) {
			smp_pause();
		}
		come += cpu->upcalls != before;
	}
	return come;
}

static void check_ipis(void)
{
	for (unsigned int id = 0; id < smp_count; id++) {
		ipi[id] = (evtchn_port_t)pv_event_bind_ipi(id);
		pv_event_unmask(ipi[id]);
	}
	for (unsigned int id = 1; id < smp_count; id++) {
		smp_run(id, take_events);
		is(ping(id, ROUNDS), ROUNDS, "an event reaches vCPU %u while it runs", id);
		smp_stop(id);
		smp_run(id, sleep_for_events);
		is(ping(id, ROUNDS), ROUNDS, "and while it sleeps");
		stop_sleeper(id);
	}
}

/* Each sends to the next, in a ring, with nobody else awake. */
static void pass_on(struct smp_cpu *self)
{
	unsigned int next = self->id + 1 < smp_count ? self->id + 1 : 1;

	while (!self->stop) {
		unsigned int seen = self->upcalls;

		pv_sched_op(SCHEDOP_block, NULL);
		smp_info(self->id)->evtchn_upcall_mask = 1;
		if (self->upcalls != seen) {
			self->turns++;
			pv_event_send(ipi[next]);
		}
	}
}

static void check_ring(void)
{
	for (unsigned int id = 1; id < smp_count; id++) {
		smp_run(id, pass_on);
	}
	pv_event_send(ipi[1]);
	for (unsigned int i = 0; i < 1000000000 && smp_cpus[1].turns < ROUNDS; i++) {
		smp_pause();
	}
	ok(smp_cpus[1].turns >= ROUNDS, "an event goes round from vCPU to vCPU");
	for (unsigned int id = 1; id < smp_count; id++) {
		stop_sleeper(id);
	}
}

static void move_port(struct smp_cpu *self)
{
	smp_info(self->id)->evtchn_upcall_mask = 0;
	count_turns(self);
	smp_info(self->id)->evtchn_upcall_mask = 1;
}

/* An interdomain port tells the vCPU it is bound to. */
static void check_bind_vcpu(void)
{
	long unbound = pv_event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	long port = pv_event_bind_interdomain(DOMID_SELF, (evtchn_port_t)unbound);
	struct evtchn_bind_vcpu bind = {.port = (evtchn_port_t)unbound};

	pv_event_unmask((evtchn_port_t)unbound);
	for (unsigned int id = 1; id < smp_count; id++) {
		unsigned int before = smp_run(id, move_port)->upcalls;

		bind.vcpu = id;
		is(pv_event_channel_op(EVTCHNOP_bind_vcpu, &bind), 0, "a port for vCPU %u", id);
		pv_event_send((evtchn_port_t)port);
		for (unsigned int i = 0; i < 1000000000 && smp_cpus[id].upcalls == before; i++) {
			smp_pause();
		}
		is(smp_cpus[id].upcalls - before, 1, "interrupts that one");
		smp_stop(id);
	}
	pv_event_close((evtchn_port_t)port);
	pv_event_close((evtchn_port_t)unbound);
}

static void check_nmi(void)
{
	struct smp_cpu *cpu = smp_run(1, count_turns);

	moves(cpu);
	is(pv_vcpu_op(VCPUOP_send_nmi, 1, NULL), 0, "an NMI is sent");
	for (unsigned int i = 0; i < 1000000000 && !cpu->nmis; i++) {
		smp_pause();
	}
	is(cpu->nmis, 1, "and comes, with events masked");
	smp_stop(1);
	is(pv_vcpu_op(VCPUOP_send_nmi, 1, NULL), 0, "one is sent to a vCPU that is down");
	is(cpu->nmis, 1, "where it waits");
	smp_run(1, count_turns);
	moves(cpu);
	is(cpu->nmis, 2, "until it is up");
	smp_stop(1);
}

/* --- Run states ---------------------------------------------------------------------------- */

static struct vcpu_runstate_info state_of(unsigned int id)
{
	struct vcpu_runstate_info state = {.state = -1};

	pv_vcpu_op(VCPUOP_get_runstate_info, id, &state);
	return state;
}

static bool reaches(unsigned int id, int state)
{
	for (unsigned int i = 0; i < 10000000; i++) {
		if (state_of(id).state == state) {
			return true;
		}
	}
	return false;
}

/* Not at once: the processor that asks may be behind the one that runs it, by what clocks differ.
 */
static bool time_goes_on(unsigned int id)
{
	uint64_t before = state_of(id).time[RUNSTATE_running];

	for (unsigned int i = 0; i < 10000000; i++) {
		if (state_of(id).time[RUNSTATE_running] > before) {
			return true;
		}
	}
	return false;
}

static void check_runstates(void)
{
	struct vcpu_runstate_info before, after;

	smp_run(1, count_turns);
	ok(reaches(1, RUNSTATE_running), "one that runs is running");
	ok(time_goes_on(1), "and its time goes on");
	smp_stop(1);
	ok(reaches(1, RUNSTATE_offline), "one that is down is off line");
	smp_run(1, sleep_for_events);
	ok(reaches(1, RUNSTATE_blocked), "one that sleeps is blocked");
	before = state_of(1);
	after = state_of(1);
	is(after.time[RUNSTATE_running], before.time[RUNSTATE_running], "and does not run");
	smp_cpus[1].stop = true;
	ping(1, 1);
	smp_wait(1);
}

static void guest_main(void)
{
	check_initialise();
	check_run();
	check_replug();
	check_unplug();
	check_ipis();
	check_ring();
	check_bind_vcpu();
	check_nmi();
	check_runstates();
	is(pv_vcpu_op(VCPUOP_down, 3, NULL), 0, "what is down may be taken down");
}
