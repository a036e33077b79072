/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For fuzz targets with actors: what they choose comes from the input. */
#ifndef FUZZ_ACTORS_H
#define FUZZ_ACTORS_H

#include <stddef.h>
#include <stdint.h>

static const uint8_t *input;
static size_t left;

static uint64_t by_input(uint64_t below)
{
	uint64_t value = 0;

	for (uint64_t reach = 1; reach < below && left; reach <<= 8) {
		value = value << 8 | *input++;
		left--;
	}
	return value % below;
}

#endif
