/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of blocks, the newest first. */
#include <config/arena.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 4096

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *block_new(size_t size)
{
	struct arena_block *block = calloc(1, sizeof(*block) + size);

	if (!block) {
		fputs("out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	block->size = size;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	void *memory;

	size = (size + align - 1) / align * align;
	if (!block || block->size - block->used < size) {
		block = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
		block->next = arena->blocks;
		arena->blocks = block;
	}
	memory = block->bytes + block->used;
	block->used += size;
	return memory;
}

char *arena_text(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	memcpy(copy, text, size);
	return copy;
}

char *arena_vprint(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = arena_alloc(arena, (size_t)size + 1);
	vsnprintf(text, (size_t)size + 1, format, args);
	return text;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprint(arena, format, args);
	va_end(args);
	return text;
}

/* Room is for the next power of two, so that a list of n costs 2n, not n squared. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size)
{
	unsigned char *grown;

	if (count & (count - 1)) {
		return items;
	}
	grown = arena_alloc(arena, (count ? 2 * count : 1) * size);
	if (count) {
		memcpy(grown, items, count * size);
	}
	return grown;
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
}
