/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is freed all at once; a program that has none left says so and exits. */
#ifndef CONFIG_ARENA_H
#define CONFIG_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

/* Zeroed, aligned for anything. */
void *arena_alloc(struct arena *arena, size_t size);
/* The `size` bytes at `text` and a NUL. */
char *arena_text(struct arena *arena, const char *text, size_t size);
char *arena_print(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprint(struct arena *arena, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* An array of `count` items that grows by one: the new array, its last item zeroed. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size);
void arena_free(struct arena *arena);

#endif
