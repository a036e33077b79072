/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space of segment 0, by the ports 0xcf8 and 0xcfc. */
#ifndef ARCH_PCI_H
#define ARCH_PCI_H

#include <lib/base.h>

#define PCI_PORT_ADDRESS 0xcf8
#define PCI_PORT_DATA	 0xcfc

/* A function of a device: bus << 8 | device << 3 | function. */
typedef struct {
	uint16_t n;
} pci_function_t;

#define PCI_FUNCTION(bus, devfn) ((pci_function_t){(uint16_t)((bus) << 8 | (devfn))})

/* `bytes` is 1, 2 or 4, and `reg` a multiple of it; what does not exist reads as all ones. */
uint32_t pci_read(pci_function_t f, unsigned reg, unsigned bytes);
void pci_write(pci_function_t f, unsigned reg, unsigned bytes, uint32_t value);

/* Where its capability `id` is, or 0. */
unsigned pci_find_capability(pci_function_t f, uint8_t id);

#define PCI_CAPABILITY_MSI  0x05
#define PCI_CAPABILITY_MSIX 0x11

bool pci_exists(pci_function_t f);

/* Its BARs: how many there are, where the memory of one is (0: it has none), and how much it asks
 * for. The last is for start-up: the device's memory is gone for a moment. */
unsigned pci_bar_count(pci_function_t f);
paddr_t pci_bar_address(pci_function_t f, unsigned bar);
uint64_t pci_bar_bytes(pci_function_t f, unsigned bar);

#endif
