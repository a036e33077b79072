/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot parsers' only way to physical memory, bounded by what the caller knows to be there. */
#ifndef BOOT_PHYSICAL_H
#define BOOT_PHYSICAL_H

#include <lib/base.h>

/*
 * view() gives size readable bytes at address, or NULL if any of them is not memory that may be
 * read. The bytes need no alignment, and stay readable while the parser runs.
 */
struct physical {
	const uint8_t *(*view)(void *context, paddr_t address, size_t size);
	void *context;
};

static inline const uint8_t *physical_view(const struct physical *memory, paddr_t address,
					   size_t size)
{
	return address + size < address ? NULL : memory->view(memory->context, address, size);
}

#endif
