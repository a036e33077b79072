/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handing out vectors to devices. */
#ifndef ARCH_VECTOR_POOL_H
#define ARCH_VECTOR_POOL_H

#include <arch/vectors.h>
#include <lib/base.h>

/* Vectors in use, a bit each; those that are not for devices never are free. Locked by its user. */
struct vector_pool {
	uint64_t used[4];
};

void vector_pool_init(struct vector_pool *pool);

/*
 * The first of `count` (a power of two, at most 32) vectors in a row, aligned to `count`, as an
 * MSI with several messages needs them; or -ENOSPC.
 */
int vector_pool_take(struct vector_pool *pool, unsigned count);
void vector_pool_give(struct vector_pool *pool, unsigned vector, unsigned count);

#endif
