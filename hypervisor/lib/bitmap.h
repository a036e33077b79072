/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of small numbers as arrays of 64-bit words; whoever shares one locks it. */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <lib/base.h>

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
	return map[bit / 64] >> (bit % 64) & 1;
}

static inline void bitmap_set(uint64_t *map, size_t bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

static inline void bitmap_clear(uint64_t *map, size_t bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

/* The first bit at or after `from` that is set (or, in the other, clear); `bits` if there is none.
 */
static inline size_t bitmap_next(const uint64_t *map, size_t bits, size_t from, uint64_t flip)
{
	size_t word = from / 64;
	uint64_t rest;

	if (from >= bits) {
		return bits;
	}
	rest = (map[word] ^ flip) & (UINT64_MAX << (from % 64));
	while (!rest) {
		if (++word >= BITMAP_WORDS(bits)) {
			return bits;
		}
		rest = map[word] ^ flip;
	}
	return MIN(bits, word * 64 + (size_t)__builtin_ctzll(rest));
}

static inline size_t bitmap_next_set(const uint64_t *map, size_t bits, size_t from)
{
	return bitmap_next(map, bits, from, 0);
}

static inline size_t bitmap_next_clear(const uint64_t *map, size_t bits, size_t from)
{
	return bitmap_next(map, bits, from, UINT64_MAX);
}

#define bitmap_for_each(bit, map, bits)                                    \
	for (size_t bit = bitmap_next_set((map), (bits), 0); bit < (bits); \
	     bit = bitmap_next_set((map), (bits), bit + 1))

#endif
