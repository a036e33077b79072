/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LZMA decoder, which .xz and .lzma files share. */
#ifndef BOOT_UNPACK_LZMA_H
#define BOOT_UNPACK_LZMA_H

#include <boot/unpack/unpack.h>

#define LZMA_STATES	 12
#define LZMA_POSITIONS	 16
#define LZMA_LITERAL_SUM 4 /* the most that literal context and position bits may add up to */

struct lzma_length {
	uint16_t choice[2];
	uint16_t low[LZMA_POSITIONS][8];
	uint16_t middle[LZMA_POSITIONS][8];
	uint16_t high[256];
};

/* All probabilities are that of a 0, of 2048. */
struct lzma_model {
	uint16_t match[LZMA_STATES][LZMA_POSITIONS];
	uint16_t repeat[LZMA_STATES];
	uint16_t not_rep0[LZMA_STATES];
	uint16_t not_rep1[LZMA_STATES];
	uint16_t not_rep2[LZMA_STATES];
	uint16_t long_rep0[LZMA_STATES][LZMA_POSITIONS];
	uint16_t slot[4][64];
	uint16_t low_bits[128]; /* of distances in slots 4 to 13 */
	uint16_t align[16];
	struct lzma_length length, repeat_length;
	uint16_t literal[1 << LZMA_LITERAL_SUM][0x300];
};

struct lzma {
	uint32_t state;
	uint32_t rep[4]; /* the last distances, less 1 */
	uint32_t context_bits, literal_mask, position_mask;
	const uint8_t *window; /* where positions count from and distances end */
	struct lzma_model model;
};

/* The byte of the three parameters; false if it is none. Resets the state too. */
bool lzma_set_parameters(struct lzma *lzma, uint8_t byte);
void lzma_reset(struct lzma *lzma);

/*
 * Decodes the input up to in_end into the output up to out_end; with may_end, an end marker may
 * come first. False if the data are damaged: all of both has to be used.
 */
bool lzma_decode(struct lzma *lzma, struct unpack *unpack, const uint8_t *in_end,
		 const uint8_t *out_end, bool may_end);

#endif
