/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests need to use devices: ports, PCI, and interrupt lines as PIRQs. */
#ifndef TESTS_DEVICES_H
#define TESTS_DEVICES_H

#include "guest.h"

#include <xen/physdev.h>

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outw(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

UNUSED static uint8_t cmos_read(uint8_t index)
{
	outb(0x70, index);
	return inb(0x71);
}

UNUSED static void cmos_write(uint8_t index, uint8_t value)
{
	outb(0x70, index);
	outb(0x71, value);
}

UNUSED static uint32_t pci_read(unsigned int device, unsigned int reg)
{
	outl(0xcf8, 0x80000000 | device << 11 | reg);
	return inl(0xcfc);
}

UNUSED static void pci_write(unsigned int device, unsigned int reg, uint32_t value)
{
	outl(0xcf8, 0x80000000 | device << 11 | reg);
	outl(0xcfc, value);
}

#define PCI_COMMAND	   0x04
#define PCI_COMMAND_ALL	   0x06 /* memory, and to write there itself */
#define PCI_CAPABILITIES   0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_BAR(n)	   (0x10 + 4 * (n))
#define PCI_BAR_64	   4u
#define PCI_MSI		   0x05
#define PCI_MSIX	   0x11
#define MSI_ENABLE	   0x0001
#define MSIX_ENABLE	   0x8000

/* The device of that vendor and kind on bus 0, ready for work; -1: there is none. */
UNUSED static int pci_find(uint32_t id)
{
	for (unsigned int device = 0; device < 32; device++) {
		if (pci_read(device, 0) == id) {
			struct physdev_pci_device_add add = {.devfn = (uint8_t)(device << 3)};

			pv_physdev_op(PHYSDEVOP_pci_device_add, &add); /* Xen wants to be told */
			pci_write(device, PCI_COMMAND,
				  (pci_read(device, PCI_COMMAND) & 0xffff) | PCI_COMMAND_ALL);
			return (int)device;
		}
	}
	return -1;
}

UNUSED static uint64_t pci_bar(unsigned int device, unsigned int n)
{
	uint64_t bar = pci_read(device, PCI_BAR(n));

	if (bar & PCI_BAR_64) {
		bar |= (uint64_t)pci_read(device, PCI_BAR(n + 1)) << 32;
	}
	return bar & ~0xfUL;
}

/* Where it is in the configuration space; 0: nowhere. */
UNUSED static unsigned int pci_capability(unsigned int device, unsigned int id)
{
	unsigned int at = pci_read(device, PCI_CAPABILITIES) & 0xfc;

	while (at && (pci_read(device, at) & 0xff) != id) {
		at = pci_read(device, at) >> 8 & 0xfc;
	}
	return at;
}

/* To the register behind the head of a capability for messages. */
UNUSED static void pci_set_messages(unsigned int device, unsigned int capability, uint16_t control)
{
	outl(0xcf8, 0x80000000 | device << 11 | capability);
	outw(0xcfe, control);
}

#define MAP_DEVICE_RW 0x77UL /* present, writable, user, uncached, accessed, dirty */

UNUSED static long map_device(page_t at, uint64_t address)
{
	return pv_update_va_mapping((unsigned long)at, address | MAP_DEVICE_RW, UVMF_INVLPG);
}

/* A message of a device's, or entry of its table in the memory at `table`; the PIRQ. */
UNUSED static int map_message(unsigned int device, int entry, uint64_t table)
{
	struct physdev_map_pirq map = {
		.domid = DOMID_SELF,
		.type = MAP_PIRQ_TYPE_MSI_SEG,
		.index = -1,
		.pirq = -1,
		.devfn = (int)device << 3,
		.entry_nr = entry,
		.table_base = table,
	};
	int rc = (int)pv_physdev_op(PHYSDEVOP_map_pirq, &map);

	return rc ? rc : map.pirq;
}

UNUSED static int map_gsi(int gsi, int pirq)
{
	struct physdev_map_pirq map = {
		.domid = DOMID_SELF,
		.type = MAP_PIRQ_TYPE_GSI,
		.index = gsi,
		.pirq = pirq,
	};
	int rc = (int)pv_physdev_op(PHYSDEVOP_map_pirq, &map);

	return rc ? rc : map.pirq;
}

UNUSED static int unmap(int pirq)
{
	struct physdev_unmap_pirq unmap_pirq = {.domid = DOMID_SELF, .pirq = pirq};

	return (int)pv_physdev_op(PHYSDEVOP_unmap_pirq, &unmap_pirq);
}

UNUSED static int bind(int pirq)
{
	struct evtchn_bind_pirq bind_pirq = {.pirq = (uint32_t)pirq,
					     .flags = BIND_PIRQ__WILL_SHARE};
	int rc = (int)pv_event_channel_op(EVTCHNOP_bind_pirq, &bind_pirq);

	return rc ? rc : (int)bind_pirq.port;
}

UNUSED static int eoi(int pirq)
{
	struct physdev_eoi op = {.irq = (uint32_t)pirq};

	return (int)pv_physdev_op(PHYSDEVOP_eoi, &op);
}

UNUSED static int setup_gsi(int gsi, uint8_t level, uint8_t low)
{
	struct physdev_setup_gsi op = {.gsi = gsi, .triggering = level, .polarity = low};

	return (int)pv_physdev_op(PHYSDEVOP_setup_gsi, &op);
}

#endif
