/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts by message (MSI, MSI-X): the hypervisor alone writes addresses, data and masks. */
#ifndef ARCH_MSI_H
#define ARCH_MSI_H

#include <arch/pci.h>
#include <lib/base.h>

/*
 * Dom0 finds a device's capability, asks for a PIRQ (here), and sets the enable bit; all else in
 * the capability is the hypervisor's, and so is the table of an MSI-X, which no domain can write.
 */

/* Start-up: messages that the firmware left on are switched off, tables are made read-only. */
void msi_init(void);

/*
 * A PIRQ for a device's one message, or for an entry of its table, which Dom0 says belongs to the
 * device memory at bar. -ENODEV: no such device; -EINVAL: it cannot, or no such entry, or it is
 * elsewhere; -EBUSY: it has one; and what irq_alloc() and pirq_map_vector() return.
 */
int msi_map(pci_function_t f, int *pirq);
int msi_map_table_entry(pci_function_t f, unsigned entry, paddr_t bar, int *pirq);

/* Writes everything anew, after the device lost its settings; -ESRCH: no such device. */
int msi_restore(pci_function_t f);
void msi_forget(pci_function_t f); /* the device has gone */

/* For the line of that vector, whose lock is held. */
void msi_set_mask(unsigned vector, bool masked);
void msi_set_destination(unsigned vector, uint32_t apic_id);
void msi_free(unsigned vector);

/*
 * Dom0 writes to a register of a device. False: the write is dropped; else what is left of it may
 * be written.
 */
bool msi_filter_write(pci_function_t f, unsigned reg, unsigned bytes, uint32_t *value);

#endif
