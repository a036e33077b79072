/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts by message (MSI, MSI-X): the hypervisor alone writes addresses, data and masks. */
#ifndef ARCH_MSI_H
#define ARCH_MSI_H

#include <arch/pci.h>
#include <lib/base.h>

struct msi_message;

/*
 * Dom0 writes to a register of a device. False: the write is dropped; else what is left of it may
 * be written, without what is the hypervisor's.
 */
bool msi_filter_write(pci_function_t f, unsigned reg, unsigned bytes, uint32_t *value);

void msi_set_mask(struct msi_message *message, bool masked);

#endif
