/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the input chooses the deeds of three hostile domains on a small machine. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/memory_actors.h"
#include "fuzz_actors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	left = MIN(size, (size_t)4096);
	actor_choose = by_input;
	actors_start();
	while (left) {
		if (!actors_step(true)) {
			printf("%s: %s (frame %llu)\n", actors.op,
			       actors.fault ? actors.fault : "the audit differs",
			       (unsigned long long)actors.fault_frame);
			abort();
		}
	}
	if (!actors_end()) {
		printf("memory is left over\n");
		abort();
	}
	return 0;
}
