/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which format it is, and off to its decoder. */
#include <boot/unpack/formats.h>
#include <lib/string.h>

static const struct {
	const char *name;
	uint8_t magic[6];
	uint8_t magic_size;
	const char *(*unpack)(struct unpack *unpack);
} formats[] = {
	{"gzip", {0x1f, 0x8b}, 2, unpack_gzip},
	{"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
	{"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
	{"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, unpack_lz4},
	/* This one has no magic number, but its parameters are always these. */
	{"lzma", {0x5d, 0, 0}, 3, unpack_lzma},
};

static size_t find_format(const uint8_t *in, size_t size)
{
	size_t i = 0;

	while (i < ARRAY_COUNT(formats) && (size < formats[i].magic_size ||
					    memcmp(in, formats[i].magic, formats[i].magic_size))) {
		i++;
	}
	return i;
}

const char *unpack_format(const uint8_t *in, size_t size)
{
	size_t i = find_format(in, size);

	return i < ARRAY_COUNT(formats) ? formats[i].name : NULL;
}

const char *unpack(struct unpack *unpack)
{
	size_t i = find_format(unpack->in, unpack_left(unpack));

	return i < ARRAY_COUNT(formats) ? formats[i].unpack(unpack) : UNPACK_UNSUPPORTED;
}
