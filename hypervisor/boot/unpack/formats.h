/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoders behind unpack(), one for each format, and what they share. */
#ifndef BOOT_UNPACK_FORMATS_H
#define BOOT_UNPACK_FORMATS_H

#include <boot/unpack/unpack.h>

/* Each returns NULL or what is wrong. */
const char *unpack_gzip(struct unpack *unpack);
const char *unpack_xz(struct unpack *unpack);
const char *unpack_lzma(struct unpack *unpack);
const char *unpack_lz4(struct unpack *unpack);
const char *unpack_zstd(struct unpack *unpack);

#define UNPACK_DAMAGED	   "damaged"
#define UNPACK_CUT_SHORT   "cut short"
#define UNPACK_TOO_LARGE   "larger unpacked than it says"
#define UNPACK_UNSUPPORTED "packed in a way that is not supported"

static inline size_t unpack_left(const struct unpack *unpack)
{
	return (size_t)(unpack->in_end - unpack->in);
}

static inline size_t unpack_room(const struct unpack *unpack)
{
	return (size_t)(unpack->out_end - unpack->out);
}

/*
 * Repeats at `to` the length bytes from distance before it, which may overlap what it makes, and
 * returns where they end. The caller has checked that there is room for them, and that so much
 * has been made before. Eight bytes go at a time, and up to seven too many where there is room:
 * what follows overwrites them. Most repeats are short, so a call of memcpy() would cost more.
 */
static inline uint8_t *unpack_repeat(uint8_t *to, size_t distance, size_t length,
				     const uint8_t *room_end)
{
	const uint8_t *from = to - distance;
	uint8_t *end = to + length;

	if (unlikely(room_end - end < 8)) {
		while (to < end) {
			*to++ = *from++;
		}
		return end;
	}
	/* A short period is doubled, until a word holds no more than what has been made. */
	while (unlikely(distance < 8)) {
		for (size_t i = 0; i < distance; i++) {
			to[i] = from[i];
		}
		to += distance;
		distance *= 2;
		if (to >= end) {
			return end;
		}
	}
	do {
		__builtin_memcpy(to, from, 8);
		to += 8;
		from += 8;
	} while (to < end);
	return end;
}

/* Checksums, by tables that are made in scratch memory: reflected, of 32 or 64 bits. */
#define CRC32_POLYNOMIAL UINT64_C(0xedb88320)
#define CRC64_POLYNOMIAL UINT64_C(0xc96c5795d7870f42)

struct crc_tables {
	uint64_t entry[8][256];
};

void crc_prepare(struct crc_tables *tables, uint64_t polynomial);

/* Starts from and ends in the inverted form that the register has inside. */
uint64_t crc_update(const struct crc_tables *tables, uint64_t crc, const uint8_t *bytes,
		    size_t size);

#endif
