/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a packed kernel, of whatever format they begin like. */
#include <boot/unpack/unpack.h>
#include <stdlib.h>

#define ROOM 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t scratch[UNPACK_SCRATCH_SIZE / 8];
	uint8_t *out = malloc(ROOM);
	struct unpack job = {data, data + size, out, out + ROOM, scratch};

	unpack(&job);
	if (job.in < data || job.in > data + size || job.out < out || job.out > out + ROOM) {
		abort();
	}
	free(out);
	return 0;
}
