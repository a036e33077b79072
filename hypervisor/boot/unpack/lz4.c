/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The old LZ4 frame, in which kernels are packed: a magic number, then sizes and blocks. */
#include <boot/bytes.h>
#include <boot/unpack/formats.h>
#include <lib/string.h>

#define LZ4_MAGIC      0x184c2102u
#define LZ4_BLOCK_SIZE (8u << 20) /* unpacked; each begins with a window of its own */
#define LZ4_MATCH_MIN  4

/* A length of 15 goes on in further bytes, as long as they are 255. */
static bool load_length(struct unpack *u, const uint8_t *end, size_t *length)
{
	uint8_t byte = 255;

	if (*length < 15) {
		return true;
	}
	while (byte == 255) {
		if (u->in == end) {
			return false;
		}
		byte = *u->in++;
		*length += byte;
	}
	return true;
}

static const char *unpack_block(struct unpack *u, const uint8_t *end, const uint8_t *room_end)
{
	const uint8_t *window = u->out;

	while (u->in < end) {
		uint8_t token = *u->in++;
		size_t literals = token >> 4, length = token & 15, distance;

		if (!load_length(u, end, &literals) || literals > (size_t)(end - u->in)) {
			return UNPACK_DAMAGED;
		}
		if (literals > (size_t)(room_end - u->out)) {
			return UNPACK_TOO_LARGE;
		}
		memcpy(u->out, u->in, literals);
		u->in += literals;
		u->out += literals;
		if (u->in == end) {
			return NULL; /* the last literals have no match behind them */
		}
		if (end - u->in < 2) {
			return UNPACK_DAMAGED;
		}
		distance = load_le16(u->in);
		u->in += 2;
		if (!load_length(u, end, &length) || distance == 0 ||
		    distance > (size_t)(u->out - window)) {
			return UNPACK_DAMAGED;
		}
		length += LZ4_MATCH_MIN;
		if (length > (size_t)(room_end - u->out)) {
			return UNPACK_TOO_LARGE;
		}
		u->out = unpack_repeat(u->out, distance, length, u->out_end);
	}
	return UNPACK_DAMAGED;
}

/* Files may be joined, and the kernel's is followed by its size unpacked, which is no block's. */
const char *unpack_lz4(struct unpack *unpack)
{
	const char *fault = NULL;

	unpack->in += 4;
	while (!fault && unpack_left(unpack) >= 4) {
		uint32_t size = load_le32(unpack->in);

		if (size == LZ4_MAGIC) {
			unpack->in += 4;
			continue;
		}
		if (unpack_left(unpack) == 4) {
			break;
		}
		unpack->in += 4;
		if (unpack_left(unpack) < size) {
			return UNPACK_CUT_SHORT;
		}
		fault = unpack_block(unpack, unpack->in + size,
				     unpack->out + MIN(unpack_room(unpack), LZ4_BLOCK_SIZE));
	}
	return fault;
}
