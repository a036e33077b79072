/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the boot parsers: physical memory in pieces, and reports kept to be looked at. */
#ifndef TESTS_BOOT_FAKE_H
#define TESTS_BOOT_FAKE_H

#include <boot/physical.h>
#include <boot/report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_region {
	paddr_t start;
	size_t size;
	const uint8_t *bytes;
};

/* A view is a block of exactly the size asked for, so that ASan sees any step beyond it. */
struct fake_memory {
	struct fake_region regions[8];
	unsigned int region_count;
	void *views[65536];
	unsigned int view_count;
};

static inline const uint8_t *fake_view(void *context, paddr_t address, size_t size)
{
	struct fake_memory *memory = context;

	for (unsigned int i = 0; i < memory->region_count; i++) {
		const struct fake_region *region = &memory->regions[i];

		if (address >= region->start && address - region->start <= region->size &&
		    size <= region->size - (address - region->start)) {
			uint8_t *copy = malloc(size ? size : 1);

			if (!copy || memory->view_count == 65536) {
				abort();
			}
			memory->views[memory->view_count++] = copy;
			return memcpy(copy, region->bytes + (address - region->start), size);
		}
	}
	return NULL;
}

static inline void fake_region_add(struct fake_memory *memory, paddr_t start, const void *bytes,
				   size_t size)
{
	memory->regions[memory->region_count++] = (struct fake_region){start, size, bytes};
}

static inline void fake_views_free(struct fake_memory *memory)
{
	while (memory->view_count) {
		free(memory->views[--memory->view_count]);
	}
}

/* All lines since the last clearing, each with a newline. */
struct fake_log {
	char text[16384];
};

static inline __attribute__((format(printf, 2, 0))) void
fake_log_line(void *context, const char *format, va_list args)
{
	struct fake_log *log = context;
	size_t used = strlen(log->text);

	vsnprintf(log->text + used, sizeof(log->text) - used, format, args);
	used = strlen(log->text);
	snprintf(log->text + used, sizeof(log->text) - used, "\n");
}

#endif
