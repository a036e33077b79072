/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switching the machine off and starting it anew. arch_stop() is declared in arch/port.h. */
#ifndef ARCH_POWER_H
#define ARCH_POWER_H

#include <lib/base.h>

struct acpi_info;

void power_init(const struct acpi_info *acpi);

/* arch_stop() has begun and sent an NMI to all other CPUs, whose handler then halts for ever. */
bool power_is_stopping(void);
_Noreturn void power_halt(void); /* this CPU */

/*
 * What Dom0's ACPI code wants written to PM1a and PM1b control to enter a sleep state. Only S5 is
 * known, and does not return if the machine obeys; -EINVAL: it is another state, or no such values.
 */
int power_enter_sleep(unsigned state, uint16_t pm1a_value, uint16_t pm1b_value);

/* The same by Dom0's own write to PM1a control. */
void power_end_by_pm1(uint16_t value);

#define PM1_SLEEP_ENABLE 0x2000
#define PM1_SLEEP_TYPE	 0x1c00

#endif
