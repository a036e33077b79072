/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file as microcode, bare and in an archive: what is chosen lies within the file and is newer.
 */
#include <boot/microcode.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

static void choose(const uint8_t *file, size_t size, enum microcode_maker maker)
{
	struct microcode_cpu cpu = {maker, 0x906ea, 2, 0x10};
	struct microcode_update update;

	if (microcode_find(file, size, &cpu, &update)) {
		return;
	}
	check(update.start >= file && update.start < file + size);
	check(update.size >= 48 && update.size <= size - (size_t)(update.start - file));
	check(update.revision > cpu.revision);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (enum microcode_maker maker = MICROCODE_INTEL; maker <= MICROCODE_AMD; maker++) {
		size_t inner = 0;
		const uint8_t *file = microcode_in_archive(data, size, maker, &inner);

		choose(data, size, maker);
		if (file) {
			check(file >= data && inner <= size - (size_t)(file - data));
			choose(file, inner, maker);
		}
	}
	return 0;
}
