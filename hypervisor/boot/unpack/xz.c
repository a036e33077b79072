/* SPDX-License-Identifier: GPL-2.0-or-later */
/* .xz files: streams of blocks of LZMA2, with the filter for x86 code; and the older .lzma. */
#include <boot/bytes.h>
#include <boot/unpack/formats.h>
#include <boot/unpack/lzma.h>
#include <lib/string.h>

enum { FILTER_X86 = 4, FILTER_LZMA2 = 0x21 };
enum { CHECK_NONE = 0, CHECK_CRC32 = 1, CHECK_CRC64 = 4 };

#define HEADER_SIZE 12 /* of a stream; its footer has as much */

struct xz {
	struct unpack *u;
	struct lzma *lzma;
	struct crc_tables *crc; /* for what is unpacked; headers are checked by what they say */
	uint8_t check;
	bool x86_filter;
};

/* ---- LZMA2: pieces of LZMA that say how long they are, and of data that cannot be packed ---- */

static uint32_t load_be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static const char *copy_piece(struct unpack *u)
{
	size_t size;

	if (unpack_left(u) < 2) {
		return UNPACK_CUT_SHORT;
	}
	size = load_be16(u->in) + 1;
	u->in += 2;
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

/* What a piece resets is in bits 5 and 6: nothing, state, also parameters, also the window. */
static const char *decode_piece(struct unpack *u, struct lzma *lzma, uint8_t control)
{
	uint32_t resets = control >> 5 & 3;
	size_t header = resets >= 2 ? 5 : 4, in_size, out_size;

	if (unpack_left(u) < header) {
		return UNPACK_CUT_SHORT;
	}
	out_size = ((uint32_t)(control & 0x1f) << 16) + load_be16(u->in) + 1;
	in_size = load_be16(u->in + 2) + 1;
	if (resets >= 2 && !lzma_set_parameters(lzma, u->in[4])) {
		return UNPACK_DAMAGED;
	}
	if (resets == 1) {
		lzma_reset(lzma);
	}
	u->in += header;
	if (unpack_left(u) < in_size) {
		return UNPACK_CUT_SHORT;
	}
	if (unpack_room(u) < out_size) {
		return UNPACK_TOO_LARGE;
	}
	return lzma_decode(lzma, u, u->in + in_size, u->out + out_size, false) ? NULL
									       : UNPACK_DAMAGED;
}

static const char *decode_lzma2(struct unpack *u, struct lzma *lzma)
{
	enum {
		END = 0,
		COPY_RESET = 1,
		COPY = 2,
		LZMA = 0x80,
		LZMA_PARAMETERS = 0xc0,
		LZMA_RESET = 0xe0
	};
	bool has_window = false, has_parameters = false;
	const char *fault = NULL;

	while (!fault) {
		uint8_t control;

		if (u->in == u->in_end) {
			return UNPACK_CUT_SHORT;
		}
		control = *u->in++;
		if (control == END) {
			return NULL;
		}
		if (control == COPY_RESET || control >= LZMA_RESET) {
			lzma->window = u->out;
			has_window = true;
			has_parameters = false;
		}
		has_parameters |= control >= LZMA_PARAMETERS;
		if (!has_window || (control > COPY && control < LZMA) ||
		    (control >= LZMA && !has_parameters)) {
			return UNPACK_DAMAGED;
		}
		fault = control >= LZMA ? decode_piece(u, lzma, control) : copy_piece(u);
	}
	return fault;
}

/* ---- The filter ---- */

static bool is_sign(uint8_t byte)
{
	return byte == 0 || byte == 0xff;
}

/* Eight bytes at a time to the next CALL (0xe8) or JMP (0xe9), or to the end. */
static size_t next_branch(const uint8_t *bytes, size_t at, size_t end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	while (at + 8 <= end) {
		uint64_t word = (load_le64(bytes + at) & ones * 0xfe) ^ ones * 0xe8;
		uint64_t zeroes = (word - ones) & ~word & ones * 0x80;

		if (zeroes) {
			return at + ((size_t)__builtin_ctzll(zeroes) >> 3);
		}
		at += 8;
	}
	while (at < end && (bytes[at] & 0xfe) != 0xe8) {
		at++;
	}
	return at;
}

/*
 * The packer made the operands of branches absolute, so that calls of one function look alike.
 * An operand counts as one if it is of 25 bits with sign. Where branches seem to overlap, the
 * bytes up to three before, `recent` has bit n set for one that began n bytes before and was left
 * alone: after two of them, or after one that might have been converted, it is left alone too.
 */
static void filter_x86(uint8_t *bytes, size_t size)
{
	size_t at = 0, last = 0;
	uint32_t recent = 0;

	while (size >= 5 && (at = next_branch(bytes, at, size - 4)) < size - 4) {
		uint32_t position = (uint32_t)at + 5, operand;
		unsigned int shift;

		recent = at - last > 3 ? 0 : recent << (at - last) & 0xe;
		last = at;
		shift = recent ? 8 * (unsigned int)(31 - __builtin_clz(recent)) : 0;
		if (!is_sign(bytes[at + 4]) || recent & (recent - 1) ||
		    (recent && is_sign(bytes[at + 4 - shift / 8]))) {
			recent |= 1;
			at++;
			continue;
		}
		operand = load_le32(bytes + at + 1) - position;
		if (recent && is_sign((uint8_t)(operand >> (24 - shift)))) {
			operand ^= (1u << (32 - shift)) - 1;
			operand -= position;
		}
		operand &= 0x1ffffff;
		operand |= 0 - (operand & 0x1000000);
		memcpy(bytes + at + 1, &operand, 4);
		at += 5;
		recent = 0;
	}
}

/* ---- Blocks and streams ---- */

static bool load_vli(struct unpack *u, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; shift < 63 && u->in < end; shift += 7) {
		uint8_t byte = *u->in++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			return byte != 0 || shift == 0;
		}
	}
	return false;
}

static bool check_crc32(struct xz *xz, const uint8_t *bytes, size_t size)
{
	struct crc_tables *tables = xz->crc;
	uint64_t crc;

	/* Headers always have a CRC32, and the tables may be those for another check. */
	if (xz->check != CHECK_CRC32) {
		crc_prepare(tables, CRC32_POLYNOMIAL);
	}
	crc = crc_update(tables, UINT32_MAX, bytes, size) ^ UINT32_MAX;
	return crc == load_le32(bytes + size);
}

/* The filters are LZMA2 alone, or before it the one for x86 starting at 0. */
static const char *parse_block_header(struct xz *xz)
{
	struct unpack *u = xz->u;
	size_t size = ((size_t)u->in[0] + 1) * 4;
	const uint8_t *end = u->in + size - 4;
	uint64_t id, properties, ignored;
	uint8_t flags;

	if (unpack_left(u) < size) {
		return UNPACK_CUT_SHORT;
	}
	if (!check_crc32(xz, u->in, size - 4)) {
		return UNPACK_DAMAGED;
	}
	flags = u->in[1];
	u->in += 2;
	if ((flags & 0x40 && !load_vli(u, end, &ignored)) ||
	    (flags & 0x80 && !load_vli(u, end, &ignored)) || !load_vli(u, end, &id) ||
	    !load_vli(u, end, &properties)) {
		return UNPACK_DAMAGED;
	}
	xz->x86_filter = id == FILTER_X86;
	if (xz->x86_filter &&
	    (properties != 0 || !load_vli(u, end, &id) || !load_vli(u, end, &properties))) {
		return UNPACK_UNSUPPORTED;
	}
	if ((flags & 0x3f) != xz->x86_filter || id != FILTER_LZMA2) {
		return UNPACK_UNSUPPORTED;
	}
	u->in = end + 4;
	return NULL;
}

/* After the data, padded to four bytes, comes the check of what is unpacked. */
static const char *finish_block(struct xz *xz, const uint8_t *in_start, const uint8_t *out_start)
{
	struct unpack *u = xz->u;
	size_t padding = (0 - (size_t)(u->in - in_start)) & 3, size = xz->check;
	uint64_t mask = size == CHECK_CRC32 ? UINT32_MAX : UINT64_MAX, crc = 0;

	size = size == CHECK_CRC64 ? 8 : size == CHECK_CRC32 ? 4 : 0;
	if (unpack_left(u) < padding + size) {
		return UNPACK_CUT_SHORT;
	}
	u->in += padding;
	if (size) {
		memcpy(&crc, u->in, size);
		u->in += size;
		if (xz->check == CHECK_CRC64) {
			crc_prepare(xz->crc, CRC64_POLYNOMIAL);
		}
		crc ^= crc_update(xz->crc, mask, out_start, (size_t)(u->out - out_start)) ^ mask;
	}
	return crc ? UNPACK_DAMAGED : NULL;
}

static const char *decode_block(struct xz *xz)
{
	struct unpack *u = xz->u;
	const uint8_t *in_start = u->in;
	uint8_t *out_start = u->out;
	const char *fault = parse_block_header(xz);

	if (!fault) {
		fault = decode_lzma2(u, xz->lzma);
	}
	if (!fault && xz->x86_filter) {
		filter_x86(out_start, (size_t)(u->out - out_start));
	}
	return fault ? fault : finish_block(xz, in_start, out_start);
}

/*
 * One stream is all that kernels are packed in. Its index tells nothing that the blocks have not
 * told already, so what follows the last block is not looked at.
 */
const char *unpack_xz(struct unpack *unpack)
{
	struct xz xz = {.u = unpack, .lzma = unpack->scratch};
	const char *fault = NULL;

	_Static_assert(sizeof(struct lzma) + sizeof(struct crc_tables) <= UNPACK_SCRATCH_SIZE,
		       "the scratch memory holds both");
	xz.crc = (struct crc_tables *)(xz.lzma + 1);
	if (unpack_left(unpack) < HEADER_SIZE) {
		return UNPACK_CUT_SHORT;
	}
	xz.check = unpack->in[7];
	crc_prepare(xz.crc, CRC32_POLYNOMIAL);
	if (crc_update(xz.crc, UINT32_MAX, unpack->in + 6, 2) !=
	    (load_le32(unpack->in + 8) ^ UINT32_MAX)) {
		return UNPACK_DAMAGED;
	}
	if (unpack->in[6] != 0 ||
	    (xz.check != CHECK_NONE && xz.check != CHECK_CRC32 && xz.check != CHECK_CRC64)) {
		return UNPACK_UNSUPPORTED;
	}
	unpack->in += HEADER_SIZE;
	while (!fault) {
		if (unpack->in == unpack->in_end) {
			return UNPACK_CUT_SHORT;
		}
		if (*unpack->in == 0) {
			return NULL; /* the index */
		}
		fault = decode_block(&xz);
	}
	return fault;
}

/* Parameters, size of the window, size unpacked or all ones if there is a marker at the end. */
const char *unpack_lzma(struct unpack *unpack)
{
	struct lzma *lzma = unpack->scratch;
	uint64_t size;

	if (unpack_left(unpack) < 13) {
		return UNPACK_CUT_SHORT;
	}
	if (!lzma_set_parameters(lzma, unpack->in[0])) {
		return UNPACK_UNSUPPORTED;
	}
	size = load_le64(unpack->in + 5);
	if (size == UINT64_MAX) {
		size = unpack_room(unpack);
	} else if (size > unpack_room(unpack)) {
		return UNPACK_TOO_LARGE;
	}
	unpack->in += 13;
	lzma->window = unpack->out;
	return lzma_decode(lzma, unpack, unpack->in_end, unpack->out + size, true) ? NULL
										   : UNPACK_DAMAGED;
}
