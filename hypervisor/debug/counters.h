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

/* Rows of CPUs that have not started point to a spare one. */
extern uint64_t *counter_row[CPU_MAX];

int counters_init_cpu(unsigned cpu); /* 0 or -ENOMEM, and then it keeps the spare row */

static inline void counter_add(unsigned counter, uint64_t by)
{
	counter_row[cpu_id()][counter] += by;
}

#define COUNT(name) counter_add(COUNTER_##name, 1)

const char *counter_name(unsigned counter); /* null for hypercalls */
const char *counter_what(unsigned counter);
uint64_t counter_sum(unsigned counter); /* over all CPUs */
void counters_clear(void);

#endif
