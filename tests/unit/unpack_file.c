/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack_file SIZE <packed >unpacked: the kernel's decoders as a program, for test_unpack_tools.py.
 */
#include <boot/unpack/unpack.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	static uint64_t scratch[UNPACK_SCRATCH_SIZE / 8];
	size_t room = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, size = 0, limit = 1 << 16, part;
	uint8_t *in = malloc(limit), *out = malloc(room ? room : 1);
	struct unpack job;
	const char *fault;

	while (in && (part = fread(in + size, 1, limit - size, stdin)) > 0) {
		size += part;
		if (size == limit) {
			limit *= 2;
			in = realloc(in, limit);
		}
	}
	in = realloc(in, size ? size : 1); /* so that ASan knows its end */
	if (!in || !out) {
		return 2;
	}
	job = (struct unpack){in, in + size, out, out + room, scratch};
	fault = unpack(&job);
	if (fault) {
		fprintf(stderr, "%s\n", fault);
	} else {
		fwrite(out, 1, (size_t)(job.out - out), stdout);
	}
	free(in);
	free(out);
	return fault ? 1 : 0;
}
