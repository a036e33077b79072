/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map of boot_info: adding what the firmware says, in any order and overlapping. */
#include <boot/memory_map.h>
#include <lib/string.h>

#define PHYSICAL_END (UINT64_C(1) << 52) /* the architecture's limit */

/* Who wins where two overlap: the higher. */
static const uint8_t strength[] = {
	[MEMORY_RAM] = 1,      [MEMORY_ACPI] = 2, [MEMORY_NVS] = 3,
	[MEMORY_RESERVED] = 4, [MEMORY_BAD] = 5,
};

static void remove_range(struct boot_info *info, unsigned int at)
{
	info->memory_count--;
	memmove(&info->memory[at], &info->memory[at + 1],
		(info->memory_count - at) * sizeof(info->memory[0]));
}

static bool insert_range(struct boot_info *info, unsigned int at, struct memory_range range)
{
	if (info->memory_count == BOOT_RANGES_MAX) {
		return false;
	}
	memmove(&info->memory[at + 1], &info->memory[at],
		(info->memory_count - at) * sizeof(info->memory[0]));
	info->memory[at] = range;
	info->memory_count++;
	return true;
}

/* Takes new out of the ranges that are weaker. Without room to split one its upper part goes. */
static bool clear_way(struct boot_info *info, const struct memory_range *new)
{
	bool whole = true;

	for (unsigned int i = 0; i < info->memory_count; i++) {
		struct memory_range *old = &info->memory[i];
		struct memory_range above = {new->end, old->end, old->type};

		if (old->end <= new->start || old->start >= new->end ||
		    strength[old->type] >= strength[new->type]) {
			continue;
		}
		if (old->start >= new->start && old->end <= new->end) {
			remove_range(info, i--);
		} else if (old->start >= new->start) {
			old->start = new->end;
		} else {
			old->end = new->start;
			if (above.end > above.start) {
				whole &= insert_range(info, i + 1, above);
			}
		}
	}
	return whole;
}

/* Fills what is free between the ranges that were stronger. */
static bool fill_gaps(struct boot_info *info, struct memory_range new)
{
	bool whole = true;

	for (unsigned int i = 0; new.start < new.end; i++) {
		struct memory_range gap = new;

		if (i < info->memory_count && info->memory[i].end <= new.start) {
			continue;
		}
		if (i < info->memory_count) {
			gap.end = MIN(new.end, info->memory[i].start);
			new.start = MIN(new.end, info->memory[i].end);
		} else {
			new.start = new.end;
		}
		if (gap.end > gap.start) {
			whole &= insert_range(info, i, gap);
		}
	}
	return whole;
}

void memory_map_add(struct boot_info *info, paddr_t start, uint64_t size, uint32_t type,
		    const struct report *report)
{
	struct memory_range new = {start, start + size, MEMORY_RESERVED};

	if (type >= MEMORY_RAM && type <= MEMORY_BAD) {
		new.type = (enum memory_type)type;
	}
	if (new.end < start || new.end > PHYSICAL_END) {
		report_line(report,
			    "memory map: 0x%lx bytes at 0x%lx run past the end of addresses",
			    (unsigned long)size, (unsigned long)start);
		new.end = PHYSICAL_END;
	}
	if (new.start >= new.end) {
		return;
	}
	if (!clear_way(info, &new) || !fill_gaps(info, new)) {
		report_line(report,
			    "memory map: no room for all of 0x%lx-0x%lx type %u, %u is the limit",
			    (unsigned long)new.start, (unsigned long)new.end, type,
			    BOOT_RANGES_MAX);
	}
}

void memory_map_limit(struct boot_info *info, paddr_t limit, const struct report *report)
{
	for (unsigned int i = 0; i < info->memory_count; i++) {
		const struct memory_range range = info->memory[i];
		paddr_t start = MAX(range.start, limit);

		if (range.type == MEMORY_RAM && range.end > start) {
			memory_map_add(info, start, range.end - start, MEMORY_RESERVED, report);
		}
	}
	memory_map_merge(info);
}

void memory_map_merge(struct boot_info *info)
{
	for (unsigned int i = 1; i < info->memory_count;) {
		struct memory_range *below = &info->memory[i - 1], *range = &info->memory[i];

		if (below->end == range->start && below->type == range->type) {
			below->end = range->end;
			remove_range(info, i);
		} else {
			i++;
		}
	}
}
