/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little-endian loads at any alignment, and the one bounds check that the parsers share. */
#ifndef BOOT_BYTES_H
#define BOOT_BYTES_H

#include <lib/base.h>

static inline uint16_t load_le16(const uint8_t *p)
{
	uint16_t value;

	__builtin_memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint32_t load_le32(const uint8_t *p)
{
	uint32_t value;

	__builtin_memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t value;

	__builtin_memcpy(&value, p, sizeof(value));
	return value;
}

/* Does [offset, offset + size) lie within [0, limit)? Sums that overflow do not. */
static inline bool range_within(uint64_t offset, uint64_t size, uint64_t limit)
{
	return offset <= limit && size <= limit - offset;
}

#endif
