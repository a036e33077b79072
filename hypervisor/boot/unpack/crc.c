/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cyclic checksums, eight bytes at a step. */
#include <boot/bytes.h>
#include <boot/unpack/formats.h>

/* Table n has what becomes of a byte after n more zero bytes. */
void crc_prepare(struct crc_tables *tables, uint64_t polynomial)
{
	for (unsigned int byte = 0; byte < 256; byte++) {
		uint64_t crc = byte;

		for (unsigned int bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
		}
		tables->entry[0][byte] = crc;
	}
	for (unsigned int n = 1; n < 8; n++) {
		for (unsigned int byte = 0; byte < 256; byte++) {
			uint64_t crc = tables->entry[n - 1][byte];

			tables->entry[n][byte] = crc >> 8 ^ tables->entry[0][crc & 0xff];
		}
	}
}

uint64_t crc_update(const struct crc_tables *tables, uint64_t crc, const uint8_t *bytes,
		    size_t size)
{
	const uint64_t(*const entry)[256] = tables->entry;

	for (; size >= 8; bytes += 8, size -= 8) {
		crc ^= load_le64(bytes);
		crc = entry[7][crc & 0xff] ^ entry[6][crc >> 8 & 0xff] ^
		      entry[5][crc >> 16 & 0xff] ^ entry[4][crc >> 24 & 0xff] ^
		      entry[3][crc >> 32 & 0xff] ^ entry[2][crc >> 40 & 0xff] ^
		      entry[1][crc >> 48 & 0xff] ^ entry[0][crc >> 56];
	}
	for (; size; bytes++, size--) {
		crc = crc >> 8 ^ entry[0][(crc ^ *bytes) & 0xff];
	}
	return crc;
}
