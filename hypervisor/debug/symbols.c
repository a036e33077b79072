/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of the hypervisor's own functions. */
#include <debug/symbols.h>

/* Made from the linked image by scripts/symbol-table. */
extern const uint64_t symbol_base;
extern const uint32_t symbol_count, symbol_offsets[], symbol_name_at[];
extern const char symbol_names[];

#define LONGEST_FUNCTION 0x10000 /* what is farther from its symbol is in no function */

uint32_t symbols_count(void)
{
	return symbol_count;
}

uint64_t symbols_address(uint32_t n)
{
	return symbol_base + symbol_offsets[n];
}

const char *symbols_name(uint32_t n)
{
	return symbol_names + symbol_name_at[n];
}

const char *symbols_find(uint64_t address, uint64_t *offset)
{
	uint32_t low = 0, high = symbol_count;

	if (!symbol_count || address < symbol_base) {
		return NULL;
	}
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (symbols_address(middle) <= address) {
			low = middle;
		} else {
			high = middle;
		}
	}
	*offset = address - symbols_address(low);
	return *offset < LONGEST_FUNCTION ? symbols_name(low) : NULL;
}
