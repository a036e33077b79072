/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LZMA decoder: a binary range decoder, its model, literals and repeats. */
#include <boot/unpack/formats.h>
#include <boot/unpack/lzma.h>

/*
 * Unpacking the kernel is most of what there is to do between reset and the first domain, and
 * most of that is deciding bits: some 150 million. So the hot state lives in one structure on
 * the stack, all steps are inlined into one loop, and the compiler keeps it in registers. Input
 * that runs out reads as zeroes and is found at the end, for output ends in any case.
 */

#define INLINE static inline __attribute__((always_inline))

#define PROBABILITY_ONE_HALF 1024
#define MATCH_MIN	     2

struct decoder {
	uint32_t range, code;
	const uint8_t *in, *in_end;
	size_t missing; /* bytes that were not there */
	uint8_t *out;
	uint32_t state;
	uint32_t rep[4];
};

INLINE void normalize(struct decoder *d)
{
	if (unlikely(d->range < 1u << 24)) {
		d->range <<= 8;
		d->code <<= 8;
		if (likely(d->in < d->in_end)) {
			d->code |= *d->in++;
		} else {
			d->missing++;
		}
	}
}

/* p + ((2048 - p) >> 5), which compilers do not find to be the same. */
INLINE uint16_t more_likely(uint32_t p)
{
	return (uint16_t)(p - (uint32_t)((int32_t)(p - 2017) >> 5));
}

/* One bit by its probability, which is moved a 32nd of the way towards what came. */
INLINE bool decode_bit(struct decoder *d, uint16_t *probability)
{
	uint32_t p = *probability, bound;

	normalize(d);
	bound = (d->range >> 11) * p;
	if (d->code < bound) {
		d->range = bound;
		*probability = more_likely(p);
		return false;
	}
	d->range -= bound;
	d->code -= bound;
	*probability = (uint16_t)(p - (p >> 5));
	return true;
}

/* One more bit of a symbol that is also the path through a tree of probabilities. */
INLINE size_t decode_step(struct decoder *d, uint16_t *tree, size_t symbol)
{
	uint32_t p = tree[symbol], bound;

	normalize(d);
	bound = (d->range >> 11) * p;
	if (d->code < bound) {
		d->range = bound;
		tree[symbol] = more_likely(p);
		return symbol << 1;
	}
	d->range -= bound;
	d->code -= bound;
	tree[symbol] = (uint16_t)(p - (p >> 5));
	return symbol << 1 | 1;
}

INLINE size_t decode_tree3(struct decoder *d, uint16_t *tree)
{
	size_t symbol = decode_step(d, tree, 1);

	symbol = decode_step(d, tree, symbol);
	return decode_step(d, tree, symbol) - 8;
}

INLINE size_t decode_tree6(struct decoder *d, uint16_t *tree)
{
	size_t symbol = 1;

#pragma GCC unroll 6
	for (unsigned int i = 0; i < 6; i++) {
		symbol = decode_step(d, tree, symbol);
	}
	return symbol - 64;
}

INLINE size_t decode_tree8(struct decoder *d, uint16_t *tree)
{
	size_t symbol = 1;

#pragma GCC unroll 8
	for (unsigned int i = 0; i < 8; i++) {
		symbol = decode_step(d, tree, symbol);
	}
	return symbol - 256;
}

/* The lowest bit comes first. */
INLINE uint32_t decode_reverse(struct decoder *d, uint16_t *tree, unsigned int bits)
{
	size_t symbol = 1;
	uint32_t value = 0;

	for (unsigned int i = 0; i < bits; i++) {
		symbol = decode_step(d, tree, symbol);
		value |= (uint32_t)(symbol & 1) << i;
	}
	return value;
}

/* Bits that are as likely 0 as 1. */
INLINE uint32_t decode_direct(struct decoder *d, uint32_t value, unsigned int bits)
{
	while (bits--) {
		uint32_t borrow;

		normalize(d);
		d->range >>= 1;
		d->code -= d->range;
		borrow = 0 - (d->code >> 31);
		d->code += d->range & borrow;
		value = (value << 1) + 1 + borrow;
	}
	return value;
}

/*
 * After a repeat the next byte is likely to differ from the one that would have gone on with it.
 * As long as the bits agree with that byte's, they have probabilities of their own.
 */
INLINE size_t decode_after_match(struct decoder *d, uint16_t *tree, size_t expected)
{
	size_t symbol = 1, agreeing = 0x100;

#pragma GCC unroll 8
	for (unsigned int i = 0; i < 8; i++) {
		size_t bit;

		expected <<= 1;
		bit = expected & agreeing;
		symbol = decode_step(d, tree + agreeing + bit, symbol);
		agreeing &= symbol & 1 ? bit : ~bit;
	}
	return symbol - 256;
}

INLINE size_t decode_length(struct decoder *d, struct lzma_length *length, size_t position)
{
	if (!decode_bit(d, &length->choice[0])) {
		return MATCH_MIN + decode_tree3(d, length->low[position]);
	}
	if (!decode_bit(d, &length->choice[1])) {
		return MATCH_MIN + 8 + decode_tree3(d, length->middle[position]);
	}
	return MATCH_MIN + 16 + decode_tree8(d, length->high);
}

/* The slot has the two highest bits of a distance and how many more there are. */
INLINE uint32_t decode_distance(struct decoder *d, struct lzma_model *m, size_t length)
{
	size_t slot = decode_tree6(d, m->slot[MIN(length - MATCH_MIN, (size_t)3)]);
	unsigned int bits = (unsigned int)(slot >> 1) - 1;
	uint32_t distance = 2 | (slot & 1);

	if (slot < 4) {
		return (uint32_t)slot;
	}
	if (slot < 14) {
		distance <<= bits;
		return distance + decode_reverse(d, m->low_bits + distance - slot, bits);
	}
	distance = decode_direct(d, distance, bits - 4) << 4;
	return distance + decode_reverse(d, m->align, 4);
}

INLINE void decode_literal(struct decoder *d, struct lzma *l)
{
	static const uint8_t next[LZMA_STATES] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5};
	size_t position = (size_t)(d->out - l->window);
	size_t before = position ? d->out[-1] : 0, symbol;
	uint16_t *tree = l->model.literal[((position & l->literal_mask) << l->context_bits) +
					  (before >> (8 - l->context_bits))];

	if (d->state < 7) {
		symbol = decode_tree8(d, tree);
	} else {
		symbol = decode_after_match(d, tree, d->out[-(ptrdiff_t)d->rep[0] - 1]);
	}
	*d->out++ = (uint8_t)symbol;
	d->state = next[d->state];
}

/* One of the last four distances, which comes to the front; returns the length. */
INLINE size_t decode_repeat(struct decoder *d, struct lzma_model *m, size_t position)
{
	uint32_t distance;

	if (!decode_bit(d, &m->not_rep0[d->state])) {
		if (!decode_bit(d, &m->long_rep0[d->state][position])) {
			d->state = d->state < 7 ? 9 : 11;
			return 1;
		}
	} else {
		if (!decode_bit(d, &m->not_rep1[d->state])) {
			distance = d->rep[1];
		} else {
			if (!decode_bit(d, &m->not_rep2[d->state])) {
				distance = d->rep[2];
			} else {
				distance = d->rep[3];
				d->rep[3] = d->rep[2];
			}
			d->rep[2] = d->rep[1];
		}
		d->rep[1] = d->rep[0];
		d->rep[0] = distance;
	}
	d->state = d->state < 7 ? 8 : 11;
	return decode_length(d, &m->repeat_length, position);
}

INLINE size_t decode_match(struct decoder *d, struct lzma_model *m, size_t position)
{
	size_t length = decode_length(d, &m->length, position);

	d->rep[3] = d->rep[2];
	d->rep[2] = d->rep[1];
	d->rep[1] = d->rep[0];
	d->rep[0] = decode_distance(d, m, length);
	d->state = d->state < 7 ? 7 : 10;
	return length;
}

/* False: there is a distance or length that cannot be, maybe the one that marks the end. */
INLINE bool decode_all(struct decoder *d, struct lzma *l, const uint8_t *out_end,
		       const uint8_t *room_end)
{
	while (d->out < out_end) {
		size_t position = (size_t)(d->out - l->window) & l->position_mask, length;

		if (!decode_bit(d, &l->model.match[d->state][position])) {
			decode_literal(d, l);
			continue;
		}
		if (decode_bit(d, &l->model.repeat[d->state])) {
			length = decode_repeat(d, &l->model, position);
		} else {
			length = decode_match(d, &l->model, position);
		}
		if (unlikely(d->rep[0] >= (size_t)(d->out - l->window) ||
			     length > (size_t)(out_end - d->out))) {
			return false;
		}
		d->out = unpack_repeat(d->out, (size_t)d->rep[0] + 1, length, room_end);
	}
	return true;
}

bool lzma_decode(struct lzma *lzma, struct unpack *unpack, const uint8_t *in_end,
		 const uint8_t *out_end, bool may_end)
{
	struct decoder d = {.range = UINT32_MAX,
			    .in = unpack->in,
			    .in_end = in_end,
			    .out = unpack->out,
			    .state = lzma->state,
			    .rep = {lzma->rep[0], lzma->rep[1], lzma->rep[2], lzma->rep[3]}};
	bool good;

	if (in_end - d.in < 5 || *d.in++ != 0) {
		return false;
	}
	for (unsigned int i = 0; i < 4; i++) {
		d.code = d.code << 8 | *d.in++;
	}
	good = decode_all(&d, lzma, out_end, unpack->out_end);
	normalize(&d);
	unpack->in = d.in;
	unpack->out = d.out;
	lzma->state = d.state;
	for (unsigned int i = 0; i < 4; i++) {
		lzma->rep[i] = d.rep[i];
	}
	if (may_end && good) {
		return d.missing == 0; /* whatever follows: it is no longer needed */
	}
	if (!good && !(may_end && lzma->rep[0] == UINT32_MAX)) {
		return false;
	}
	return d.code == 0 && d.missing == 0 && (may_end || d.in == in_end);
}

void lzma_reset(struct lzma *lzma)
{
	uint16_t *probability = (uint16_t *)&lzma->model;

	lzma->state = 0;
	for (unsigned int i = 0; i < 4; i++) {
		lzma->rep[i] = 0;
	}
	for (size_t i = 0; i < sizeof(lzma->model) / sizeof(*probability); i++) {
		probability[i] = PROBABILITY_ONE_HALF;
	}
}

bool lzma_set_parameters(struct lzma *lzma, uint8_t byte)
{
	uint32_t position_bits = byte / 45, literal_bits = byte / 9 % 5, context_bits = byte % 9;

	if (position_bits > 4 || literal_bits + context_bits > LZMA_LITERAL_SUM) {
		return false;
	}
	lzma->position_mask = (1u << position_bits) - 1;
	lzma->literal_mask = (1u << literal_bits) - 1;
	lzma->context_bits = context_bits;
	lzma_reset(lzma);
	return true;
}
