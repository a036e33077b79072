/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/heap.h over the C library, which is made to fail on request and checks sizes on freeing. */
#include "fake_heap.h"

#include <lib/heap.h>
#include <lib/lock.h>
#include <stdlib.h>
#include <string.h>

long fake_heap_fail_at;
_Atomic size_t fake_heap_bytes;

/* Each block is followed by its size, so that freeing with another one is found. */
void *heap_alloc(size_t bytes)
{
	size_t rounded = ROUND_UP(bytes, (size_t)16);
	size_t align = bytes >= PAGE_SIZE ? PAGE_SIZE : 16;
	char *block;

	if (fake_heap_fail_at && !--fake_heap_fail_at) {
		return NULL;
	}
	block = aligned_alloc(align, ROUND_UP(rounded + sizeof(size_t), align));
	if (!block) {
		abort();
	}
	memset(block, 0, rounded);
	memcpy(block + rounded, &bytes, sizeof(bytes));
	fake_heap_bytes += bytes;
	return block;
}

void heap_free(void *object, size_t bytes)
{
	size_t allocated;

	if (!object) {
		return;
	}
	memcpy(&allocated, (char *)object + ROUND_UP(bytes, (size_t)16), sizeof(allocated));
	if (allocated != bytes) {
		abort();
	}
	fake_heap_bytes -= bytes;
	free(object);
}
