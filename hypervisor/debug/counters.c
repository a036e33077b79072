/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often what happened: a row of counters per CPU. */
#include <debug/counters.h>
#include <lib/error.h>
#include <lib/heap.h>
#include <lib/string.h>

static uint64_t spare_row[COUNTERS];
uint64_t *counter_row[CPU_MAX] = {[0 ... CPU_MAX - 1] = spare_row};

static const struct {
	const char *name, *what;
} texts[COUNTERS] = {
#define COUNTER(name, what) [COUNTER_##name] = {#name, what},
#include <debug/counters.def>
#undef COUNTER
};

int counters_init_cpu(unsigned cpu)
{
	uint64_t *row = heap_alloc(sizeof(spare_row));

	if (!row) {
		return -ENOMEM;
	}
	counter_row[cpu] = row;
	return 0;
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
	uint64_t sum = spare_row[counter];

	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
		if (counter_row[cpu] != spare_row) {
			sum += counter_row[cpu][counter];
		}
	}
	return sum;
}

void counters_clear(void)
{
	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
		memset(counter_row[cpu], 0, sizeof(spare_row));
	}
}
