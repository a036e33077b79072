/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sectors hold in tests of front ends: each word says where it belongs and who wrote it. */
#ifndef TESTS_GUESTS_FRONTEND_PATTERN_H
#define TESTS_GUESTS_FRONTEND_PATTERN_H

#include <stdint.h>

#define PATTERN_WORDS 64 /* a sector */

/* Who wrote it. */
#define PATTERN_DOM0  1
#define PATTERN_GUEST 2

static inline uint64_t pattern(uint64_t sector, unsigned int word, uint64_t seed)
{
	return (sector * PATTERN_WORDS + word + 1) * 0x9e3779b97f4a7c15 ^ seed << 32;
}

static inline void pattern_fill(uint64_t *sector_data, uint64_t sector, uint64_t seed)
{
	for (unsigned int word = 0; word < PATTERN_WORDS; word++) {
		sector_data[word] = pattern(sector, word, seed);
	}
}

static inline int pattern_holds(const uint64_t *sector_data, uint64_t sector, uint64_t seed)
{
	for (unsigned int word = 0; word < PATTERN_WORDS; word++) {
		if (sector_data[word] != pattern(sector, word, seed)) {
			return 0;
		}
	}
	return 1;
}

/*
 * The disk of the test: Dom0 writes all of it, the guest the second half before it says "ready", of
 * which nothing but the last sector changes afterwards.
 */
#define DISK_SECTORS 4096U
#define DISK_HALF    (DISK_SECTORS / 2)

#endif
