/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many interrupts between processors a flush and an event take, by the hypervisor's own
 * counters.
 * run: mem=512 smp=4 timeout=300 xen=no
 * run: hv="dom0_max_vcpus=4 dom0_vcpus_pin"
 */
#include "counters.h"
#include "smp.h"

#define TIMES 100

static evtchn_port_t port;

static void spin(struct smp_cpu *self)
{
	smp_info(self->id)->evtchn_upcall_mask = 0;
	while (!self->stop) {
		self->turns++;
	}
	smp_info(self->id)->evtchn_upcall_mask = 1;
}

static void sleep(struct smp_cpu *self)
{
	while (!self->stop) {
		pv_sched_op(SCHEDOP_block, NULL);
		self->turns++;
	}
	smp_info(self->id)->evtchn_upcall_mask = 1;
}

static void start_spinning(unsigned int id)
{
	smp_run(id, spin);
	while (!smp_cpus[id].turns) {
		smp_pause();
	}
}

/* Interrupts for a flush of everything, in hundredths; of the vCPUs in a map, or all. */
static uint32_t per_flush(const unsigned long *map)
{
	uint32_t before = counter("flush_kicks");
	struct mmuext_op op = {.cmd = map ? MMUEXT_TLB_FLUSH_MULTI : MMUEXT_TLB_FLUSH_ALL};

	op.arg2.vcpumask.p = map;
	for (unsigned int i = 0; i < TIMES; i++) {
		pv_mmuext_op(&op, 1, NULL, DOMID_SELF);
	}
	return (counter("flush_kicks") - before) * 100 / TIMES;
}

/* From the third vCPU, TIMES; each when the one before has come, if they come at all. */
static void send(struct smp_cpu *self)
{
	const struct smp_cpu *receiver = &smp_cpus[1];

	(void)self;
	for (unsigned int i = 0; i < TIMES; i++) {
		unsigned int seen = receiver->upcalls;

		pv_event_send(port);
		while (receiver->job && receiver->upcalls == seen) {
			smp_pause();
		}
	}
}

/* By whoever has to do with an event, but not by the first processor, which looks after clocks. */
static uint32_t kicks(void)
{
	uint32_t sum = 0;

	for (unsigned int cpu = 1; cpu < smp_count; cpu++) {
		sum += counter_on(cpu, "kicks");
	}
	return sum;
}

static uint32_t per_event(void)
{
	uint32_t before = kicks();

	smp_run(2, send);
	smp_wait(2);
	return (kicks() - before) * 100 / TIMES;
}

static void report(const char *what, uint32_t hundredths)
{
	pv_printf("# %s: %u.%02u interrupts\n", what, hundredths / 100, hundredths % 100);
}

static void check_flushes(void)
{
	static const unsigned long one = 1UL << 2;

	for (unsigned int id = 1; id < smp_count; id++) {
		uint32_t flush;

		start_spinning(id);
		flush = per_flush(NULL);
		report("a flush", flush);
		ok(flush <= id * 100,
		   "a flush with %u others running interrupts no more than those", id);
	}
	report("a flush for one", per_flush(&one));
	ok(per_flush(&one) <= 100, "one for a single vCPU interrupts no more than one");
	for (unsigned int id = 1; id < smp_count; id++) {
		smp_stop(id);
	}
}

static void check_events(void)
{
	uint32_t event;

	port = (evtchn_port_t)pv_event_bind_ipi(1);
	pv_event_unmask(port);
	start_spinning(1);
	event = per_event();
	report("an event for one that runs", event);
	ok(event <= 110, "an event for a vCPU that runs takes one interrupt");
	smp_stop(1);

	smp_run(1, sleep);
	event = per_event();
	report("an event for one that sleeps", event);
	ok(event <= 220, "one for a vCPU that sleeps no more than two");
	smp_cpus[1].stop = true;
	while (smp_is_up(1)) { /* one that comes just before it goes to sleep does not wake it */
		pv_event_send(port);
	}

	is(per_event(), 0, "one that is pending already takes none");
}

static void guest_main(void)
{
	if (!is(smp_start(), 0, "other vCPUs") || !is(smp_count, 4, "there are four")) {
		return;
	}
	if (!ok(counter("flush_kicks") != ~0U && counter("kicks") != ~0U, "the counters")) {
		return;
	}
	check_flushes();
	check_events();
}
