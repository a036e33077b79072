/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of CPUs: "all,^5", "0-3,8", "nodes:0-1,^node:1". */
#include <config/parse.h>

#include <stdlib.h>
#include <string.h>

/* "3" or "3-5" */
static bool range_parse(const char *text, struct cpu_range *range)
{
	unsigned long long number;
	char first[16] = "";
	const char *dash = strchr(text, '-');
	size_t size = dash ? (size_t)(dash - text) : strlen(text);

	if (size >= sizeof(first)) {
		return false;
	}
	memcpy(first, text, size);
	if (!number_parse(first, 10, CPU_LAST, &number)) {
		return false;
	}
	range->first = range->last = (unsigned int)number;
	if (dash) {
		if (!number_parse(dash + 1, 10, CPU_LAST, &number)) {
			return false;
		}
		range->last = (unsigned int)number;
	}
	return range->first <= range->last;
}

static bool part_parse(const char *text, struct cpu_range *range)
{
	if (*text == '^') {
		range->exclude = true;
		text++;
	}
	if (strcmp(text, "all") == 0) {
		range->last = CPU_LAST;
		return true;
	}
	if (strncmp(text, "nodes:", 6) == 0 || strncmp(text, "node:", 5) == 0) {
		range->nodes = true;
		text = strchr(text, ':') + 1;
	}
	return range_parse(text, range);
}

bool cpu_list_parse(struct arena *arena, const char *text, struct cpu_list *list)
{
	struct spec_part part;

	*list = (struct cpu_list){0};
	while (spec_next(arena, &text, NULL, &part)) {
		list->ranges = arena_grow(arena, list->ranges, list->count, sizeof(*list->ranges));
		if (part.value || !part_parse(part.key, &list->ranges[list->count++])) {
			return false;
		}
	}
	return true;
}

/* Whether CPU `cpu`, which is on `node`, is in the range. */
static bool range_has(const struct cpu_range *range, unsigned int cpu, unsigned int node)
{
	unsigned int number = range->nodes ? node : cpu;

	return number >= range->first && number <= range->last;
}

bool cpu_list_resolve(const struct cpu_list *list, const unsigned int *node_of,
		      unsigned int cpu_count, uint64_t *bitmap)
{
	bool any = false;

	memset(bitmap, 0, (cpu_count + 63) / 64 * sizeof(*bitmap));
	for (size_t i = 0; i < list->count; i++) {
		const struct cpu_range *range = &list->ranges[i];
		bool all = range->first == 0 && range->last == CPU_LAST;

		if (!range->nodes && !all && !range->exclude && range->last >= cpu_count) {
			return false;
		}
		for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
			uint64_t bit = UINT64_C(1) << (cpu % 64);

			if (range_has(range, cpu, node_of[cpu])) {
				bitmap[cpu / 64] = range->exclude ? bitmap[cpu / 64] & ~bit
								  : bitmap[cpu / 64] | bit;
			}
		}
	}
	for (unsigned int word = 0; word < (cpu_count + 63) / 64; word++) {
		any |= bitmap[word] != 0;
	}
	return any;
}
