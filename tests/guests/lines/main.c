/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where devices interrupt: the processor of the vCPU that is told, for each kind of line, also
 * while the line is moved back and forth, when no interrupt may be lost. What a line does that is
 * never calmed, or whose events nobody takes.
 * run: mem=256 smp=2 timeout=300 devices="edu e1000e"
 * run: hv="dom0_max_vcpus=2 dom0_vcpus_pin"
 * run: shows="interrupt \\d+ storms, and Dom0 does not take it"
 */
#include "counters.h"
#include "devices.h"
#include "smp.h"

#include <pv/control.h>

#define ROUNDS	 100
#define DEADLINE 60000000000UL /* ns, which only a lost interrupt reaches */

/* The line that is looked at, and how its device is made to interrupt and to stop it. */
static struct {
	const char *what;
	int pirq;
	evtchn_port_t port;
	void (*raise)(void);
	void (*calm)(void);
} line;

static volatile unsigned int taken; /* events of its port, by whichever vCPU */

static void on_upcall(struct pv_regs *regs)
{
	volatile struct vcpu_info *info = smp_info(smp_self()->id);
	unsigned long bit = 1UL << line.port % 64, word = line.port / 64;

	(void)regs;
	do {
		info->evtchn_upcall_pending = 0;
		__atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
		if (__atomic_fetch_and(&pv_shared->evtchn_pending[word], ~bit, __ATOMIC_SEQ_CST) &
		    bit) {
			__atomic_fetch_add(&taken, 1, __ATOMIC_SEQ_CST);
		}
	} while (info->evtchn_upcall_pending);
}

/* --- The devices --------------------------------------------------------------------------- */

#define EDU	   0x11e81234u
#define EDU_RAISE  (0x60 / 4)
#define EDU_CALM   (0x64 / 4)
#define CARD	   0x10d38086u /* an 82574L, whose "other cause" is made to interrupt */
#define CARD_OTHER (1u << 24)
#define CARD_RAISE (0xc8 / 4)
#define CARD_MASK  (0xd0 / 4)
#define CARD_CLEAR (0xdc / 4)
#define CARD_ROUTE (0xe4 / 4)
#define ROUTE_0	   0x80000u /* by entry 0 of its table */
#define CARD_TABLE 3	    /* the BAR */

static page_t edu_page, card_page;

#define edu  ((volatile uint32_t *)(volatile void *)edu_page)
#define card ((volatile uint32_t *)(volatile void *)card_page)

static void edu_raise(void)
{
	edu[EDU_RAISE] = 1;
}

static void edu_calm(void)
{
	edu[EDU_CALM] = 1;
}

static void card_raise(void)
{
	card[CARD_MASK] = CARD_OTHER; /* which an interrupt clears, as it does the cause */
	card[CARD_RAISE] = CARD_OTHER;
}

/* It interrupts 1024 times a second by itself, but not before it has been asked for the reason. */
static void clock_raise(void)
{
	(void)cmos_read(12);
}

static void nothing(void)
{
}

/* --- Interrupts ---------------------------------------------------------------------------- */

static void bind_line(const char *what, int pirq, void (*raise)(void), void (*calm)(void))
{
	int port;

	line.what = what;
	ok(pirq >= 0, "%s is had", what);
	line.pirq = pirq;
	line.raise = raise;
	line.calm = calm;
	port = bind(pirq);
	ok(port > 0, "and bound");
	line.port = (evtchn_port_t)port;
	pv_event_unmask(line.port);
}

static void give_back(void)
{
	is(pv_event_close(line.port), 0, "%s is unbound", line.what);
	is(unmap(line.pirq), 0, "and given back");
}

static bool interrupt_once(void)
{
	static bool lost; /* one: do not wait for hundreds */
	unsigned int before = taken;
	uint64_t limit = pv_time() + (lost ? 0 : DEADLINE);

	line.raise();
	while (taken == before && pv_time() < limit) {
		pv_sched_op(SCHEDOP_yield, NULL);
	}
	line.calm();
	eoi(line.pirq);
	lost = taken == before;
	return !lost;
}

static void tell(unsigned int vcpu)
{
	struct evtchn_bind_vcpu op = {.port = line.port, .vcpu = vcpu};

	if (pv_event_channel_op(EVTCHNOP_bind_vcpu, &op)) {
		smp_cpus[1].value++; /* failures */
	}
}

/* --- On vCPU 1 ----------------------------------------------------------------------------- */

static void listen(struct smp_cpu *self)
{
	smp_info(self->id)->evtchn_upcall_mask = 0;
	while (!self->stop) {
		self->turns++;
		pv_sched_op(SCHEDOP_yield, NULL);
	}
	smp_info(self->id)->evtchn_upcall_mask = 1;
}

static void move_about(struct smp_cpu *self)
{
	smp_info(self->id)->evtchn_upcall_mask = 0;
	while (!self->stop) {
		tell(self->turns++ % 2);
	}
	smp_info(self->id)->evtchn_upcall_mask = 1;
}

static void start(smp_job *job)
{
	smp_run(1, job);
	while (!smp_cpus[1].turns) {
		smp_pause();
	}
}

/* --- Checks -------------------------------------------------------------------------------- */

/* They come to that processor, and none to the other. */
static void check_on(unsigned int cpu)
{
	uint32_t before[2], after[2];
	unsigned int came = 0;

	interrupt_once(); /* what was under way has come */
	for (unsigned int i = 0; i < 2; i++) {
		before[i] = counter_on(i, "interrupts");
	}
	for (unsigned int i = 0; i < ROUNDS; i++) {
		came += interrupt_once();
	}
	for (unsigned int i = 0; i < 2; i++) {
		after[i] = counter_on(i, "interrupts");
	}
	is(came, ROUNDS, "%s interrupts", line.what);
	if (on_parvus()) {
		ok(after[cpu] - before[cpu] >= ROUNDS, "processor %u", cpu);
		is(after[!cpu] - before[!cpu], 0, "and not the other one");
	}
}

static void check_line(void)
{
	unsigned int came = 0;

	start(listen);
	for (unsigned int vcpu = 0; vcpu < 2; vcpu++) {
		tell(vcpu);
		check_on(vcpu);
	}
	smp_stop(1);
	start(move_about);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		came += interrupt_once();
	}
	smp_stop(1);
	is(came, ROUNDS, "moved about %lu times meanwhile, it loses none", smp_cpus[1].turns);
	is(smp_cpus[1].value, 0, "each move is done");
}

static void pin(unsigned int vcpu, uint64_t cpus)
{
	struct xen_domctl op = {0};
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;

	a->vcpu = vcpu;
	a->flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_FORCE;
	a->cpumap_hard.bitmap.p = (uint8_t *)&cpus;
	a->cpumap_hard.nr_bits = 64;
	is(pv_domctl(XEN_DOMCTL_setvcpuaffinity, 0, &op), 0, "vCPU %u shall run elsewhere", vcpu);
}

/* A line goes with its vCPU, one interrupt later. */
static void check_follows(void)
{
	uint64_t limit = pv_time() + DEADLINE;
	uint32_t there = counter_on(0, "interrupts");

	tell(1);
	start(listen);
	pin(1, 1);
	while (counter_on(0, "interrupts") - there < ROUNDS && pv_time() < limit) {
		interrupt_once();
	}
	ok(pv_time() < limit, "interrupts follow it");
	check_on(0);
	smp_stop(1);
	pin(1, 2);
}

/* Nobody takes its events, and it goes on: not for long at the cost of the processor. */
static void check_storm(void)
{
	uint64_t limit = pv_time() + DEADLINE;
	uint32_t before, after;
	uint64_t turns;

	tell(0);
	start(listen);
	pv_event_mask(line.port);
	do {
		before = counter_on(0, "interrupts");
		for (unsigned int i = 0; i < 1000; i++) {
			line.raise();
		}
		after = counter_on(0, "interrupts");
	} while (after != before && pv_time() < limit);
	is(after, before, "a storm that nobody hears is held off");
	turns = smp_cpus[1].turns;
	while (smp_cpus[1].turns == turns && pv_time() < limit) {
		line.raise();
	}
	ok(smp_cpus[1].turns != turns, "the other processor goes on");
	smp_stop(1);
	line.calm();
	before = taken; /* it may come with the unmasking itself */
	pv_event_unmask(line.port);
	while (taken == before && pv_time() < limit) {
		pv_sched_op(SCHEDOP_yield, NULL);
	}
	ok(taken != before, "its event is there when it is asked for");
	limit = pv_time() + DEADLINE;
	before = counter_on(0, "interrupts");
	while (counter_on(0, "interrupts") == before && pv_time() < limit) {
		line.raise();
		pv_sched_op(SCHEDOP_yield, NULL);
	}
	ok(counter_on(0, "interrupts") != before, "and so are others, later");
	line.calm();
	check_on(0);
}

/* It stays up, and its end is never said: nobody is held up, and here it interrupts once. */
static void check_stays_up(void)
{
	uint64_t limit = pv_time() + 20000000;
	unsigned int before = taken;
	uint32_t came;

	tell(0);
	came = counter_on(0, "interrupts");
	line.raise();
	while (taken == before || pv_time() < limit) {
		pv_sched_op(SCHEDOP_yield, NULL);
	}
	if (on_parvus()) {
		is(taken, before + 1, "a line that stays up tells once");
		is(counter_on(0, "interrupts") - came, 1, "and interrupts once");
	}
	line.calm();
	eoi(line.pirq);
}

static void check_message(void)
{
	int device = pci_find(EDU);
	unsigned int at;

	if (device < 0 || map_device(edu_page, pci_bar((unsigned int)device, 0))) {
		skip("a message", "there is no device for it");
		return;
	}
	at = pci_capability((unsigned int)device, PCI_MSI);
	bind_line("a message", map_message((unsigned int)device, 0, 0), edu_raise, edu_calm);
	pci_set_messages((unsigned int)device, at, MSI_ENABLE);
	check_line();
	if (on_parvus()) {
		check_follows();
		check_storm();
	}
	pci_set_messages((unsigned int)device, at, 0);
	give_back();
}

static void check_table(void)
{
	int device = pci_find(CARD);
	unsigned int at;

	if (device < 0 || map_device(card_page, pci_bar((unsigned int)device, 0))) {
		skip("an entry of a table", "there is no device for it");
		return;
	}
	at = pci_capability((unsigned int)device, PCI_MSIX);
	bind_line("an entry of a table",
		  map_message((unsigned int)device, 0, pci_bar((unsigned int)device, CARD_TABLE)),
		  card_raise, nothing);
	pci_set_messages((unsigned int)device, at, MSIX_ENABLE);
	card[CARD_ROUTE] = ROUTE_0;
	card[CARD_CLEAR] = CARD_OTHER;
	check_line();
	/* QEMU 7.2 aborts if the timers of this card find its messages off: they stay on. */
	give_back();
}

static void check_level(void)
{
	int device = pci_find(EDU), irq;

	if (device < 0) {
		skip("a level line", "there is no device for it");
		return;
	}
	irq = pci_read((unsigned int)device, PCI_INTERRUPT_LINE) & 0xff;
	setup_gsi(irq, 1, 0);
	bind_line("a level line", map_gsi(irq, irq), edu_raise, edu_calm);
	check_line();
	check_stays_up();
	give_back();
}

static void check_edge(void)
{
	bind_line("an edge", map_gsi(8, 8), clock_raise, nothing);
	cmos_write(10, 0x26);
	cmos_write(11, (uint8_t)(cmos_read(11) | 0x40));
	check_line();
	cmos_write(11, (uint8_t)(cmos_read(11) & ~0x40));
	give_back();
}

static void guest_main(void)
{
	struct physdev_set_iopl iopl = {.iopl = 1};

	pv_physdev_op(PHYSDEVOP_set_iopl, &iopl);
	if (!is(smp_start(), 0, "another vCPU") || !is(smp_count, 2, "there are two")) {
		return;
	}
	pv_handlers[PV_VECTOR_EVENT] = on_upcall;
	pv_events_on();
	check_message();
	check_table();
	check_level();
	check_edge();
}
