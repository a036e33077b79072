/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indexes that a guest gave, in bounds also where a processor runs ahead of their check. */
#ifndef LIB_INDEX_H
#define LIB_INDEX_H

#include <lib/base.h>

/*
 * For an index that has been found to be below the limit: itself. Where that branch was
 * mispredicted, and the index is not below it: 0. By arithmetic that no branch precedes; the
 * compiler must not know that it has been checked, hence the empty assembly. Both are below 2^63.
 */
static inline uint64_t index_clamp(uint64_t index, uint64_t limit)
{
	__asm__("" : "+r"(index));
	return index & (uint64_t)((int64_t)(index - limit) >> 63);
}

#endif
