/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts by message (MSI, MSI-X): the hypervisor alone writes addresses, data and masks. */
#ifndef ARCH_MSI_H
#define ARCH_MSI_H

#include <lib/base.h>

struct msi_message;

void msi_set_mask(struct msi_message *message, bool masked);

#endif
