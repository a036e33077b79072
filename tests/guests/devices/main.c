/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices: interrupt lines as PIRQs, edge (the RTC) and level (a network card), what physdev_op and
 * platform_op answer and refuse.
 * run: mem=256
 */
#include "devices.h"

#include <xen/platform.h>

#define RTC_IRQ 8
#define SECOND	1000000000

static volatile unsigned int events;
static volatile evtchn_port_t last_port;

static void on_event(evtchn_port_t port)
{
	events++;
	last_port = port;
}

static void wait_events(unsigned int n, uint64_t ms)
{
	uint64_t limit = pv_time() + ms * 1000000;

	while (events < n && pv_time() < limit) {
		pv_sched_op(SCHEDOP_yield, NULL);
	}
}

static void check_mapping(void)
{
	int pirq;

	is(map_gsi(RTC_IRQ, RTC_IRQ), RTC_IRQ, "a line keeps the number asked for");
	is(map_gsi(RTC_IRQ, RTC_IRQ), RTC_IRQ, "also when it has it already");
	ok(map_gsi(RTC_IRQ, 12) < 0, "but gets no second one");
	ok(map_gsi(100000, -1) < 0, "a line that is not there");
	ok(map_gsi(-5, -1) < 0, "nor can be");
	ok(map_gsi(14, 1 << 20) < 0, "a number beyond all");
	pirq = map_gsi(14, -1);
	ok(pirq >= 0, "any number");
	is(unmap(pirq), 0, "is given back");
	ok(unmap(pirq) < 0, "once");
	ok(unmap(-1) < 0, "and never was one");
	ok(bind(pirq) < 0, "such a number cannot be bound");
	is(setup_gsi(100000, 1, 1), -XEN_EINVAL, "no such line to set up");
	ok(bind(99999) < 0, "a number that is none");
	is(pv_physdev_op(PHYSDEVOP_map_pirq, (void *)0x7f0000000000), -XEN_EFAULT,
	   "an argument that is not there");
	is(pv_physdev_op(77, NULL), -XEN_ENOSYS, "an operation that is none");
}

/* The RTC's periodic interrupt, 1024 a second. It is an edge: nobody has to say when it is over. */
static void check_edge(void)
{
	struct physdev_irq_status_query query = {.irq = RTC_IRQ};
	int port;
	unsigned int seen;

	is(pv_physdev_op(PHYSDEVOP_irq_status_query, &query), 0, "a line's state");
	port = bind(RTC_IRQ);
	if (!ok(port > 0, "a line is bound")) {
		return;
	}
	ok(bind(RTC_IRQ) < 0, "once");
	pv_event_any = on_event;
	pv_event_unmask((evtchn_port_t)port);
	pv_events_on();
	events = 0;
	cmos_write(10, 0x26);
	cmos_write(11, (uint8_t)(cmos_read(11) | 0x40));
	(void)cmos_read(12);
	for (unsigned int i = 1; i <= 5; i++) {
		wait_events(i, 60000);
		eoi(RTC_IRQ);
		(void)cmos_read(12);
	}
	ok(events >= 5, "five interrupts of the clock come");
	is(last_port, port, "to its port");
	cmos_write(11, (uint8_t)(cmos_read(11) & ~0x40));
	(void)cmos_read(12);
	eoi(RTC_IRQ);
	seen = events;
	wait_events(seen + 1, 20);
	ok(events <= seen + 1, "and no more when it is off");
	is(pv_event_close((evtchn_port_t)port), 0, "it is unbound");
	is(unmap(RTC_IRQ), 0, "and unmapped");
}

/* --- A card that interrupts on request, by a line that stays up until it is calmed ------------ */

#define CARD_VENDOR	    0x100e8086 /* an 82540EM */
#define CARD_CAUSE_READ	    (0x0c0 / 4)
#define CARD_CAUSE_SET	    (0x0c8 / 4)
#define CARD_INTERRUPTS_ON  (0x0d0 / 4)
#define CARD_INTERRUPTS_OFF (0x0d8 / 4)
#define CARD_LINK_CHANGE    0x4

static page_t card_page;

static volatile uint32_t *find_card(int *irq)
{
	int device = pci_find(CARD_VENDOR);

	if (device < 0 || !is(map_device(card_page, pci_bar((unsigned int)device, 0)), 0,
			      "the card's registers can be mapped")) {
		return NULL;
	}
	*irq = pci_read((unsigned int)device, PCI_INTERRUPT_LINE) & 0xff;
	return (volatile uint32_t *)(volatile void *)card_page;
}

static void check_level(void)
{
	unsigned int before;
	int irq, port, rc;
	volatile uint32_t *card = find_card(&irq);
	struct physdev_irq_status_query query = {0};

	if (!card) {
		skip("a line that is level-triggered", "there is no such card");
		return;
	}
	is(map_gsi(irq, irq), irq, "its line");
	rc = setup_gsi(irq, 1, 0);
	ok(rc == 0 || rc == -XEN_EEXIST, "is level-triggered");
	port = bind(irq);
	if (!ok(port > 0, "and bound")) {
		return;
	}
	query.irq = (uint32_t)irq;
	is(pv_physdev_op(PHYSDEVOP_irq_status_query, &query), 0, "its state");
	ok(query.flags & XENIRQSTAT_needs_eoi, "says that it wants an end of interrupt");
	pv_event_any = on_event;
	pv_event_unmask((evtchn_port_t)port);
	(void)card[CARD_CAUSE_READ];
	events = 0;
	card[CARD_INTERRUPTS_ON] = CARD_LINK_CHANGE;
	card[CARD_CAUSE_SET] = CARD_LINK_CHANGE;
	wait_events(1, 2000);
	ok(events >= 1, "the card interrupts");
	wait_events(100, 20);
	/* Xen waits for the end a millisecond, and then goes on without. */
	ok(events < 100, "hardly more than once, though its line stays up");
	before = events;
	is(eoi(irq), 0, "an end of interrupt that comes too early");
	wait_events(before + 1, 2000);
	ok(events > before, "makes it come again");
	(void)card[CARD_CAUSE_READ];
	is(eoi(irq), 0, "one after the card was calmed");
	wait_events(events + 1, 5); /* what was under way */
	before = events;
	wait_events(before + 1, 20);
	is(events, before, "does not");
	card[CARD_CAUSE_SET] = CARD_LINK_CHANGE;
	wait_events(before + 1, 2000);
	ok(events > before, "the next one comes");
	card[CARD_INTERRUPTS_OFF] = ~0U;
	(void)card[CARD_CAUSE_READ];
	is(eoi(irq), 0, "and ends");
	is(pv_event_close((evtchn_port_t)port), 0, "the line is unbound");
}

/* --- What is answered and what is refused --------------------------------------------------- */

static void check_physdev(void)
{
	struct physdev_apic apic = {.apic_physbase = 0xfec00000, .reg = 1};
	struct physdev_irq vector = {.irq = 9};
	struct physdev_pci_device_add device = {.bus = 0, .devfn = 0};
	struct physdev_get_free_pirq free_pirq = {.type = MAP_PIRQ_TYPE_MSI};

	is(pv_physdev_op(PHYSDEVOP_apic_read, &apic), 0, "a register of the IO-APIC");
	is(apic.value >> 16 & 0xff, 23, "says that it has 24 lines");
	apic.apic_physbase = 0x1000;
	ok(pv_physdev_op(PHYSDEVOP_apic_read, &apic) < 0, "there is none elsewhere");
	is(pv_physdev_op(PHYSDEVOP_alloc_irq_vector, &vector), 0, "a vector, for old kernels");
	is(pv_physdev_op(PHYSDEVOP_pci_device_add, &device), 0, "a device is told of");
	is(pv_physdev_op(PHYSDEVOP_get_free_pirq, &free_pirq), 0, "a number for a message");
	ok(free_pirq.pirq >= 16, "none of the old lines'");
}

static long platform(uint32_t cmd, struct xen_platform_op *op)
{
	op->cmd = cmd;
	op->interface_version = XENPF_INTERFACE_VERSION;
	return pv_hypercall(__HYPERVISOR_platform_op, (unsigned long)op, 0, 0, 0, 0);
}

static void check_platform(void)
{
	static struct xen_platform_op op;
	uint32_t nsec;
	uint64_t before = pv_wall_clock(&nsec) + pv_time() / SECOND, after;

	op.cmd = XENPF_get_cpuinfo;
	op.interface_version = 1;
	is(pv_hypercall(__HYPERVISOR_platform_op, (unsigned long)&op, 0, 0, 0, 0), -XEN_EACCES,
	   "another version of the interface");
	is(platform(999, &op), -XEN_ENOSYS, "an operation that is none");
	op.u.pcpu_info.xen_cpuid = 0;
	is(platform(XENPF_get_cpuinfo, &op), 0, "a processor");
	is(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_ONLINE, "is online");
	op.u.pcpu_info.xen_cpuid = 63;
	is(platform(XENPF_get_cpuinfo, &op), 0, "another one");
	is(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID, "is not there");
	op.u.settime64 = (struct xenpf_settime64){.secs = 2000000000, .nsecs = 5, .mbz = 1};
	is(platform(XENPF_settime64, &op), -XEN_EINVAL, "what must be zero");
	op.u.settime64 =
		(struct xenpf_settime64){.secs = 2000000000, .nsecs = 5, .system_time = pv_time()};
	is(platform(XENPF_settime64, &op), 0, "the wall clock is set");
	after = pv_wall_clock(&nsec) + pv_time() / SECOND;
	ok(after >= 1999999999 && after < 2000000010, "and shows it (%lu)", after);
	op.u.settime64 =
		(struct xenpf_settime64){.secs = before, .nsecs = 0, .system_time = pv_time()};
	is(platform(XENPF_settime64, &op), 0, "and back");
	op.u.firmware_info = (struct xenpf_firmware_info){.type = XEN_FW_EFI_INFO};
	ok(platform(XENPF_firmware_info, &op) < 0, "the machine was not started by EFI");
	op.u.core_parking = (struct xenpf_core_parking){.type = XEN_CORE_PARKING_GET};
	is(platform(XENPF_core_parking, &op), 0, "parked processors");
	is(op.u.core_parking.idle_nums, 0, "are none");
	op.u.enter_acpi_sleep = (struct xenpf_enter_acpi_sleep){.sleep_state = 77};
	ok(platform(XENPF_enter_acpi_sleep, &op) < 0, "a sleep state that is none");
}

static void check_symbols(void)
{
	static struct xen_platform_op op;
	static char name[128];
	uint64_t last = 0;
	unsigned int count = 0, disorder = 0;

	op.u.symdata.symnum = 0;
	for (;;) {
		uint32_t asked = op.u.symdata.symnum;

		op.u.symdata.namelen = sizeof(name);
		op.u.symdata.name.p = name;
		if (platform(XENPF_get_symbol, &op) || op.u.symdata.symnum == asked) {
			break;
		}
		disorder += op.u.symdata.address < last;
		last = op.u.symdata.address;
		count++;
	}
	ok(count > 100, "the hypervisor has symbols");
	is(disorder, 0, "in order");
	op.u.symdata.symnum = ~0U;
	is(platform(XENPF_get_symbol, &op), -XEN_ERANGE, "but not so many");
}

static void check_console(void)
{
	char c[4];

	is(pv_console_io(CONSOLEIO_read, 0, c), 0, "nothing was typed");
	ok(pv_hypercall(__HYPERVISOR_console_io, 17, 0, (unsigned long)c, 0, 0) < 0,
	   "the console does no such thing");
	is(pv_hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, 8, 0x7f0000000000, 0, 0),
	   -XEN_EFAULT, "nor prints what is not there");
}

static void guest_main(void)
{
	struct physdev_set_iopl iopl = {.iopl = 1};

	is(pv_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0, "ports may be used");
	check_mapping();
	check_edge();
	check_level();
	check_physdev();
	check_platform();
	check_symbols();
	check_console();
}
