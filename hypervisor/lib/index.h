/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest gave is within its bounds also where a processor runs ahead of the check. */
#ifndef LIB_INDEX_H
#define LIB_INDEX_H

#include <lib/base.h>

/*
 * Whether an index is below the limit. Where that branch is mispredicted, and it is not, it is 0
 * from here on: the mask comes from the comparison itself, not from where it made us go.
 */
static inline bool index_ok(uint64_t *index, uint64_t limit)
{
	uint64_t mask;
	bool below;

	__asm__("cmp %3, %2\n\tsbb %0, %0" : "=r"(mask), "=@ccc"(below) : "r"(*index), "re"(limit));
	*index &= mask;
	return below;
}

/*
 * For a value that may be used if a condition holds, which is 1 or 0 and has been found to be 1:
 * itself. Where that branch was mispredicted: 0.
 */
static inline uint64_t value_if(uint64_t value, uint64_t condition)
{
	__asm__("" : "+r"(condition));
	return value & (0 - condition);
}

#endif
