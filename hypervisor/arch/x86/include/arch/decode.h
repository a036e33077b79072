/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few instructions that are emulated, taken apart; pure, so that a host can test and fuzz it.
 */
#ifndef ARCH_DECODE_H
#define ARCH_DECODE_H

#include <lib/base.h>

#define INSTRUCTION_BYTES_MAX 15

enum operation {
	/* Privileged */
	OP_CLTS,
	OP_CPUID,
	OP_HLT,
	OP_INTERRUPT_FLAG, /* CLI, STI */
	OP_INVLPG,
	OP_FLUSH_CACHES, /* WBINVD */
	OP_READ_CR,
	OP_WRITE_CR,
	OP_READ_DR,
	OP_WRITE_DR,
	OP_RDMSR,
	OP_WRMSR,
	OP_RDTSC,
	OP_RDTSCP,
	OP_XSETBV,
	OP_IN,
	OP_OUT,
	OP_INS,
	OP_OUTS,

	/* Writing to memory */
	OP_MOV,
	OP_ADD,
	OP_OR,
	OP_ADC,
	OP_SBB,
	OP_AND,
	OP_SUB,
	OP_XOR,
	OP_XCHG,
	OP_CMPXCHG,
	OP_XADD,
	OP_BTS,
	OP_BTR,
	OP_BTC,
};

enum segment { SEGMENT_DEFAULT, SEGMENT_FS, SEGMENT_GS };

struct instruction {
	enum operation operation;
	uint8_t length;
	uint8_t operand_bytes; /* 1, 2, 4, 8 */
	uint8_t address_bytes; /* 4, 8 */
	enum segment segment;
	bool repeat;	    /* REP, or REPNE, on a string instruction */
	bool has_immediate; /* the source is `immediate`, not register `reg` */
	bool has_rex;	    /* byte registers 4 to 7 are SPL to DIL, not AH to BH */
	uint8_t reg;	    /* ModRM.reg: general, control or debug register */
	uint64_t immediate; /* sign-extended; the port, where has_immediate */

	/* ModRM.rm: a register, or base + index * 2^scale + displacement */
	bool is_memory;
	uint8_t rm;
	uint8_t base, index; /* REGISTER_NONE, or base REGISTER_RIP: behind the instruction */
	uint8_t scale;
	int32_t displacement;
};

#define REGISTER_NONE 0xff
#define REGISTER_RIP  0xfe

/*
 * False: not one of those above, or cut short by `count`; `code64`: in 64-bit mode, else 32-bit
 * protected mode. An instruction of no more than INSTRUCTION_BYTES_MAX.
 */
bool instruction_decode(struct instruction *ins, const uint8_t *code, size_t count, bool code64);

/*
 * What an instruction from OP_MOV to OP_BTC makes of `old`, its destination's value of
 * operand_bytes, with its source's value `source`; the flags are as they were and will be. Where
 * CMPXCHG's accumulator differs from `old` the result is `old`.
 */
uint64_t instruction_compute(const struct instruction *ins, uint64_t old, uint64_t source,
			     uint64_t accumulator, uint64_t *rflags);

#endif
