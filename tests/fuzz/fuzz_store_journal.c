/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the replay of a journal: records with right checksums and any content, then damage to the
 * bytes. Input: records of kind (one byte), length (two bytes), body; a kind of 0 ends them, and
 * what follows are pairs of bytes: where a byte changes, and to what.
 */
#include "../unit/store_driver.h"
#include "control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal journal = {0};
	struct store store;

	store_init(&store);
	journal_snapshot(&journal, &store);
	if (size && data[0] == 255) {
		journal.used = 0; /* a snapshot of the fuzzer's own */
		data++;
		size--;
	}
	while (size >= 3 && data[0] != 0) {
		size_t length = (size_t)data[1] | (size_t)data[2] << 8;
		uint32_t kind = data[0];

		data += 3;
		size -= 3;
		length = length > size ? size : length;
		journal_append(&journal, kind, data, length, NULL, 0);
		data += length;
		size -= length;
	}
	for (; size >= 2 && journal.used; data += 2, size -= 2) {
		journal.bytes[data[0] * 8191u % journal.used] = (char)data[1];
	}
	store_release(&store);
	store_init(&store);
	journal_replay(&store, journal.bytes, journal.used);
	store_release(&store);
	free(journal.bytes);
	return 0;
}
