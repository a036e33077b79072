/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switching the machine off and starting it anew. */
#include <arch/apic.h>
#include <arch/instructions.h>
#include <arch/paging.h>
#include <arch/pci.h>
#include <arch/port.h>
#include <arch/power.h>
#include <boot/acpi.h>
#include <debug/log.h>
#include <lib/error.h>
#include <stdatomic.h>

#define RESET_PORT 0xcf9

#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_BUSY	 0x02
#define KEYBOARD_RESET	 0xfe /* pulses the reset line */

#define SLEEP_TYPE_SHIFT 10

/* Written at start-up only. */
static struct {
	uint16_t pm1a, pm1b; /* ports of the control registers, 0: none */
	bool has_s5;
	uint16_t s5_type_a, s5_type_b; /* in place */
	struct acpi_register reset;
	volatile uint8_t *reset_memory;
	uint8_t reset_value;
} power;

/* The machine is about to end: a CPU that gets an NMI halts. */
static _Atomic bool stopping;

bool power_is_stopping(void)
{
	return atomic_load_explicit(&stopping, memory_order_acquire);
}

static uint16_t port_of(const struct acpi_register *r)
{
	return r->space == ACPI_SPACE_IO && r->address <= UINT16_MAX ? (uint16_t)r->address : 0;
}

void power_init(const struct acpi_info *acpi)
{
	power.pm1a = port_of(&acpi->pm1a_control);
	power.pm1b = port_of(&acpi->pm1b_control);
	power.has_s5 = acpi->has_s5 && power.pm1a;
	power.s5_type_a = (uint16_t)(acpi->s5_type_a << SLEEP_TYPE_SHIFT) & PM1_SLEEP_TYPE;
	power.s5_type_b = (uint16_t)(acpi->s5_type_b << SLEEP_TYPE_SHIFT) & PM1_SLEEP_TYPE;
	power.reset = acpi->reset;
	power.reset_value = acpi->reset_value;
	if (acpi->reset.address && acpi->reset.space == ACPI_SPACE_MEMORY) {
		power.reset_memory = paging_map_device(acpi->reset.address, 1);
	}
}

/* --- Off ----------------------------------------------------------------------------------- */

static void enter_s5(uint16_t type_a, uint16_t type_b)
{
	/* Bits other than the type and the trigger stay what they are: SCI_EN above all. */
	uint16_t keep = (uint16_t) ~(PM1_SLEEP_TYPE | PM1_SLEEP_ENABLE);
	uint16_t a = (port_inw(power.pm1a) & keep) | type_a;

	__asm__ volatile("wbinvd" : : : "memory");
	port_outw(power.pm1a, a);
	if (power.pm1b) {
		uint16_t b = (port_inw(power.pm1b) & keep) | type_b;

		port_outw(power.pm1b, b);
		port_outw(power.pm1a, a | PM1_SLEEP_ENABLE);
		port_outw(power.pm1b, b | PM1_SLEEP_ENABLE);
	} else {
		port_outw(power.pm1a, a | PM1_SLEEP_ENABLE);
	}
}

int power_enter_sleep(unsigned state, uint16_t pm1a_value, uint16_t pm1b_value)
{
	if (state != 5 || !power.pm1a) {
		return refuse(-EINVAL);
	}
	log_info("switching the machine off\n");
	enter_s5(pm1a_value & PM1_SLEEP_TYPE, pm1b_value & PM1_SLEEP_TYPE);
	/* It takes effect some time after the write, if at all. */
	for (uint64_t until = now() + 1000000000; now() < until;) {
		cpu_relax();
	}
	log_error("the machine does not switch itself off\n");
	return -EIO;
}

void power_end_by_pm1(uint16_t value)
{
	if (power.has_s5 && (value & PM1_SLEEP_TYPE) == power.s5_type_a) {
		arch_stop(MACHINE_POWER_OFF);
	}
	log_warn("Dom0 wrote %#x to PM1 control: no sleep state but S5 is known\n", value);
}

/* --- Anew ---------------------------------------------------------------------------------- */

static void reset_by_acpi(void)
{
	uint8_t value = power.reset_value;

	if (!power.reset.address) {
		return;
	}
	switch ((enum acpi_space)power.reset.space) {
	case ACPI_SPACE_IO:
		port_outb((uint16_t)power.reset.address, value);
		break;
	case ACPI_SPACE_MEMORY:
		*power.reset_memory = value;
		break;
	case ACPI_SPACE_PCI: /* bus 0; device, function and register in 16 bits each */
		pci_write(PCI_FUNCTION(0u, (power.reset.address >> 32 & 31) << 3 |
						   (power.reset.address >> 16 & 7)),
			  power.reset.address & 0xff, 1, value);
		break;
	}
}

static void wait_a_little(void)
{
	/* now() may not run yet, and a panic may be in it: a count of port reads does for a clock.
	 */
	for (unsigned i = 0; i < 100000; i++) {
		(void)port_inb(KEYBOARD_COMMAND);
	}
}

static void reset_by_keyboard_controller(void)
{
	for (unsigned i = 0; i < 100000 && port_inb(KEYBOARD_COMMAND) & KEYBOARD_BUSY; i++) {
	}
	port_outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
}

static _Noreturn void reset_by_triple_fault(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) nothing = {0, 0};

	__asm__ volatile("lidt %0\n\tint3" : : "m"(nothing));
	__builtin_unreachable();
}

_Noreturn void power_halt(void)
{
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

_Noreturn void arch_stop(enum machine_end how)
{
	atomic_store_explicit(&stopping, true, memory_order_release);
	apic_send_nmi_to_others();
	if (how == MACHINE_POWER_OFF && power.has_s5) {
		enter_s5(power.s5_type_a, power.s5_type_b);
		wait_a_little();
	}
	if (how != MACHINE_REBOOT) {
		power_halt();
	}
	reset_by_acpi();
	wait_a_little();
	port_outb(RESET_PORT, 0x02);
	port_outb(RESET_PORT, 0x06);
	wait_a_little();
	reset_by_keyboard_controller();
	wait_a_little();
	reset_by_triple_fault();
}
