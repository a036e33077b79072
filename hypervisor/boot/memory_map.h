/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map of boot_info: adding what the firmware says, in any order and overlapping. */
#ifndef BOOT_MEMORY_MAP_H
#define BOOT_MEMORY_MAP_H

#include <boot/boot_info.h>
#include <boot/report.h>

/*
 * Adds size bytes at start. Where ranges overlap the one that is less usable wins, and types we
 * do not know count as reserved. The map stays sorted and disjoint. What no longer fits into it is
 * reported and left out; memory that is taken is never left in as RAM.
 */
void memory_map_add(struct boot_info *info, paddr_t start, uint64_t size, uint32_t type,
		    const struct report *report);

/* RAM from limit on becomes reserved: it is there, but nobody is to use it. */
void memory_map_limit(struct boot_info *info, paddr_t limit, const struct report *report);

/* Joins neighbours of one type. */
void memory_map_merge(struct boot_info *info);

#endif
