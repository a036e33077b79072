/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often what happened: a row of counters per CPU, which only that CPU writes. */
#ifndef DEBUG_COUNTERS_H
#define DEBUG_COUNTERS_H

#include <arch/port.h>
#include <lib/base.h>

#define COUNTER_HYPERCALLS 64 /* the first counters are the hypercalls' by number */

enum counter {
	COUNTER_LAST_HYPERCALL = COUNTER_HYPERCALLS - 1,
#define COUNTER(name, what) COUNTER_##name,
#include <debug/counters.def>
#undef COUNTER
	COUNTERS
};

void counters_init_cpu(void); /* on each CPU, at its start: from now on its row is in the sums */

static inline void counter_add(unsigned counter, uint64_t by)
{
	cpu_counters()[counter] += by;
}

#define COUNT(name) counter_add(COUNTER_##name, 1)

const char *counter_name(unsigned counter); /* null for hypercalls */
const char *counter_what(unsigned counter);
uint64_t counter_sum(unsigned counter); /* over all CPUs */
uint64_t counter_of(unsigned cpu, unsigned counter);
cpu_mask_t counter_cpus(void); /* those that have counted anything yet */
void counters_clear(void);

#endif
