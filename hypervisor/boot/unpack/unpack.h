/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking a compressed kernel, of each format that Linux is packed in and we know. */
#ifndef BOOT_UNPACK_UNPACK_H
#define BOOT_UNPACK_UNPACK_H

#include <lib/base.h>

/* What a decoder needs besides input and output; aligned to 8 bytes. */
#define UNPACK_SCRATCH_SIZE (192u << 10)

/*
 * All of the input is in memory, and so is room for all of the output, which therefore serves as
 * the decoders' window. A decoder moves `in` and `out` on, never beyond their ends.
 */
struct unpack {
	const uint8_t *in, *in_end;
	uint8_t *out, *out_end;
	void *scratch;
};

/* The name of the format that the input begins with, or NULL if it is none we know. */
const char *unpack_format(const uint8_t *in, size_t size);

/* NULL if all went well, else what is wrong, as in "the payload is ...". */
const char *unpack(struct unpack *unpack);

#endif
