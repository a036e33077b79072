/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes are taken apart into something within limits, the same with and without what follows.
 */
#include <arch/decode.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

static void check_register(uint8_t number)
{
	check(number < 16 || number == REGISTER_NONE || number == REGISTER_RIP);
}

static void check_one(const uint8_t *data, size_t size, bool code64)
{
	struct instruction ins, again;
	uint64_t rflags = 2, value;

	if (!instruction_decode(&ins, data, size, code64)) {
		return;
	}
	check(ins.length >= 1 && ins.length <= size && ins.length <= INSTRUCTION_BYTES_MAX);
	check(ins.operand_bytes == 1 || ins.operand_bytes == 2 || ins.operand_bytes == 4 ||
	      ins.operand_bytes == 8);
	check(ins.address_bytes == 4 || ins.address_bytes == 8 || !ins.is_memory);
	check(ins.reg < 16 && ins.rm < 16 && ins.scale < 4);
	check_register(ins.base);
	check(ins.index < 16 || ins.index == REGISTER_NONE);
	check(ins.is_memory || ins.operation < OP_MOV);
	check(code64 || (ins.reg < 8 && !ins.has_rex && ins.base != REGISTER_RIP));

	value = instruction_compute(&ins, size * 0x9e3779b97f4a7c15, ins.immediate, size, &rflags);
	check(ins.operand_bytes == 8 || value >> (8 * ins.operand_bytes) == 0);

	/* Its own bytes alone say the same; one fewer say nothing. */
	check(instruction_decode(&again, data, ins.length, code64));
	check(memcmp(&ins, &again, sizeof(ins)) == 0);
	check(!instruction_decode(&again, data, ins.length - 1U, code64));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of just that size, so that the sanitizer sees every read beyond it. */
	uint8_t *code = malloc(size + 1);

	if (size) {
		memcpy(code, data, size);
	}
	check_one(code, size, true);
	check_one(code, size, false);
	free(code);
	return 0;
}
