/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processors are taken off line and brought back while vCPUs compute, sleep, or are pinned there.
 * run: mem=256 smp=4 timeout=300 hv="dom0_max_vcpus=4"
 */
#include "processors.h"

#define ROUNDS 300

static evtchn_port_t changed;

static struct xenpf_pcpuinfo describe(uint32_t cpu)
{
	struct xen_platform_op op = {.cmd = XENPF_get_cpuinfo};

	op.u.pcpu_info.xen_cpuid = cpu;
	pv_platform_op(&op);
	return op.u.pcpu_info;
}

static uint32_t count_online(void)
{
	struct xen_sysctl op = {0};

	processors_sysctl(XEN_SYSCTL_physinfo, &op);
	return op.u.physinfo.nr_cpus;
}

static bool was_told(void)
{
	unsigned long bit = 1UL << changed % 64;

	return __atomic_fetch_and(&pv_shared->evtchn_pending[changed / 64], ~bit,
				  __ATOMIC_SEQ_CST) &
	       bit;
}

static void check_refusals(void)
{
	is(set_online(0, false), -XEN_EOPNOTSUPP, "the first processor stays");
	is(set_online(4, false), -XEN_EINVAL, "there is no fifth to take off");
	is(set_online(1000, false), -XEN_EINVAL, "nor one of that number");
	is(set_online(4, true), -XEN_EINVAL, "nor to bring");
	is(set_online(1, true), 0, "the second is there, and stays");
}

static uint32_t core_of(uint32_t cpu)
{
	static struct xen_sysctl_cputopo topo[8];
	struct xen_sysctl op = {0};

	op.u.cputopoinfo.num_cpus = 8;
	op.u.cputopoinfo.cputopo.p = topo;
	processors_sysctl(XEN_SYSCTL_cputopoinfo, &op);
	return cpu < op.u.cputopoinfo.num_cpus ? topo[cpu].core : 1000;
}

static void check_off_and_on(void)
{
	changed = (evtchn_port_t)pv_event_bind_virq(VIRQ_PCPU_STATE, 0);
	was_told();
	is(set_online(1, false), 0, "the second is taken off");
	ok(was_told(), "which is told");
	is(set_online(1, false), 0, "it is off already");
	ok(!was_told(), "of which nobody is told again");
	is(describe(1).flags, 0, "it is known, and not on line");
	is(describe(1).max_present, 3, "the last is the fourth");
	is(describe(4).flags, XEN_PCPU_FLAGS_INVALID, "there is none behind it");
	is(count_online(), 3, "three are left");
	is(core_of(1), (long)XEN_INVALID_CORE_ID, "it is on no core");
	is(set_online(1, true), 0, "it is brought back");
	ok(was_told(), "which is told");
	is(describe(1).flags, XEN_PCPU_FLAGS_ONLINE, "it is on line");
	is(count_online(), 4, "there are four again");
}

static void check_pinned(void)
{
	is(set_hard(0, 2) | set_hard(1, 4), 0, "two vCPUs are on a processor each");
	smp_run(1, spin);
	ok(moves(1) && processor_of(0, 1) == 2, "one runs there");
	is(set_online(2, false), 0, "its processor is taken off");
	ok(moves(1) && processor_of(0, 1) != 2, "it runs elsewhere");
	is(set_online(1, false), 0, "so is the processor that this one runs on");
	ok(processor_of(0, 0) != 1, "it runs elsewhere too");
	ok(moves(1), "as does the other");
	is(set_online(1, true) | set_online(2, true), 0, "both are brought back");
	ok(moves(1), "and all goes on");
	smp_stop(1);
	is(set_hard(0, UINT64_MAX) | set_hard(1, UINT64_MAX), 0, "they are pinned no more");
}

/* A timer was set on the processor before it went. */
static void sleep_long(struct smp_cpu *self)
{
	evtchn_port_t port = (evtchn_port_t)pv_event_bind_virq(VIRQ_TIMER, self->id);

	pv_event_unmask(port);
	pv_set_timer_op(pv_time() + 300000000);
	self->turns++;
	pv_sched_op(SCHEDOP_block, NULL);
	smp_info(self->id)->evtchn_upcall_mask = 1;
	self->turns++;
	pv_event_close(port);
}

static void check_timer(void)
{
	is(set_hard(2, 8), 0, "one is on the fourth");
	smp_run(2, sleep_long);
	while (!smp_cpus[2].turns) {
		smp_pause();
	}
	is(set_online(3, false), 0, "which is taken off while it sleeps");
	smp_wait(2);
	is(smp_cpus[2].turns, 2, "its timer wakes it");
	is(set_online(3, true), 0, "the processor is brought back");
	is(set_hard(2, UINT64_MAX), 0, "and all may run anywhere");
}

static void check_bound(void)
{
	struct sched_pin_override bind = {.pcpu = 3};

	is(pv_sched_op(SCHEDOP_pin_override, &bind), 0, "one is bound to a processor");
	ok(set_online(3, false) < 0, "which cannot be taken off");
	bind.pcpu = -1;
	is(pv_sched_op(SCHEDOP_pin_override, &bind), 0, "it is bound no more");
	is(set_online(3, false), 0, "now it can");
	is(set_online(3, true), 0, "and comes back");
}

static uint64_t seed = 20201;

static uint64_t random(void)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return seed >> 33;
}

static void check_random(void)
{
	uint64_t gone = 0;
	unsigned int wrong = 0, still = 0;

	smp_run(1, spin);
	smp_run(2, sleep_and_flush);
	smp_run(3, sleep_and_flush);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint32_t cpu = 1 + (uint32_t)random() % 3;
		bool online = gone >> cpu & 1;

		if (random() % 4 == 0) {
			wrong += set_hard((unsigned int)random() % 4, 1 + random() % 15) != 0 &&
				 !gone;
		}
		wrong += set_online(cpu, online) != 0;
		gone ^= 1UL << cpu;
		still += !moves(1 + (unsigned int)random() % 3);
	}
	is(wrong, 0, "processors go and come %u times", ROUNDS);
	is(still, 0, "and all go on, who compute and who sleep");
	for (uint32_t cpu = 1; cpu < 4; cpu++) {
		if (gone >> cpu & 1) {
			set_online(cpu, true);
		}
		smp_stop(cpu);
	}
	is(count_online(), 4, "all are there again");
}

static void guest_main(void)
{
	is(smp_start(), 0, "all vCPUs are initialised");
	check_refusals();
	check_off_and_on();
	check_pinned();
	check_timer();
	check_bound();
	check_random();
}
