/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two codes of Zstandard: finite state entropy, and Huffman with weights. */
#ifndef BOOT_UNPACK_ZSTD_ENTROPY_H
#define BOOT_UNPACK_ZSTD_ENTROPY_H

#include <boot/bytes.h>
#include <lib/base.h>

/* Bits are numbered from the lowest of the first byte. Those beyond the end read as zeroes. */
struct zstd_bits {
	const uint8_t *bytes;
	size_t size;
	int64_t at; /* most streams are read from their end down to bit 0 */
};

/* The 57 bits from bit `at` on, and whatever is above them. */
static inline uint64_t zstd_bits_from(const struct zstd_bits *bits, uint64_t at)
{
	size_t byte = at >> 3;
	uint64_t word = 0;

	if (likely(byte + 8 <= bits->size)) {
		return load_le64(bits->bytes + byte) >> (at & 7);
	}
	for (unsigned int i = 0; byte + i < bits->size; i++) {
		word |= (uint64_t)bits->bytes[byte + i] << 8 * i;
	}
	return word >> (at & 7);
}

/* Goes down by count bits, up to 32 of them, and returns them; below bit 0 are zeroes. */
static inline uint64_t zstd_bits_down(struct zstd_bits *bits, unsigned int count)
{
	uint64_t mask = BIT(count) - 1;

	bits->at -= count;
	if (likely(bits->at >= 0)) {
		return zstd_bits_from(bits, (uint64_t)bits->at) & mask;
	}
	return bits->at > -64 ? zstd_bits_from(bits, 0) << -bits->at & mask : 0;
}

/* Starts at the end, which the highest bit that is set marks; false if there is none. */
bool zstd_bits_open(struct zstd_bits *bits, const uint8_t *bytes, size_t size);

#define FSE_BITS_MAX	9
#define FSE_SYMBOLS_MAX 64

struct fse_state {
	uint16_t base; /* of the next state, to which so many bits are added */
	uint8_t bits;
	uint8_t symbol;
};

struct fse {
	struct fse_state state[1 << FSE_BITS_MAX];
	unsigned int log; /* of the number of states */
};

void fse_make(struct fse *fse, const int16_t *shares, unsigned int count, unsigned int log);
void fse_make_single(struct fse *fse, uint8_t symbol);

/* From its description; returns how many bytes that takes, 0 if it is damaged. */
size_t fse_read(struct fse *fse, const uint8_t *bytes, size_t size, unsigned int count_max,
		unsigned int log_max);

#define HUFFMAN_BITS_MAX 11

struct huffman {
	struct {
		uint8_t symbol, bits;
	} entry[1 << HUFFMAN_BITS_MAX];
	unsigned int log; /* of the entries in use; 0: no code yet */
	struct fse fse;	  /* while the weights are read */
	uint8_t weight[256];
};

size_t huffman_read(struct huffman *huffman, const uint8_t *bytes, size_t size);

/* Fills `to` from one stream, all of which has to be used. */
bool huffman_decode(const struct huffman *huffman, const uint8_t *bytes, size_t size, uint8_t *to,
		    size_t count);

#endif
