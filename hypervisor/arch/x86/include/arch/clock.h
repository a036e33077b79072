/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System time from the TSC, and the wall clock. now() itself is declared in arch/port.h. */
#ifndef ARCH_CLOCK_H
#define ARCH_CLOCK_H

#include <arch/time_scale.h>

/*
 * Calibrates TSC and APIC timer in one window of 3 ms and reads the wall clock; after
 * apic_init_cpu(). `pm_timer` is the ACPI PM timer's port, 0 without one; `rtc_century` the CMOS
 * index of the century, 0 without one. Panics when nothing is there to compare the TSC with.
 */
void clock_init(uint16_t pm_timer, uint8_t rtc_century);

/* What guests compute their time from; `version` changes with it. */
uint32_t clock_version(void);
struct time_scale clock_scale(void);

uint64_t clock_tsc_hz(void);
bool clock_tsc_is_stable(void); /* the scale never changes */

/*
 * Where the TSC is not invariant, compares it with the PM timer and bends the scale towards the
 * truth: once a second, on one CPU. False: there is nothing to correct, so no need to come back.
 */
bool clock_correct(void);
#define CLOCK_CORRECT_PERIOD NS_PER_SECOND

/* The wall clock: nanoseconds since 1970 at the moment when now() was 0. */
uint64_t clock_wall_epoch(void);
void clock_set_wall_epoch(uint64_t ns);

#endif
