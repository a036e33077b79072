/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two codes of Zstandard (RFC 8878, section 4): reading their tables, decoding by them. */
#include <boot/unpack/zstd_entropy.h>
#include <lib/string.h>

static unsigned int highest_bit(uint64_t value)
{
	return 63 - (unsigned int)__builtin_clzll(value);
}

bool zstd_bits_open(struct zstd_bits *bits, const uint8_t *bytes, size_t size)
{
	if (size == 0 || bytes[size - 1] == 0) {
		return false;
	}
	*bits = (struct zstd_bits){bytes, size, 0};
	bits->at = (int64_t)(size - 1) * 8 + highest_bit(bytes[size - 1]);
	return true;
}

/* ---- Finite state entropy ---- */

/*
 * Spreads the symbols over the states by their shares, which add up to the number of states. A
 * share of -1 stands for less than one state: it gets one at the end, which takes all bits.
 */
void fse_make(struct fse *fse, const int16_t *shares, unsigned int count, unsigned int log)
{
	unsigned int size = 1u << log, step = (size >> 1) + (size >> 3) + 3;
	unsigned int high = size, position = 0;
	uint16_t next[FSE_SYMBOLS_MAX];

	fse->log = log;
	for (unsigned int symbol = 0; symbol < count; symbol++) {
		next[symbol] = (uint16_t)shares[symbol];
		if (shares[symbol] == -1) {
			fse->state[--high].symbol = (uint8_t)symbol;
			next[symbol] = 1;
		}
	}
	for (unsigned int symbol = 0; symbol < count; symbol++) {
		for (int i = 0; i < shares[symbol]; i++) {
			fse->state[position].symbol = (uint8_t)symbol;
			do {
				position = (position + step) & (size - 1);
			} while (position >= high);
		}
	}
	for (unsigned int i = 0; i < size; i++) {
		struct fse_state *state = &fse->state[i];
		unsigned int to = next[state->symbol]++;

		state->bits = (uint8_t)(log - highest_bit(to));
		state->base = (uint16_t)((to << state->bits) - size);
	}
}

void fse_make_single(struct fse *fse, uint8_t symbol)
{
	fse->log = 0;
	fse->state[0] = (struct fse_state){0, 0, symbol};
}

/* A number from 0 to max, of as many bits as max has, or one less if it is small enough. */
static unsigned int read_share(struct zstd_bits *bits, unsigned int max)
{
	unsigned int length = highest_bit(max) + 1, half = (1u << (length - 1)) - 1;
	unsigned int small = (1u << length) - 1 - max;
	unsigned int value = (unsigned int)zstd_bits_from(bits, (uint64_t)bits->at);

	if ((value & half) < small) {
		bits->at += length - 1;
		return value & half;
	}
	bits->at += length;
	value &= half * 2 + 1;
	return value > half ? value - small : value;
}

/* This stream is read upwards. After a share of 0, two bits say how many more there are. */
size_t fse_read(struct fse *fse, const uint8_t *bytes, size_t size, unsigned int count_max,
		unsigned int log_max)
{
	struct zstd_bits bits = {bytes, size, 4};
	int16_t shares[FSE_SYMBOLS_MAX] = {0};
	unsigned int log, left, count = 0;

	if (size == 0) {
		return 0;
	}
	log = (bytes[0] & 15) + 5;
	left = 1u << log;
	if (log > log_max) {
		return 0;
	}
	while (left && count < count_max) {
		int share = (int)read_share(&bits, left + 1) - 1;
		unsigned int zeroes = share == 0 ? 3 : 0;

		shares[count++] = (int16_t)share;
		left -= (unsigned int)(share < 0 ? 1 : share);
		while (zeroes == 3) {
			zeroes = zstd_bits_from(&bits, (uint64_t)bits.at) & 3;
			bits.at += 2;
			count += zeroes;
		}
	}
	if (left || count > count_max || bits.at > (int64_t)size * 8) {
		return 0;
	}
	fse_make(fse, shares, count, log);
	return (size_t)(bits.at + 7) / 8;
}

/* ---- Huffman ---- */

/* Two states take turns, until one has no bits to go on with; returns how many weights, or 0. */
static unsigned int read_weights(struct huffman *huffman, const uint8_t *bytes, size_t size)
{
	struct fse *fse = &huffman->fse;
	struct zstd_bits bits;
	uint64_t state[2];
	unsigned int count = 0, turn = 0;
	size_t used = fse_read(fse, bytes, size, 13, 6);

	if (!used || !zstd_bits_open(&bits, bytes + used, size - used)) {
		return 0;
	}
	state[0] = zstd_bits_down(&bits, fse->log);
	state[1] = zstd_bits_down(&bits, fse->log);
	if (bits.at < 0) {
		return 0;
	}
	while (count < 254) {
		const struct fse_state *now = &fse->state[state[turn]];

		huffman->weight[count++] = now->symbol;
		if (bits.at < now->bits) {
			huffman->weight[count++] = fse->state[state[!turn]].symbol;
			return count;
		}
		state[turn] = now->base + zstd_bits_down(&bits, now->bits);
		turn = !turn;
	}
	return 0;
}

/* A weight of w is a code of log + 1 - w bits. The last weight is what is left to fill the code. */
static bool make_huffman(struct huffman *huffman, unsigned int count)
{
	uint32_t sum = 0, left;
	unsigned int at = 0, log;

	for (unsigned int i = 0; i < count; i++) {
		if (huffman->weight[i] > HUFFMAN_BITS_MAX) {
			return false;
		}
		sum += huffman->weight[i] ? 1u << (huffman->weight[i] - 1) : 0;
	}
	if (sum == 0 || highest_bit(sum) >= HUFFMAN_BITS_MAX) {
		return false;
	}
	log = highest_bit(sum) + 1;
	left = (1u << log) - sum;
	if (left & (left - 1)) {
		return false;
	}
	huffman->weight[count++] = (uint8_t)(highest_bit(left) + 1);
	huffman->log = log;
	for (unsigned int weight = 1; weight <= log; weight++) {
		for (unsigned int symbol = 0; symbol < count; symbol++) {
			if (huffman->weight[symbol] != weight) {
				continue;
			}
			for (unsigned int i = 0; i < 1u << (weight - 1); i++, at++) {
				huffman->entry[at].symbol = (uint8_t)symbol;
				huffman->entry[at].bits = (uint8_t)(log + 1 - weight);
			}
		}
	}
	return true;
}

/* The weights: packed in so many bytes, or, from 128 on, two in a byte. */
size_t huffman_read(struct huffman *huffman, const uint8_t *bytes, size_t size)
{
	unsigned int count;
	size_t used;

	huffman->log = 0;
	if (size == 0) {
		return 0;
	}
	if (bytes[0] < 128) {
		used = 1u + bytes[0];
		count = used <= size ? read_weights(huffman, bytes + 1, used - 1) : 0;
	} else {
		count = bytes[0] - 127u;
		used = 1 + (count + 1) / 2;
		for (unsigned int i = 0; i < count && used <= size; i++) {
			huffman->weight[i] = bytes[1 + i / 2] >> (i % 2 ? 0 : 4) & 15;
		}
	}
	if (used > size || count == 0 || !make_huffman(huffman, count)) {
		return 0;
	}
	return used;
}

bool huffman_decode(const struct huffman *huffman, const uint8_t *bytes, size_t size, uint8_t *to,
		    size_t count)
{
	const unsigned int log = huffman->log;
	struct zstd_bits bits;

	if (!zstd_bits_open(&bits, bytes, size)) {
		return false;
	}
	while (count--) {
		uint64_t code = zstd_bits_down(&bits, log);

		*to++ = huffman->entry[code].symbol;
		bits.at += log - huffman->entry[code].bits;
	}
	return bits.at == 0;
}
