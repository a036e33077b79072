/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space of segment 0, by the ports 0xcf8 and 0xcfc. */
#include <arch/instructions.h>
#include <arch/pci.h>
#include <lib/lock.h>

#define ADDRESS_ENABLE 0x80000000u

#define REGISTER_STATUS	      0x06
#define REGISTER_CAPABILITIES 0x34
#define STATUS_CAPABILITIES   0x10
#define CAPABILITIES_FIRST    0x40
#define REGISTER_COMMAND      0x04
#define COMMAND_MEMORY	      0x2u
#define REGISTER_HEADER	      0x0e
#define HEADER_KIND	      0x7f
#define REGISTER_BAR(n)	      (0x10u + 4 * (n))
#define BAR_IO		      0x1
#define BAR_64		      0x4
#define BAR_MEMORY_ADDRESS    0xfffffff0u
#define CAPABILITIES_MOST     48 /* as many as fit, so that a list in a circle ends */

/* Guards the pair of ports. */
static struct lock pci_lock = LOCK_INIT(LOCK_PCI);

static uint16_t select(pci_function_t f, unsigned reg)
{
	port_outl(PCI_PORT_ADDRESS, ADDRESS_ENABLE | (uint32_t)f.n << 8 | (reg & 0xfc));
	return (uint16_t)(PCI_PORT_DATA + (reg & 3));
}

uint32_t pci_read(pci_function_t f, unsigned reg, unsigned bytes)
{
	uint32_t value;
	uint16_t port;

	lock_acquire(&pci_lock);
	port = select(f, reg);
	value = bytes == 1 ? port_inb(port) : bytes == 2 ? port_inw(port) : port_inl(port);
	lock_release(&pci_lock);
	return value;
}

void pci_write(pci_function_t f, unsigned reg, unsigned bytes, uint32_t value)
{
	uint16_t port;

	lock_acquire(&pci_lock);
	port = select(f, reg);
	if (bytes == 1) {
		port_outb(port, (uint8_t)value);
	} else if (bytes == 2) {
		port_outw(port, (uint16_t)value);
	} else {
		port_outl(port, value);
	}
	lock_release(&pci_lock);
}

bool pci_exists(pci_function_t f)
{
	return (pci_read(f, 0, 2) & 0xffff) != 0xffff;
}

unsigned pci_find_capability(pci_function_t f, uint8_t id)
{
	unsigned at;

	if (!pci_exists(f) || !(pci_read(f, REGISTER_STATUS, 2) & STATUS_CAPABILITIES)) {
		return 0;
	}
	at = pci_read(f, REGISTER_CAPABILITIES, 1) & 0xfc;
	for (unsigned i = 0; at >= CAPABILITIES_FIRST && i < CAPABILITIES_MOST; i++) {
		uint32_t head = pci_read(f, at, 2);

		if ((head & 0xff) == id) {
			return at;
		}
		at = head >> 8 & 0xfc;
	}
	return 0;
}

/* --- Memory -------------------------------------------------------------------------------- */

unsigned pci_bar_count(pci_function_t f)
{
	static const uint8_t counts[] = {6, 2, 1}; /* a device, a bridge, one to CardBus */
	uint32_t kind = pci_read(f, REGISTER_HEADER, 1) & HEADER_KIND;

	return kind < ARRAY_COUNT(counts) ? counts[kind] : 0;
}

paddr_t pci_bar_address(pci_function_t f, unsigned bar)
{
	uint32_t low;

	if (bar >= pci_bar_count(f)) {
		return 0;
	}
	low = pci_read(f, REGISTER_BAR(bar), 4);
	if (low & BAR_IO) {
		return 0;
	}
	if (low & BAR_64 && bar + 1 < pci_bar_count(f)) {
		return (uint64_t)pci_read(f, REGISTER_BAR(bar + 1), 4) << 32 |
		       (low & BAR_MEMORY_ADDRESS);
	}
	return low & BAR_MEMORY_ADDRESS;
}

/* What is written to a BAR comes back but for the bits below its size. */
uint64_t pci_bar_bytes(pci_function_t f, unsigned bar)
{
	uint32_t command = pci_read(f, REGISTER_COMMAND, 2),
		 low = pci_read(f, REGISTER_BAR(bar), 4);
	bool wide = low & BAR_64 && bar + 1 < pci_bar_count(f);
	uint32_t high = wide ? pci_read(f, REGISTER_BAR(bar + 1), 4) : 0;
	uint64_t bits;

	pci_write(f, REGISTER_COMMAND, 2, command & ~COMMAND_MEMORY);
	pci_write(f, REGISTER_BAR(bar), 4, UINT32_MAX);
	bits = UINT64_C(0xffffffff00000000) |
	       (pci_read(f, REGISTER_BAR(bar), 4) & BAR_MEMORY_ADDRESS);
	pci_write(f, REGISTER_BAR(bar), 4, low);
	if (wide) {
		pci_write(f, REGISTER_BAR(bar + 1), 4, UINT32_MAX);
		bits &= (uint64_t)pci_read(f, REGISTER_BAR(bar + 1), 4) << 32 | UINT32_MAX;
		pci_write(f, REGISTER_BAR(bar + 1), 4, high);
	}
	pci_write(f, REGISTER_COMMAND, 2, command);
	return ~bits + 1;
}
