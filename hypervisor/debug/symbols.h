/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of the hypervisor's own functions. */
#ifndef DEBUG_SYMBOLS_H
#define DEBUG_SYMBOLS_H

#include <lib/base.h>

/* Symbols come in the order of their addresses. */
uint32_t symbols_count(void);
uint64_t symbols_address(uint32_t n);
const char *symbols_name(uint32_t n);

/* The function an address is in and how far; null: in none. */
const char *symbols_find(uint64_t address, uint64_t *offset);

#endif
