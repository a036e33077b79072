/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often what happened: a row of counters per CPU. */
#include <debug/counters.h>
#include <lib/string.h>

static uint64_t *rows[CPU_MAX]; /* null: a CPU that has not started */

static const struct {
	const char *name, *what;
} texts[COUNTERS] = {
#define COUNTER(name, what) [COUNTER_##name] = {#name, what},
#include <debug/counters.def>
#undef COUNTER
};

void counters_init_cpu(void)
{
	rows[cpu_id()] = cpu_counters();
}

const char *counter_name(unsigned counter)
{
	return texts[counter].name;
}

const char *counter_what(unsigned counter)
{
	return texts[counter].what;
}

uint64_t counter_sum(unsigned counter)
{
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
		if (rows[cpu]) {
			sum += rows[cpu][counter];
		}
	}
	return sum;
}

uint64_t counter_of(unsigned cpu, unsigned counter)
{
	return rows[cpu] ? rows[cpu][counter] : 0;
}

cpu_mask_t counter_cpus(void)
{
	cpu_mask_t cpus = 0;

	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
		cpus |= rows[cpu] ? BIT(cpu) : 0;
	}
	return cpus;
}

void counters_clear(void)
{
	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
		if (rows[cpu]) {
			memset(rows[cpu], 0, COUNTERS * sizeof(*rows[cpu]));
		}
	}
}
