/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for the hypervisor's own objects; memory/heap.c gives it, on a host the fake does. */
#ifndef LIB_HEAP_H
#define LIB_HEAP_H

#include <stddef.h>

/*
 * Zeroed memory, aligned to 16 bytes (whole pages: to pages), or null if there is none. Freeing
 * takes the size again, so that no object needs a header; null is nothing to free.
 */
void *heap_alloc(size_t bytes);
void heap_free(void *object, size_t bytes);

#endif
