/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zstandard files (RFC 8878): frames of blocks of literals and sequences. */
#include <boot/bytes.h>
#include <boot/unpack/formats.h>
#include <boot/unpack/zstd_entropy.h>
#include <lib/string.h>

#define ZSTD_MAGIC     0xfd2fb528u
#define BLOCK_SIZE_MAX (128u << 10)

enum { LITERAL_LENGTHS, OFFSETS, MATCH_LENGTHS, CODES };

struct zstd {
	struct unpack *u;
	const uint8_t *window; /* the frame's first byte */
	size_t recent[3];      /* distances */
	struct huffman huffman;
	struct fse fse[CODES];
	bool has_fse[CODES];
	const uint8_t *literals, *literals_end;
	/* What a code of a length stands for: the least, and how many bits to add to that. */
	uint32_t base[CODES][FSE_SYMBOLS_MAX];
	uint8_t literal_buffer[BLOCK_SIZE_MAX];
};

static const struct {
	unsigned int count, log_max, default_log, default_count;
	int16_t defaults[53]; /* the shares that need no description */
	uint8_t bits[53];
} codes[CODES] = {
	[LITERAL_LENGTHS] = {36,
			     9,
			     6,
			     36,
			     {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1,  1,	2,  2,
			      2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1},
			     {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  1,  1,
			      1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
	[OFFSETS] = {32,
		     8,
		     5,
		     29,
		     {1, 1, 1, 1, 1, 1, 2, 2, 2, 1,  1,	 1,  1,	 1, 1,
		      1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1},
		     {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
		      16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}},
	[MATCH_LENGTHS] = {53,
			   9,
			   6,
			   53,
			   {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1,  1,  1,  1,  1,  1,  1, 1,
			    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1,
			    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1},
			   {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0, 0,
			    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  1,  1,  1, 1,
			    2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
};

/* Each code begins where the one before it ends. */
static void make_bases(struct zstd *z)
{
	static const uint32_t first[CODES] = {0, 1, 3};

	for (unsigned int kind = 0; kind < CODES; kind++) {
		uint32_t base = first[kind];

		for (unsigned int i = 0; i < codes[kind].count; i++) {
			z->base[kind][i] = base;
			base += 1u << codes[kind].bits[i];
		}
	}
}

/* ---- Literals ---- */

/* One stream, or four of which a table gives the sizes of the first three. */
static bool decode_streams(struct zstd *z, const uint8_t *in, size_t size, size_t count, bool four)
{
	size_t part = (count + 3) / 4, streams;
	uint8_t *to = z->literal_buffer;

	if (!four) {
		return huffman_decode(&z->huffman, in, size, to, count);
	}
	if (size < 6 || count < 6) {
		return false;
	}
	streams = 6;
	for (unsigned int i = 0; i < 3; i++) {
		size_t stream = load_le16(in + 2 * i);

		if (!range_within(streams, stream, size) ||
		    !huffman_decode(&z->huffman, in + streams, stream, to, part)) {
			return false;
		}
		streams += stream;
		to += part;
	}
	return huffman_decode(&z->huffman, in + streams, size - streams, to, count - 3 * part);
}

/* As they are, or one byte all along; the size has 5, 12 or 20 bits. */
static bool take_plain_literals(struct zstd *z, const uint8_t **in, const uint8_t *end)
{
	static const uint8_t header_size[] = {1, 2, 1, 3}, shift[] = {3, 4, 3, 4};
	unsigned int format = **in >> 2 & 3;
	bool repeated = **in & 1;
	uint32_t count = 0;

	if ((size_t)(end - *in) < header_size[format]) {
		return false;
	}
	memcpy(&count, *in, header_size[format]);
	count >>= shift[format];
	*in += header_size[format];
	if (count > BLOCK_SIZE_MAX || (size_t)(end - *in) < (repeated ? 1 : count)) {
		return false;
	}
	z->literals = repeated ? z->literal_buffer : *in;
	z->literals_end = z->literals + count;
	if (repeated) {
		memset(z->literal_buffer, **in, count);
	}
	*in += repeated ? 1 : count;
	return true;
}

/* Packed by a code that comes first, or by the last one; both sizes have 10, 14 or 18 bits. */
static bool take_packed_literals(struct zstd *z, const uint8_t **in, const uint8_t *end)
{
	static const uint8_t header_size[] = {3, 3, 4, 5}, bits[] = {10, 10, 14, 18};
	unsigned int format = **in >> 2 & 3;
	bool has_code = !(**in & 1);
	size_t count, size, code;
	uint64_t header = 0;

	if ((size_t)(end - *in) < header_size[format]) {
		return false;
	}
	memcpy(&header, *in, header_size[format]);
	count = header >> 4 & (BIT(bits[format]) - 1);
	size = header >> (4 + bits[format]) & (BIT(bits[format]) - 1);
	*in += header_size[format];
	if (count > BLOCK_SIZE_MAX || (size_t)(end - *in) < size) {
		return false;
	}
	code = has_code ? huffman_read(&z->huffman, *in, size) : 0;
	if (z->huffman.log == 0 ||
	    !decode_streams(z, *in + code, size - code, count, format != 0)) {
		return false;
	}
	z->literals = z->literal_buffer;
	z->literals_end = z->literals + count;
	*in += size;
	return true;
}

/* ---- Sequences ---- */

/* The table of one code: the default, one symbol, described here, or as before. */
static bool take_table(struct zstd *z, unsigned int kind, unsigned int mode, const uint8_t **in,
		       const uint8_t *end)
{
	enum { DEFAULT, SINGLE, DESCRIBED, AS_BEFORE };
	struct fse *fse = &z->fse[kind];
	size_t used = 0;

	if (mode == AS_BEFORE) {
		return z->has_fse[kind];
	}
	if (mode == DEFAULT) {
		fse_make(fse, codes[kind].defaults, codes[kind].default_count,
			 codes[kind].default_log);
	} else if (mode == SINGLE) {
		if (*in == end || **in >= codes[kind].count) {
			return false;
		}
		fse_make_single(fse, **in);
		used = 1;
	} else {
		used = fse_read(fse, *in, (size_t)(end - *in), codes[kind].count,
				codes[kind].log_max);
		if (!used) {
			return false;
		}
	}
	*in += used;
	z->has_fse[kind] = true;
	return true;
}

/* Values up to 3 name one of the last three distances, or, after no literals, the next ones. */
static size_t take_distance(struct zstd *z, size_t value, bool no_literals)
{
	size_t distance, index = value - 1 + no_literals;

	if (value > 3) {
		distance = value - 3;
		index = 2;
	} else if (index == 3) {
		distance = z->recent[0] - 1;
		index = 2;
	} else {
		distance = z->recent[index];
	}
	for (; index > 0; index--) {
		z->recent[index] = z->recent[index - 1];
	}
	z->recent[0] = distance;
	return distance;
}

static const char *copy_literals(struct zstd *z, size_t count)
{
	struct unpack *u = z->u;

	if (count > (size_t)(z->literals_end - z->literals)) {
		return UNPACK_DAMAGED;
	}
	if (count > unpack_room(u)) {
		return UNPACK_TOO_LARGE;
	}
	memcpy(u->out, z->literals, count);
	u->out += count;
	z->literals += count;
	return NULL;
}

static const char *run_sequence(struct zstd *z, size_t literals, size_t value, size_t length)
{
	struct unpack *u = z->u;
	size_t distance = take_distance(z, value, literals == 0);
	const char *fault = copy_literals(z, literals);

	if (fault) {
		return fault;
	}
	if (distance == 0 || distance > (size_t)(u->out - z->window)) {
		return UNPACK_DAMAGED;
	}
	if (length > unpack_room(u)) {
		return UNPACK_TOO_LARGE;
	}
	u->out = unpack_repeat(u->out, distance, length, u->out_end);
	return NULL;
}

/* The bits of an offset come first, then those of the match length, then of the literals. */
static const char *run_sequences(struct zstd *z, struct zstd_bits *bits, unsigned int count)
{
	static const uint8_t order[CODES] = {LITERAL_LENGTHS, MATCH_LENGTHS, OFFSETS};
	const char *fault = NULL;
	uint64_t state[CODES];
	size_t value[CODES];

	for (unsigned int kind = 0; kind < CODES; kind++) {
		state[kind] = zstd_bits_down(bits, z->fse[kind].log);
	}
	while (count-- && !fault) {
		static const uint8_t value_order[CODES] = {OFFSETS, MATCH_LENGTHS, LITERAL_LENGTHS};

		for (unsigned int i = 0; i < CODES; i++) {
			unsigned int kind = value_order[i];
			uint8_t code = z->fse[kind].state[state[kind]].symbol;

			value[kind] = z->base[kind][code] +
				      (size_t)zstd_bits_down(bits, codes[kind].bits[code]);
		}
		for (unsigned int i = 0; i < CODES && count; i++) {
			unsigned int kind = order[i];
			const struct fse_state *now = &z->fse[kind].state[state[kind]];

			state[kind] = now->base + zstd_bits_down(bits, now->bits);
		}
		if (bits->at < 0) {
			return UNPACK_DAMAGED;
		}
		fault = run_sequence(z, value[LITERAL_LENGTHS], value[OFFSETS],
				     value[MATCH_LENGTHS]);
	}
	if (!fault && bits->at != 0) {
		fault = UNPACK_DAMAGED;
	}
	return fault;
}

/* How many sequences, in one, two or three bytes; returns how many those were, 0 if too few. */
static size_t take_count(const uint8_t *in, const uint8_t *end, unsigned int *count)
{
	size_t used = in == end ? 1 : in[0] < 128 ? 1 : in[0] < 255 ? 2 : 3;

	if ((size_t)(end - in) < used) {
		return 0;
	}
	*count = used == 1   ? in[0]
		 : used == 2 ? (in[0] - 128u) << 8 | in[1]
			     : load_le16(in + 1) + 0x7f00u;
	return used;
}

static const char *decode_block(struct zstd *z, const uint8_t *in, const uint8_t *end)
{
	const char *fault = NULL;
	struct zstd_bits bits;
	unsigned int count = 0;
	size_t used;
	bool good;

	if (in == end) {
		return UNPACK_DAMAGED;
	}
	good = *in & 2 ? take_packed_literals(z, &in, end) : take_plain_literals(z, &in, end);
	used = good ? take_count(in, end, &count) : 0;
	if (!used) {
		return UNPACK_DAMAGED;
	}
	in += used;
	if (count) {
		uint8_t modes;

		if (in == end || *in & 3) {
			return UNPACK_DAMAGED;
		}
		modes = *in++;
		for (unsigned int kind = 0; kind < CODES; kind++) {
			if (!take_table(z, kind, modes >> (6 - 2 * kind) & 3, &in, end)) {
				return UNPACK_DAMAGED;
			}
		}
		if (!zstd_bits_open(&bits, in, (size_t)(end - in))) {
			return UNPACK_DAMAGED;
		}
		fault = run_sequences(z, &bits, count);
	}
	return fault ? fault : copy_literals(z, (size_t)(z->literals_end - z->literals));
}

/* ---- The checksum of a frame: the lower half of XXH64 ---- */

#define PRIME1 UINT64_C(0x9e3779b185ebca87)
#define PRIME2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME3 UINT64_C(0x165667b19e3779f9)
#define PRIME4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME5 UINT64_C(0x27d4eb2f165667c5)

static uint64_t rotate(uint64_t value, unsigned int bits)
{
	return value << bits | value >> (64 - bits);
}

static uint64_t hash_round(uint64_t lane, uint64_t word)
{
	return rotate(lane + word * PRIME2, 31) * PRIME1;
}

static uint64_t hash(const uint8_t *bytes, size_t size)
{
	uint64_t lane[4] = {PRIME1 + PRIME2, PRIME2, 0, 0 - PRIME1};
	uint64_t sum = PRIME5;
	size_t left = size;

	if (size >= 32) {
		for (; left >= 32; left -= 32) {
			for (unsigned int i = 0; i < 4; i++, bytes += 8) {
				lane[i] = hash_round(lane[i], load_le64(bytes));
			}
		}
		sum = rotate(lane[0], 1) + rotate(lane[1], 7) + rotate(lane[2], 12) +
		      rotate(lane[3], 18);
		for (unsigned int i = 0; i < 4; i++) {
			sum = (sum ^ hash_round(0, lane[i])) * PRIME1 + PRIME4;
		}
	}
	sum += size;
	for (; left >= 8; left -= 8, bytes += 8) {
		sum = rotate(sum ^ hash_round(0, load_le64(bytes)), 27) * PRIME1 + PRIME4;
	}
	for (; left >= 4; left -= 4, bytes += 4) {
		sum = rotate(sum ^ load_le32(bytes) * PRIME1, 23) * PRIME2 + PRIME3;
	}
	for (; left; left--, bytes++) {
		sum = rotate(sum ^ *bytes * PRIME5, 11) * PRIME1;
	}
	sum = (sum ^ sum >> 33) * PRIME2;
	sum = (sum ^ sum >> 29) * PRIME3;
	return sum ^ sum >> 32;
}

/* ---- Frames ---- */

/* Blocks say what they are and how long in three bytes. */
static const char *unpack_block(struct zstd *z, bool *last)
{
	enum { RAW, REPEATED, PACKED };
	struct unpack *u = z->u;
	const char *fault;
	uint32_t header;
	size_t size, in_size;

	if (unpack_left(u) < 3) {
		return UNPACK_CUT_SHORT;
	}
	header = load_le16(u->in) | (uint32_t)u->in[2] << 16;
	u->in += 3;
	*last = header & 1;
	size = header >> 3;
	header = header >> 1 & 3;
	in_size = header == REPEATED ? 1 : size;
	if (header > PACKED || size > BLOCK_SIZE_MAX) {
		return UNPACK_DAMAGED;
	}
	if (unpack_left(u) < in_size) {
		return UNPACK_CUT_SHORT;
	}
	if (header == PACKED) {
		fault = decode_block(z, u->in, u->in + size);
		u->in += size;
		return fault;
	}
	if (unpack_room(u) < size) {
		return UNPACK_TOO_LARGE;
	}
	if (header == RAW) {
		memcpy(u->out, u->in, size);
	} else {
		memset(u->out, *u->in, size);
	}
	u->in += in_size;
	u->out += size;
	return NULL;
}

/* The size of the window and of the contents do not matter here: all of the output is there. */
static const char *skip_header(struct unpack *u, bool *has_sum)
{
	static const uint8_t id_size[] = {0, 1, 2, 4}, content_size[] = {0, 2, 4, 8};
	uint8_t flags;
	size_t size;

	if (unpack_left(u) < 6) {
		return UNPACK_CUT_SHORT;
	}
	if (load_le32(u->in) != ZSTD_MAGIC) {
		return UNPACK_DAMAGED;
	}
	flags = u->in[4];
	if (flags & 8 || flags & 3) {
		return UNPACK_UNSUPPORTED; /* a dictionary, or something new */
	}
	*has_sum = flags & 4;
	size = 5u + id_size[flags & 3] + content_size[flags >> 6];
	size += !(flags & 0x20) || flags >> 6 == 0; /* the window, or contents of one byte */
	if (unpack_left(u) < size) {
		return UNPACK_CUT_SHORT;
	}
	u->in += size;
	return NULL;
}

const char *unpack_zstd(struct unpack *unpack)
{
	struct zstd *z = unpack->scratch;
	bool has_sum = false, last = false;
	const char *fault = skip_header(unpack, &has_sum);

	_Static_assert(sizeof(struct zstd) <= UNPACK_SCRATCH_SIZE, "the scratch memory holds it");
	z->u = unpack;
	z->window = unpack->out;
	z->recent[0] = 1;
	z->recent[1] = 4;
	z->recent[2] = 8;
	z->huffman.log = 0;
	memset(z->has_fse, 0, sizeof(z->has_fse));
	make_bases(z);
	while (!last && !fault) {
		fault = unpack_block(z, &last);
	}
	if (fault || !has_sum) {
		return fault;
	}
	if (unpack_left(unpack) < 4) {
		return UNPACK_CUT_SHORT;
	}
	if ((uint32_t)hash(z->window, (size_t)(unpack->out - z->window)) != load_le32(unpack->in)) {
		return UNPACK_DAMAGED;
	}
	unpack->in += 4;
	return NULL;
}
