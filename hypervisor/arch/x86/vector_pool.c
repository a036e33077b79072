/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handing out vectors to devices. */
#include <arch/vector_pool.h>
#include <lib/bitmap.h>
#include <lib/error.h>

void vector_pool_init(struct vector_pool *pool)
{
	for (unsigned vector = 0; vector < 256; vector++) {
		if (vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST) {
			bitmap_clear(pool->used, vector);
		} else {
			bitmap_set(pool->used, vector);
		}
	}
}

int vector_pool_take(struct vector_pool *pool, unsigned count)
{
	uint64_t block = BIT(count) - 1;

	for (unsigned vector = 0; vector < 256; vector += count) {
		uint64_t *word = &pool->used[vector / 64];

		if (!(*word & block << vector % 64)) {
			*word |= block << vector % 64;
			return (int)vector;
		}
	}
	return -ENOSPC;
}

void vector_pool_give(struct vector_pool *pool, unsigned vector, unsigned count)
{
	pool->used[vector / 64] &= ~((BIT(count) - 1) << vector % 64);
}
