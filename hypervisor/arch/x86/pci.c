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
