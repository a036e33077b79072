/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processors that firmware left waiting are started. */
#ifndef BOOT_PROCESSORS_H
#define BOOT_PROCESSORS_H

#include <boot/acpi.h>
#include <boot/boot_info.h>

/*
 * Starts up to limit - 1 more, in the order of the ACPI tables. Each runs its idle loop then. What
 * cannot be used is left alone, and the log says why.
 */
void processors_start(const struct boot_info *info, const struct acpi_info *acpi, unsigned limit);

#endif
