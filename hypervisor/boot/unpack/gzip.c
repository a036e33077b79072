/* SPDX-License-Identifier: GPL-2.0-or-later */
/* .gz files: deflate (RFC 1951) in the frame of RFC 1952. */
#include <boot/bytes.h>
#include <boot/unpack/formats.h>
#include <lib/string.h>

#define CODE_BITS_MAX 15
#define FAST_BITS     10
#define LITERALS      288
#define DISTANCES     32
#define END_OF_BLOCK  256

/* Codes of up to FAST_BITS are looked up; for the others the symbols are in order of their codes.
 */
struct code {
	uint16_t fast[1 << FAST_BITS]; /* symbol and, in the lowest four bits, length; 0: none */
	uint16_t count[CODE_BITS_MAX + 1]; /* how many codes have this length */
	uint16_t symbol[LITERALS];
};

struct inflate {
	struct unpack *u;
	uint64_t bits; /* the next ones, lowest first */
	unsigned int count;
	unsigned int missing; /* bytes of zeroes taken from beyond the end */
	struct code literals, distances;
	uint8_t lengths[LITERALS + DISTANCES];
};

/* ---- Bits ---- */

/* At least 56 bits, which is more than the longest symbol with all that belongs to it. */
static void refill(struct inflate *f)
{
	struct unpack *u = f->u;

	if (likely(unpack_left(u) >= 8)) {
		f->bits |= load_le64(u->in) << f->count;
		u->in += (63 - f->count) >> 3;
		f->count |= 56;
		return;
	}
	for (; f->count <= 56; f->count += 8) {
		if (u->in < u->in_end) {
			f->bits |= (uint64_t)*u->in++ << f->count;
		} else {
			f->missing++;
		}
	}
}

static uint32_t take(struct inflate *f, unsigned int count)
{
	uint32_t value = (uint32_t)(f->bits & (BIT(count) - 1));

	f->bits >>= count;
	f->count -= count;
	return value;
}

/* Have more bits been used than there are? */
static bool overrun(const struct inflate *f)
{
	return f->missing > f->count / 8;
}

/* Gives back whole bytes that were taken ahead. */
static void align_to_byte(struct inflate *f)
{
	f->u->in -= f->count / 8 - MIN(f->missing, f->count / 8);
	f->bits = 0;
	f->count = 0;
}

/* ---- Codes ---- */

static uint32_t reverse(uint32_t code, unsigned int length)
{
	uint32_t reversed = 0;

	while (length--) {
		reversed = reversed << 1 | (code & 1);
		code >>= 1;
	}
	return reversed;
}

static void fill_fast(struct code *code, uint32_t value, unsigned int length, unsigned int symbol)
{
	for (uint32_t at = reverse(value, length); at < 1 << FAST_BITS; at += 1u << length) {
		code->fast[at] = (uint16_t)(symbol << 4 | length);
	}
}

/* False if there are more codes than their lengths leave room for. */
static bool make_code(struct code *code, const uint8_t *lengths, unsigned int count)
{
	uint16_t place[CODE_BITS_MAX + 2] = {0};
	uint32_t value[CODE_BITS_MAX + 2] = {0};

	memset(code, 0, sizeof(*code));
	for (unsigned int i = 0; i < count; i++) {
		code->count[lengths[i]]++;
	}
	code->count[0] = 0;
	for (unsigned int n = 1; n <= CODE_BITS_MAX; n++) {
		place[n + 1] = (uint16_t)(place[n] + code->count[n]);
		value[n + 1] = (value[n] + code->count[n]) << 1;
		if (value[n] + code->count[n] > 1u << n) {
			return false;
		}
	}
	for (unsigned int i = 0; i < count; i++) {
		unsigned int length = lengths[i];

		if (length == 0) {
			continue;
		}
		code->symbol[place[length]++] = (uint16_t)i;
		if (length <= FAST_BITS) {
			fill_fast(code, value[length], length, i);
		}
		value[length]++;
	}
	return true;
}

/* The codes of one length are successive numbers, and come after those of the length before. */
static unsigned int take_long_symbol(struct inflate *f, const struct code *code)
{
	uint32_t value = 0, first = 0, index = 0;

	for (unsigned int n = 1; n <= CODE_BITS_MAX; n++) {
		value |= take(f, 1);
		if (value < first + code->count[n]) {
			return code->symbol[index + value - first];
		}
		index += code->count[n];
		first = (first + code->count[n]) << 1;
		value <<= 1;
	}
	return UINT16_MAX; /* no such code */
}

static unsigned int take_symbol(struct inflate *f, const struct code *code)
{
	uint16_t found = code->fast[f->bits & ((1 << FAST_BITS) - 1)];

	if (likely(found)) {
		take(f, found & 15);
		return found >> 4;
	}
	return take_long_symbol(f, code);
}

/* ---- Blocks ---- */

static void make_fixed_codes(struct inflate *f)
{
	memset(f->lengths, 8, 144);
	memset(f->lengths + 144, 9, 112);
	memset(f->lengths + 256, 7, 24);
	memset(f->lengths + 280, 8, 8);
	make_code(&f->literals, f->lengths, LITERALS);
	memset(f->lengths, 5, DISTANCES);
	make_code(&f->distances, f->lengths, DISTANCES);
}

/* The lengths of both codes, as numbers and runs in a code of their own. */
static bool take_lengths(struct inflate *f, unsigned int total)
{
	static const struct {
		uint8_t bits, least;
	} runs[] = {{2, 3}, {3, 3}, {7, 11}};
	unsigned int at = 0;

	while (at < total) {
		unsigned int symbol, count = 1;
		uint8_t length = 0;

		refill(f);
		symbol = take_symbol(f, &f->literals);
		if (symbol > 18 || (symbol == 16 && at == 0)) {
			return false;
		}
		if (symbol < 16) {
			length = (uint8_t)symbol;
		} else {
			length = symbol == 16 ? f->lengths[at - 1] : 0;
			count = runs[symbol - 16].least + take(f, runs[symbol - 16].bits);
		}
		if (count > total - at) {
			return false;
		}
		memset(f->lengths + at, length, count);
		at += count;
	}
	return true;
}

static bool take_codes(struct inflate *f)
{
	static const uint8_t order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					11, 4,	12, 3, 13, 2, 14, 1, 15};
	unsigned int literals, distances, lengths;

	refill(f);
	literals = take(f, 5) + 257;
	distances = take(f, 5) + 1;
	lengths = take(f, 4) + 4;
	memset(f->lengths, 0, sizeof(order));
	for (unsigned int i = 0; i < lengths; i++) {
		refill(f);
		f->lengths[order[i]] = (uint8_t)take(f, 3);
	}
	return literals <= LITERALS && make_code(&f->literals, f->lengths, sizeof(order)) &&
	       take_lengths(f, literals + distances) &&
	       make_code(&f->distances, f->lengths + literals, distances) &&
	       make_code(&f->literals, f->lengths, literals);
}

static const char *inflate_stored(struct inflate *f)
{
	struct unpack *u = f->u;
	size_t size;

	take(f, f->count % 8);
	align_to_byte(f);
	if (unpack_left(u) < 4) {
		return UNPACK_CUT_SHORT;
	}
	size = load_le16(u->in);
	if ((size ^ load_le16(u->in + 2)) != 0xffff) {
		return UNPACK_DAMAGED;
	}
	u->in += 4;
	if (unpack_left(u) < size) {
		return UNPACK_CUT_SHORT;
	}
	if (unpack_room(u) < size) {
		return UNPACK_TOO_LARGE;
	}
	memcpy(u->out, u->in, size);
	u->in += size;
	u->out += size;
	return NULL;
}

/* After a symbol above 256: how long, how far, and there it is again. */
static const char *inflate_repeat(struct inflate *f, unsigned int symbol, const uint8_t *window)
{
	static const uint16_t length_base[] = {3,  4,  5,  6,	7,   8,	  9,   10,  11, 13,
					       15, 17, 19, 23,	27,  31,  35,  43,  51, 59,
					       67, 83, 99, 115, 131, 163, 195, 227, 258};
	static const uint8_t length_bits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
					      2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
	struct unpack *u = f->u;
	size_t length, distance;

	symbol -= END_OF_BLOCK + 1;
	if (symbol >= ARRAY_COUNT(length_base)) {
		return UNPACK_DAMAGED;
	}
	length = length_base[symbol] + take(f, length_bits[symbol]);
	symbol = take_symbol(f, &f->distances);
	if (symbol >= 30) {
		return UNPACK_DAMAGED;
	}
	distance = symbol + 1;
	if (symbol >= 4) {
		unsigned int bits = symbol / 2 - 1;

		distance = ((size_t)(2 + symbol % 2) << bits) + take(f, bits) + 1;
	}
	if (distance > (size_t)(u->out - window)) {
		return UNPACK_DAMAGED;
	}
	if (length > unpack_room(u)) {
		return UNPACK_TOO_LARGE;
	}
	u->out = unpack_repeat(u->out, distance, length, u->out_end);
	return NULL;
}

static const char *inflate_coded(struct inflate *f, const uint8_t *window)
{
	const char *fault = NULL;

	while (!fault) {
		unsigned int symbol;

		refill(f);
		symbol = take_symbol(f, &f->literals);
		if (symbol == END_OF_BLOCK) {
			return NULL;
		}
		if (symbol > END_OF_BLOCK) {
			fault = inflate_repeat(f, symbol, window);
		} else if (unpack_room(f->u) == 0) {
			fault = UNPACK_TOO_LARGE;
		} else {
			*f->u->out++ = (uint8_t)symbol;
		}
	}
	return fault;
}

static const char *inflate(struct inflate *f)
{
	const uint8_t *window = f->u->out;
	const char *fault = NULL;
	bool last = false;

	while (!last && !fault) {
		unsigned int kind;

		refill(f);
		last = take(f, 1);
		kind = take(f, 2);
		if (kind == 0) {
			fault = inflate_stored(f);
			continue;
		}
		if (kind == 1) {
			make_fixed_codes(f);
		} else if (kind == 3 || !take_codes(f)) {
			fault = UNPACK_DAMAGED;
		}
		if (!fault) {
			fault = inflate_coded(f, window);
		}
		if (overrun(f)) {
			fault = UNPACK_CUT_SHORT;
		}
	}
	align_to_byte(f);
	return fault;
}

/* ---- The frame ---- */

static bool skip_text(struct unpack *u)
{
	while (u->in < u->in_end) {
		if (*u->in++ == 0) {
			return true;
		}
	}
	return false;
}

static const char *skip_header(struct unpack *u)
{
	enum { HAS_CRC = 2, HAS_EXTRA = 4, HAS_NAME = 8, HAS_COMMENT = 16, UNKNOWN = 0xe0 };
	uint8_t flags;
	size_t size;

	if (unpack_left(u) < 12) {
		return UNPACK_CUT_SHORT;
	}
	flags = u->in[3];
	if (u->in[2] != 8 || flags & UNKNOWN) {
		return UNPACK_UNSUPPORTED;
	}
	u->in += 10;
	if (flags & HAS_EXTRA) {
		size = 2u + load_le16(u->in);
		if (unpack_left(u) < size) {
			return UNPACK_CUT_SHORT;
		}
		u->in += size;
	}
	if ((flags & HAS_NAME && !skip_text(u)) || (flags & HAS_COMMENT && !skip_text(u))) {
		return UNPACK_CUT_SHORT;
	}
	if (flags & HAS_CRC) {
		if (unpack_left(u) < 2) {
			return UNPACK_CUT_SHORT;
		}
		u->in += 2;
	}
	return NULL;
}

const char *unpack_gzip(struct unpack *unpack)
{
	struct inflate *f = unpack->scratch;
	struct crc_tables *tables = (struct crc_tables *)(f + 1);
	const char *fault = skip_header(unpack);
	uint8_t *start = unpack->out;
	size_t size;
	uint64_t crc;

	_Static_assert(sizeof(struct inflate) + sizeof(struct crc_tables) <= UNPACK_SCRATCH_SIZE,
		       "the scratch memory holds both");
	if (fault) {
		return fault;
	}
	f->u = unpack;
	f->bits = 0;
	f->count = 0;
	f->missing = 0;
	fault = inflate(f);
	if (fault) {
		return fault;
	}
	if (unpack_left(unpack) < 8) {
		return UNPACK_CUT_SHORT;
	}
	size = (size_t)(unpack->out - start);
	crc_prepare(tables, CRC32_POLYNOMIAL);
	crc = crc_update(tables, UINT32_MAX, start, size) ^ UINT32_MAX;
	if (crc != load_le32(unpack->in) || (uint32_t)size != load_le32(unpack->in + 4)) {
		return UNPACK_DAMAGED;
	}
	unpack->in += 8;
	return NULL;
}
