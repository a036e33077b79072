/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IO-APICs: how the machine's global interrupts (GSIs) reach the processors. */
#include <arch/ioapic.h>
#include <arch/paging.h>
#include <boot/acpi.h>
#include <debug/log.h>
#include <lib/lock.h>

/* Two registers in memory: the number of the one that is meant, and what is in that. */
#define WINDOW_SELECT 0x00
#define WINDOW_DATA   0x10
#define WINDOW_BYTES  0x20

#define REGISTER_VERSION 0x01
#define REGISTER_ENTRIES 0x10 /* two for each pin, low word first */

#define ENTRY_LOW    BIT(13)
#define ENTRY_LEVEL  BIT(15)
#define ENTRY_MASKED BIT(16)

#define ISA_IRQS 16

struct ioapic {
	volatile uint32_t *window;
	paddr_t address;
	uint32_t gsi_base;
	uint32_t pins;
};

/* Written at start-up only, but for what `lock` guards. */
static struct {
	struct ioapic unit[ACPI_IOAPICS_MAX];
	unsigned units;
	uint32_t gsi_count;
	uint32_t gsi_of_isa[ISA_IRQS];

	/* Guarded by `lock`, as are the windows. */
	struct lock lock;
	struct gsi_wiring wiring[GSI_MAX];
	uint32_t entry[GSI_MAX]; /* the low word of each entry, as written last */
} ioapics = {.lock = LOCK_INIT(LOCK_IOAPIC)};

static uint32_t read_register(const struct ioapic *io, uint32_t reg)
{
	io->window[WINDOW_SELECT / 4] = reg;
	return io->window[WINDOW_DATA / 4];
}

static void write_register(const struct ioapic *io, uint32_t reg, uint32_t value)
{
	io->window[WINDOW_SELECT / 4] = reg;
	io->window[WINDOW_DATA / 4] = value;
}

static const struct ioapic *unit_of(uint32_t gsi)
{
	for (unsigned i = 0; i < ioapics.units; i++) {
		const struct ioapic *io = &ioapics.unit[i];

		if (gsi - io->gsi_base < io->pins) {
			return io;
		}
	}
	return NULL;
}

/* --- Start-up ------------------------------------------------------------------------------ */

static void add_unit(const struct acpi_ioapic *found)
{
	struct ioapic *io = &ioapics.unit[ioapics.units];

	io->address = found->address;
	io->gsi_base = found->gsi_base;
	io->window = paging_map_device(found->address, WINDOW_BYTES);
	io->pins = (read_register(io, REGISTER_VERSION) >> 16 & 0xff) + 1;
	for (uint32_t pin = 0; pin < io->pins; pin++) {
		write_register(io, REGISTER_ENTRIES + 2 * pin, ENTRY_MASKED);
	}
	ioapics.units++;
	if (io->gsi_base >= GSI_MAX || io->pins > GSI_MAX - io->gsi_base) {
		log_warn(
			"IO-APIC at %#lx: its interrupts from %u on are not used, %u is the limit\n",
			io->address, io->gsi_base, GSI_MAX);
		io->pins = 0;
		return;
	}
	for (uint32_t pin = 0; pin < io->pins; pin++) {
		ioapics.entry[io->gsi_base + pin] = ENTRY_MASKED;
	}
	ioapics.gsi_count = MAX(ioapics.gsi_count, io->gsi_base + io->pins);
	log_info("IO-APIC at %#lx: interrupts %u to %u\n", io->address, io->gsi_base,
		 io->gsi_base + io->pins - 1);
}

static void set_default_wiring(const struct acpi_info *acpi)
{
	for (uint32_t gsi = 0; gsi < GSI_MAX; gsi++) {
		bool isa = gsi < ISA_IRQS;

		ioapics.wiring[gsi] = (struct gsi_wiring){.level = !isa, .low = !isa};
	}
	for (uint32_t irq = 0; irq < ISA_IRQS; irq++) {
		ioapics.gsi_of_isa[irq] = irq;
	}
	for (unsigned i = 0; i < acpi->override_count; i++) {
		const struct acpi_override *o = &acpi->overrides[i];

		if (o->irq < ISA_IRQS && o->gsi < GSI_MAX) {
			ioapics.gsi_of_isa[o->irq] = o->gsi;
			ioapics.wiring[o->gsi] = (struct gsi_wiring){
				.level = ACPI_TRIGGER(o->flags) == 3,
				.low = ACPI_POLARITY(o->flags) == 3,
			};
		}
	}
}

void ioapic_init(const struct acpi_info *acpi)
{
	set_default_wiring(acpi);
	for (unsigned i = 0; i < acpi->ioapic_count; i++) {
		add_unit(&acpi->ioapics[i]);
	}
	if (!ioapics.units) {
		log_warn("no IO-APIC: devices without MSI cannot interrupt\n");
	}
}

/* --- Lines --------------------------------------------------------------------------------- */

bool ioapic_has_gsi(uint32_t gsi)
{
	return unit_of(gsi);
}

uint32_t ioapic_gsi_count(void)
{
	return ioapics.gsi_count;
}

uint32_t ioapic_gsi_of_isa(uint8_t irq)
{
	return irq < ISA_IRQS ? ioapics.gsi_of_isa[irq] : irq;
}

struct gsi_wiring ioapic_wiring(uint32_t gsi)
{
	return ioapics.wiring[gsi];
}

void ioapic_set_wiring(uint32_t gsi, struct gsi_wiring wiring)
{
	lock_acquire(&ioapics.lock);
	ioapics.wiring[gsi] = wiring;
	lock_release(&ioapics.lock);
}

void ioapic_route(uint32_t gsi, uint8_t vector, uint32_t apic_id)
{
	const struct ioapic *io = unit_of(gsi);
	uint32_t reg = REGISTER_ENTRIES + 2 * (gsi - io->gsi_base);

	lock_acquire(&ioapics.lock);
	ioapics.entry[gsi] = (uint32_t)ENTRY_MASKED | vector |
			     (ioapics.wiring[gsi].level ? (uint32_t)ENTRY_LEVEL : 0) |
			     (ioapics.wiring[gsi].low ? (uint32_t)ENTRY_LOW : 0);
	write_register(io, reg, ioapics.entry[gsi]);
	write_register(io, reg + 1, apic_id << 24);
	lock_release(&ioapics.lock);
}

/* The high word holds nothing else, and is written at once: no interrupt is lost or goes astray. */
void ioapic_set_destination(uint32_t gsi, uint32_t apic_id)
{
	const struct ioapic *io = unit_of(gsi);

	lock_acquire(&ioapics.lock);
	write_register(io, REGISTER_ENTRIES + 2 * (gsi - io->gsi_base) + 1, apic_id << 24);
	lock_release(&ioapics.lock);
}

static void write_entry(uint32_t gsi, uint32_t clear, uint32_t set)
{
	const struct ioapic *io = unit_of(gsi);

	lock_acquire(&ioapics.lock);
	ioapics.entry[gsi] = (ioapics.entry[gsi] & ~clear) | set;
	write_register(io, REGISTER_ENTRIES + 2 * (gsi - io->gsi_base), ioapics.entry[gsi]);
	lock_release(&ioapics.lock);
}

void ioapic_mask(uint32_t gsi)
{
	write_entry(gsi, 0, ENTRY_MASKED);
}

void ioapic_unmask(uint32_t gsi)
{
	write_entry(gsi, ENTRY_MASKED, 0);
}

/* --- What Dom0 sees of them ---------------------------------------------------------------- */

bool ioapic_read(paddr_t address, uint32_t reg, uint32_t *value)
{
	for (unsigned i = 0; i < ioapics.units; i++) {
		const struct ioapic *io = &ioapics.unit[i];

		if (io->address == address && reg < REGISTER_ENTRIES + 2 * io->pins) {
			lock_acquire(&ioapics.lock);
			*value = read_register(io, reg);
			lock_release(&ioapics.lock);
			return true;
		}
	}
	return false;
}

bool ioapic_is_at(mfn_t mfn)
{
	for (unsigned i = 0; i < ioapics.units; i++) {
		if (ioapics.unit[i].address >> PAGE_SHIFT == mfn.n) {
			return true;
		}
	}
	return false;
}
