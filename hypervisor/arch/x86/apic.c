/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC: its timer, interrupts between CPUs, and the end of interrupts. */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <arch/time_scale.h>
#include <arch/vectors.h>
#include <boot/acpi.h>
#include <debug/log.h>
#include <lib/string.h>

/* Registers by their place in the page; an x2APIC has them as MSRs 0x800 + place / 16. */
enum apic_register {
	APIC_ID = 0x020,
	APIC_TASK_PRIORITY = 0x080,
	APIC_EOI = 0x0b0,
	APIC_SPURIOUS = 0x0f0,
	APIC_IN_SERVICE = 0x100, /* 256 bits, 32 every 16 bytes */
	APIC_ERROR_STATUS = 0x280,
	APIC_COMMAND = 0x300, /* one 64-bit register in an x2APIC */
	APIC_COMMAND_TO = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_THERMAL = 0x330,
	APIC_LVT_COUNTERS = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_COUNT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

#define MSR_X2APIC 0x800

#define BASE_X2APIC  0x400
#define BASE_ENABLE  0x800
#define BASE_ADDRESS UINT64_C(0x000ffffffffff000)

#define SPURIOUS_ENABLE 0x100
#define LVT_MASKED	0x10000
#define LVT_NMI		0x400
#define DIVIDE_BY_1	0xb
#define COMMAND_PENDING 0x1000
#define COMMAND_ASSERT	0x4000
#define COMMAND_INIT	0x500
#define COMMAND_STARTUP 0x600
#define COMMAND_NMI	0x400
#define COMMAND_OTHERS	0xc0000

#define APIC_ID_MAX 254 /* of an xAPIC: 255 is all of them */

/* The same for all CPUs; written at start-up only. */
static volatile uint32_t *registers; /* null: an x2APIC, by MSR */
static bool usable;
static struct acpi_cpu firmware_cpu[CPU_MAX];
static unsigned firmware_cpus;
static uint64_t timer_per_ns; /* timer ticks a nanosecond, times 2^32 */

static uint32_t apic_read(enum apic_register r)
{
	return registers ? registers[r / 4] : (uint32_t)read_msr(MSR_X2APIC + r / 16);
}

static void apic_write(enum apic_register r, uint32_t value)
{
	if (registers) {
		registers[r / 4] = value;
	} else {
		write_msr(MSR_X2APIC + r / 16, value);
	}
}

/*
 * The 8259 PICs stay masked; they are moved away from the exceptions all the same, because a
 * glitch on a line can make even a masked one interrupt.
 */
static void mask_pics(void)
{
	static const uint16_t command[] = {0x20, 0xa0};

	for (unsigned i = 0; i < ARRAY_COUNT(command); i++) {
		uint16_t data = command[i] + 1;

		port_outb(data, 0xff);
		port_outb(command[i], 0x11);			/* begin; four words follow */
		port_outb(data, (uint8_t)(VECTOR_PIC + 8 * i)); /* first vector */
		port_outb(data, i ? 2 : 4);			/* the second is on line 2 */
		port_outb(data, 0x01);				/* 8086 mode */
		port_outb(data, 0xff);
	}
}

paddr_t apic_base(void)
{
	return read_msr(MSR_APIC_BASE) & BASE_ADDRESS;
}

/*
 * Firmware that has switched to x2APIC has its reasons; processors with numbers above 254 cannot be
 * reached otherwise.
 */
static bool wants_x2apic(const struct acpi_info *acpi, bool asked_for)
{
	bool wanted = asked_for;

	if (read_msr(MSR_APIC_BASE) & BASE_X2APIC) {
		return true;
	}
	for (unsigned i = 0; i < acpi->cpu_count; i++) {
		wanted |= acpi->cpus[i].apic_id > APIC_ID_MAX;
	}
	return wanted && cpu_features.x2apic;
}

void apic_init(const struct acpi_info *acpi, bool x2apic)
{
	firmware_cpus = acpi->cpu_count;
	memcpy(firmware_cpu, acpi->cpus, sizeof(firmware_cpu));
	if (!wants_x2apic(acpi, x2apic)) {
		registers = paging_map_device(apic_base(), PAGE_SIZE);
	}
	log_info("local APIC: %s\n", registers ? "xAPIC" : "x2APIC");
	usable = true;
	mask_pics();
}

void apic_init_cpu(void)
{
	write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | BASE_ENABLE);
	if (!registers) { /* a second step: not from off to x2APIC in one */
		write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | BASE_X2APIC);
	}
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, this_cpu()->id == 0 ? LVT_NMI : LVT_MASKED);
	apic_write(APIC_LVT_ERROR, VECTOR_APIC_ERROR);
	apic_write(APIC_ERROR_STATUS, 0);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_TIMER_INITIAL, 0);
	if (timer_per_ns) {
		apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	}
	this_cpu()->apic_id = apic_id();
}

uint32_t apic_id(void)
{
	return registers ? apic_read(APIC_ID) >> 24 : apic_read(APIC_ID);
}

uint32_t apic_acpi_uid(uint32_t id)
{
	for (unsigned i = 0; i < firmware_cpus; i++) {
		if (firmware_cpu[i].apic_id == id) {
			return firmware_cpu[i].uid;
		}
	}
	return UINT32_MAX;
}

bool apic_can_reach(uint32_t id)
{
	return id <= APIC_ID_MAX || !registers;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

bool apic_in_service(uint32_t vector)
{
	return apic_read(APIC_IN_SERVICE + vector / 32 * 16) >> (vector % 32) & 1;
}

void apic_report_error(void)
{
	apic_write(APIC_ERROR_STATUS, 0); /* which makes it show what has gathered */
	log_warn("local APIC of CPU %u: error %#x\n", cpu_id(), apic_read(APIC_ERROR_STATUS));
}

/* --- Timer --------------------------------------------------------------------------------- */

void apic_timer_count_start(void)
{
	apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
}

uint32_t apic_timer_count(void)
{
	return apic_read(APIC_TIMER_COUNT);
}

void apic_timer_set_frequency(uint64_t hz)
{
	timer_per_ns = mul_div(hz, BIT(32), NS_PER_SECOND);
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
}

void apic_timer_arm(uint64_t deadline_ns)
{
	uint64_t at = now(), wait = deadline_ns > at ? deadline_ns - at : 0;
	unsigned __int128 ticks = ((unsigned __int128)wait * timer_per_ns >> 32) + 1;

	this_cpu()->timer_deadline = deadline_ns;
	apic_write(APIC_TIMER_INITIAL, ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}

void apic_timer_stop(void)
{
	this_cpu()->timer_deadline = 0;
	apic_write(APIC_TIMER_INITIAL, 0);
}

/* --- Between CPUs -------------------------------------------------------------------------- */

static void send_command(uint32_t id, uint32_t command)
{
	if (!registers) {
		/* The write of an MSR of the x2APIC orders nothing; what the receiver reads must be
		 * there. */
		__asm__ volatile("mfence; lfence" : : : "memory");
		write_msr(MSR_X2APIC + APIC_COMMAND / 16, (uint64_t)id << 32 | command);
		return;
	}
	while (apic_read(APIC_COMMAND) & COMMAND_PENDING) {
		cpu_relax();
	}
	apic_write(APIC_COMMAND_TO, id << 24);
	apic_write(APIC_COMMAND, command);
}

void apic_send_ipi(cpu_mask_t cpus, uint8_t vector)
{
	while (cpus) {
		unsigned cpu = (unsigned)__builtin_ctzll(cpus);

		send_command(cpu_of(cpu)->apic_id, COMMAND_ASSERT | vector);
		cpus &= cpus - 1;
	}
}

void apic_send_nmi_to_others(void)
{
	if (usable) {
		send_command(0, COMMAND_OTHERS | COMMAND_ASSERT | COMMAND_NMI);
	}
}

void apic_send_init(uint32_t id)
{
	send_command(id, COMMAND_ASSERT | COMMAND_INIT);
}

void apic_send_startup(uint32_t id, paddr_t code)
{
	BUG_ON(code >= 0x100000 || code & ~PAGE_MASK);
	send_command(id, COMMAND_ASSERT | COMMAND_STARTUP | (uint32_t)(code >> PAGE_SHIFT));
}
