/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ports and device memory domains may touch, and port accesses the processor refused. */
#include <arch/apic.h>
#include <arch/descriptor.h>
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/io.h>
#include <arch/msi.h>
#include <arch/paging.h>
#include <arch/pci.h>
#include <arch/power.h>
#include <arch/trap.h>
#include <arch/uart.h>
#include <boot/acpi.h>
#include <debug/counters.h>
#include <debug/log.h>
#include <domain/domain.h>
#include <lib/bitmap.h>
#include <lib/error.h>
#include <lib/string.h>
#include <memory/frame_alloc.h>
#include <memory/mmio.h>
#include <xen/nmi.h>

#define PORTS	     0x10000
#define BITMAP_BYTES (PORTS / 8)
#define BITMAP_ORDER 1

#define CMOS_INDEX	0x70
#define CMOS_DATA	0x71
#define CMOS_INDEX_BITS 0x7f /* the highest one would hold off NMIs */

enum io_kind { IO_DENIED, IO_PCI_ADDRESS, IO_PCI_DATA, IO_CMOS_INDEX, IO_CMOS_DATA, IO_PM1 };

struct io_range {
	uint16_t first, last;
	enum io_kind kind;
};

static const struct io_range fixed_ranges[] = {
	{0x20, 0x21, IO_DENIED}, /* 8259 PICs */
	{0xa0, 0xa1, IO_DENIED},
	{0x40, 0x43, IO_DENIED}, /* PIT, and its gate */
	{0x61, 0x61, IO_DENIED},
	{CMOS_INDEX, CMOS_INDEX, IO_CMOS_INDEX},
	{CMOS_DATA, CMOS_DATA, IO_CMOS_DATA},
	{PCI_PORT_ADDRESS, PCI_PORT_ADDRESS + 3, IO_PCI_ADDRESS}, /* and the reset port therein */
	{PCI_PORT_DATA, PCI_PORT_DATA + 3, IO_PCI_DATA},
};

#define MACHINE_RANGES 6

/* The ranges are written at start-up only; the rest is Dom0's, which takes turns itself. */
static struct {
	struct io_range range[ARRAY_COUNT(fixed_ranges) + MACHINE_RANGES];
	unsigned ranges;

	struct acpi_mcfg mcfg[ACPI_MCFGS_MAX];
	volatile uint8_t *mcfg_at[ACPI_MCFGS_MAX]; /* where first_bus is mapped */
	unsigned mcfgs;

	uint32_t pci_address; /* what Dom0 wrote to 0xcf8 */
	uint8_t cmos_index;
} io;

/* --- Start-up ------------------------------------------------------------------------------ */

static void add_range(uint64_t first, unsigned ports, enum io_kind kind)
{
	if (first && ports && first + ports <= PORTS) {
		BUG_ON(io.ranges == ARRAY_COUNT(io.range));
		io.range[io.ranges++] = (struct io_range){
			.first = (uint16_t)first,
			.last = (uint16_t)(first + ports - 1),
			.kind = kind,
		};
	}
}

static void add_register(const struct acpi_register *r, enum io_kind kind)
{
	if (r->space == ACPI_SPACE_IO) {
		add_range(r->address, r->bits / 8u, kind);
	}
}

static void withhold(paddr_t address, uint64_t bytes)
{
	if (address && bytes &&
	    mmio_withhold(address >> PAGE_SHIFT, (address + bytes - 1) >> PAGE_SHIFT)) {
		panic("too many ranges of device memory to keep from domains");
	}
}

#define MCFG_BYTES_PER_BUS (1u << 20)

static void keep_device_memory(const struct acpi_info *acpi)
{
	/* Bits that the processor reserves: an entry with one would fault with them set. */
	withhold(BIT(cpu_features.physical_bits), BIT(52) - BIT(cpu_features.physical_bits));
	withhold(apic_base(), PAGE_SIZE);
	/* Firmware's own code reads the HPET to find out whether there is one. */
	if (acpi->hpet_address &&
	    mmio_read_only(acpi->hpet_address >> PAGE_SHIFT, acpi->hpet_address >> PAGE_SHIFT)) {
		panic("too many ranges of device memory to show only");
	}
	for (unsigned i = 0; i < acpi->ioapic_count; i++) {
		withhold(acpi->ioapics[i].address, PAGE_SIZE);
	}
	for (unsigned i = 0; i < acpi->mcfg_count; i++) {
		const struct acpi_mcfg *m = &acpi->mcfgs[i];
		paddr_t first = m->address + (uint64_t)m->first_bus * MCFG_BYTES_PER_BUS;
		paddr_t end = m->address + (m->last_bus + UINT64_C(1)) * MCFG_BYTES_PER_BUS;

		if (mmio_read_only(first >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT)) {
			panic("too many ranges of PCI configuration space");
		}
		io.mcfg_at[io.mcfgs] = paging_map_device(first, end - first);
		io.mcfg[io.mcfgs++] = *m;
	}
}

void io_init(const struct acpi_info *acpi)
{
	for (unsigned i = 0; i < ARRAY_COUNT(fixed_ranges); i++) {
		io.range[io.ranges++] = fixed_ranges[i];
	}
	add_range(uart_port(), UART_PORTS, IO_DENIED);
	if (acpi->pm_timer.space == ACPI_SPACE_IO) {
		add_range(acpi->pm_timer.address, 4, IO_DENIED); /* 24 bits take as many as 32 */
	}
	add_register(&acpi->reset, IO_DENIED);
	add_register(&acpi->pm1a_control, IO_PM1);
	add_register(&acpi->pm1b_control, IO_PM1);
	keep_device_memory(acpi);
}

bool io_knows_mmcfg(paddr_t address, unsigned segment, unsigned first_bus, unsigned last_bus)
{
	for (unsigned i = 0; i < io.mcfgs; i++) {
		const struct acpi_mcfg *m = &io.mcfg[i];

		if (m->address == address && m->segment == segment && m->first_bus <= first_bus &&
		    first_bus <= last_bus && last_bus <= m->last_bus) {
			return true;
		}
	}
	return false;
}

/* --- Permissions --------------------------------------------------------------------------- */

static const struct io_range *range_of(uint16_t port)
{
	for (unsigned i = 0; i < io.ranges; i++) {
		if (port >= io.range[i].first && port <= io.range[i].last) {
			return &io.range[i];
		}
	}
	return NULL;
}

/* New bitmaps deny everything. */
static int make_bitmap(struct domain *d)
{
	mfn_t mfn;

	if (d->arch.io_bitmap) {
		return 0;
	}
	mfn = frame_alloc(BITMAP_ORDER, FRAME_UNCLEARED);
	if (mfn_is_none(mfn)) {
		return -ENOMEM;
	}
	memset(frame_ptr(mfn), 0xff, BITMAP_BYTES);
	d->arch.io_bitmap_frame[0] = mfn;
	d->arch.io_bitmap_frame[1] = MFN(mfn.n + 1);
	d->arch.io_bitmap = frame_ptr(mfn);
	return 0;
}

static void set_ports(struct domain *d, uint32_t first, uint32_t last, bool allow)
{
	uint64_t *map = (uint64_t *)(void *)d->arch.io_bitmap;

	for (uint32_t port = first; port <= last; port++) {
		if (allow) {
			bitmap_clear(map, port);
		} else {
			bitmap_set(map, port);
		}
	}
}

int io_init_hardware_domain(struct domain *d)
{
	if (make_bitmap(d)) {
		return -ENOMEM;
	}
	memset(d->arch.io_bitmap, 0, BITMAP_BYTES);
	for (unsigned i = 0; i < io.ranges; i++) {
		set_ports(d, io.range[i].first, io.range[i].last, false);
	}
	return 0;
}

void io_free_domain(struct domain *d)
{
	if (d->arch.io_bitmap) {
		frame_free(d->arch.io_bitmap_frame[0], BITMAP_ORDER);
		d->arch.io_bitmap = NULL;
	}
}

int io_permit(struct domain *d, uint16_t first, uint16_t last, bool allow)
{
	for (uint32_t port = first; allow && port <= last; port++) {
		if (range_of((uint16_t)port)) {
			return refuse(-EPERM);
		}
	}
	if (make_bitmap(d)) {
		return -ENOMEM;
	}
	set_ports(d, first, last, allow);
	return 0;
}

bool io_is_permitted(const struct domain *d, uint16_t first, uint16_t last)
{
	const uint64_t *map = (const uint64_t *)(const void *)d->arch.io_bitmap;

	return map && bitmap_next_set(map, (size_t)last + 1, first) > last;
}

#define SYSTEM_CONTROL		0x61
#define SYSTEM_CONTROL_SERR	0x80
#define SYSTEM_CONTROL_IO_CHECK 0x40

unsigned long io_nmi_reason(void)
{
	uint8_t control = port_inb(SYSTEM_CONTROL);
	unsigned long reason = (control & SYSTEM_CONTROL_SERR ? XEN_NMIREASON_pci_serr : 0) |
			       (control & SYSTEM_CONTROL_IO_CHECK ? XEN_NMIREASON_io_error : 0);

	return reason ? reason : XEN_NMIREASON_unknown;
}

/* --- Accesses ------------------------------------------------------------------------------ */

static uint32_t all_ones(unsigned bytes)
{
	return bytes == 4 ? UINT32_MAX : (1u << bytes * 8) - 1;
}

static void access_port(uint16_t port, struct io_request *r)
{
	if (r->write) {
		if (r->bytes == 1) {
			port_outb(port, (uint8_t)r->value);
		} else if (r->bytes == 2) {
			port_outw(port, (uint16_t)r->value);
		} else {
			port_outl(port, r->value);
		}
	} else {
		r->value = r->bytes == 1   ? port_inb(port)
			   : r->bytes == 2 ? port_inw(port)
					   : port_inl(port);
	}
}

static void deny(struct io_request *r)
{
	if (!r->write) {
		r->value = all_ones(r->bytes);
	}
}

#define PCI_ADDRESS_ENABLE 0x80000000u

/* The register that 0xcf8 names; a write passes the filter of messages first. */
static void access_pci(struct io_request *r)
{
	pci_function_t f = {(uint16_t)(io.pci_address >> 8)};
	unsigned reg = (io.pci_address & 0xfc) | (r->port & 3);

	if (!(io.pci_address & PCI_ADDRESS_ENABLE) || reg % r->bytes) {
		deny(r);
	} else if (!r->write) {
		r->value = pci_read(f, reg, r->bytes);
	} else if (msi_filter_write(f, reg, r->bytes, &r->value)) {
		pci_write(f, reg, r->bytes, r->value);
	}
}

static void write_memory(volatile uint8_t *to, unsigned bytes, uint32_t value)
{
	if (bytes == 1) {
		*to = (uint8_t)value;
	} else if (bytes == 2) {
		*(volatile uint16_t *)(volatile void *)to = (uint16_t)value;
	} else {
		*(volatile uint32_t *)(volatile void *)to = value;
	}
}

/* Configuration space in memory: 4096 bytes a function. The filter knows segment 0. */
static void write_mmcfg(unsigned n, uint64_t offset, unsigned bytes, uint32_t value)
{
	pci_function_t f = {(uint16_t)((offset >> 12) + io.mcfg[n].first_bus * 256u)};

	if (bytes <= 4 && offset % bytes == 0 &&
	    (io.mcfg[n].segment || msi_filter_write(f, offset & 0xfff, bytes, &value))) {
		write_memory(io.mcfg_at[n] + offset, bytes, value);
	}
}

bool io_write_read_only(paddr_t address, unsigned bytes, uint64_t value)
{
	for (unsigned n = 0; n < io.mcfgs; n++) {
		const struct acpi_mcfg *m = &io.mcfg[n];
		paddr_t first = m->address + (uint64_t)m->first_bus * MCFG_BYTES_PER_BUS;
		uint64_t buses = m->last_bus - m->first_bus + 1u;

		if (address - first < buses * MCFG_BYTES_PER_BUS) {
			write_mmcfg(n, address - first, bytes, (uint32_t)value);
			return true;
		}
	}
	return mmio_access(&domain_hardware->memory, address >> PAGE_SHIFT) == MMIO_READ;
}

/* A write that would put the machine to sleep ends it, if it is for S5; others vanish. */
static void access_pm1(struct io_request *r, uint16_t first)
{
	uint32_t value = r->value << (r->port - first) * 8;

	if (r->write && value & PM1_SLEEP_ENABLE) {
		power_end_by_pm1((uint16_t)value);
	} else {
		access_port(r->port, r);
	}
}

static void access_kept(const struct io_range *range, struct io_request *r)
{
	switch (range->kind) {
	case IO_PCI_ADDRESS:
		if (r->bytes != 4 || r->port != PCI_PORT_ADDRESS) {
			deny(r);
		} else if (r->write) {
			io.pci_address = r->value;
		} else {
			r->value = io.pci_address;
		}
		return;
	case IO_PCI_DATA:
		access_pci(r);
		return;
	case IO_CMOS_INDEX:
		if (r->write) {
			io.cmos_index = r->value & CMOS_INDEX_BITS;
		} else {
			r->value = io.cmos_index;
		}
		return;
	case IO_CMOS_DATA:
		port_outb(CMOS_INDEX, io.cmos_index);
		access_port(r->port, r);
		return;
	case IO_PM1:
		access_pm1(r, range->first);
		return;
	case IO_DENIED:
		deny(r);
		return;
	}
}

/* What the kernel gave its programs by PHYSDEVOP_set_iobitmap; a clear bit admits. */
static bool iobitmap_admits(struct vcpu *v, const struct io_request *r)
{
	uint8_t bits[2] = {0xff, 0xff};
	guest_va_t at = GUEST_VA(v->arch.io_bitmap.a + r->port / 8);
	unsigned mask = ((1u << r->bytes) - 1) << r->port % 8;
	bool in_program = !v->arch.in_kernel;
	int rc;

	if ((uint32_t)r->port + r->bytes > v->arch.io_bitmap_ports) {
		return false;
	}
	if (in_program) { /* the bitmap is its kernel's */
		guest_toggle_mode(v);
	}
	rc = guest_read(bits, at, mask > 0xff ? 2 : 1);
	if (in_program) {
		guest_toggle_mode(v);
	}
	return !rc && !((bits[0] | (unsigned)bits[1] << 8) & mask);
}

bool io_emulate(struct vcpu *v, struct io_request *r)
{
	uint32_t last = (uint32_t)r->port + r->bytes - 1;
	const struct io_range *range;

	if (!vcpu_may_use_ports(&v->arch) && !iobitmap_admits(v, r)) {
		return false;
	}
	COUNT(port_io);
	if (last < PORTS && io_is_permitted(v->domain, r->port, (uint16_t)last)) {
		access_port(r->port, r);
		return true;
	}
	range = v->domain == domain_hardware ? range_of(r->port) : NULL;
	if (range && last <= range->last) {
		access_kept(range, r);
	} else {
		deny(r);
	}
	return true;
}
