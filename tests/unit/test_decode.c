/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder of emulated instructions, on encodings; its arithmetic, against the real processor.
 */
#include "tap.h"

#include <arch/decode.h>
#include <arch/regs.h>
#include <string.h>

struct sample {
	const char *text;
	const char *code;
	uint8_t length; /* 0: not to be known */
	bool code32;
	enum operation operation;
	uint8_t bytes, reg, base, index, scale;
	int32_t displacement;
	uint64_t immediate;
};

#define NONE REGISTER_NONE
#define RIP  REGISTER_RIP

static const struct sample samples[] = {
	{"clts", "\x0f\x06", 2, .operation = OP_CLTS},
	{"cpuid", "\x0f\xa2", 2, .operation = OP_CPUID},
	{"hlt", "\xf4", 1, .operation = OP_HLT},
	{"cli", "\xfa", 1, .operation = OP_INTERRUPT_FLAG},
	{"rdmsr", "\x0f\x32", 2, .operation = OP_RDMSR},
	{"wrmsr", "\x0f\x30", 2, .operation = OP_WRMSR},
	{"rdtsc", "\x0f\x31", 2, .operation = OP_RDTSC},
	{"rdtscp", "\x0f\x01\xf9", 3, .operation = OP_RDTSCP, .reg = 7},
	{"xsetbv", "\x0f\x01\xd1", 3, .operation = OP_XSETBV, .reg = 2},
	{"swapgs", "\x0f\x01\xf8", .length = 0},
	{"wbinvd", "\x0f\x09", 2, .operation = OP_FLUSH_CACHES},
	{"mov %cr0, %rax", "\x0f\x20\xc0", 3, .operation = OP_READ_CR},
	{"mov %cr8, %r9", "\x45\x0f\x20\xc1", 4, .operation = OP_READ_CR, .reg = 8},
	{"mov %rdi, %cr4", "\x0f\x22\xe7", 3, .operation = OP_WRITE_CR, .reg = 4},
	{"mov %cr2, %rdx as a memory form", "\x0f\x20\x12", 3, .operation = OP_READ_CR, .reg = 2},
	{"mov %db7, %rcx", "\x0f\x21\xf9", 3, .operation = OP_READ_DR, .reg = 7},
	{"invlpg (%rdi)", "\x0f\x01\x3f", 3, .operation = OP_INVLPG, .reg = 7, .base = 7},
	{"invlpg 0x10(%r12,%r13,4)", "\x43\x0f\x01\x7c\xac\x10", 6, .operation = OP_INVLPG,
	 .reg = 7, .base = 12, .index = 13, .scale = 2, .displacement = 0x10},
	{"sgdt (%rdi)", "\x0f\x01\x07", .length = 0},
	{"in $0x71, %al", "\xe4\x71", 2, .operation = OP_IN, .bytes = 1, .immediate = 0x71},
	{"in $0xf0, %eax", "\xe5\xf0", 2, .operation = OP_IN, .immediate = 0xf0},
	{"in %dx, %ax", "\x66\xed", 2, .operation = OP_IN, .bytes = 2},
	{"rex.w in %dx, %eax", "\x48\xed", 2, .operation = OP_IN, .bytes = 4},
	{"out %al, %dx", "\xee", 1, .operation = OP_OUT, .bytes = 1},
	{"out %eax, $0xcf", "\xe7\xcf", 2, .operation = OP_OUT, .immediate = 0xcf},
	{"rep insw", "\xf3\x66\x6d", 3, .operation = OP_INS, .bytes = 2},
	{"outsb", "\x6e", 1, .operation = OP_OUTS, .bytes = 1},
	{"mov %rax, (%rbx)", "\x48\x89\x03", 3, .operation = OP_MOV, .bytes = 8, .base = 3},
	{"mov %r15, 0x12345678(,%rcx,8)", "\x4c\x89\x3c\xcd\x78\x56\x34\x12", 8,
	 .operation = OP_MOV, .bytes = 8, .reg = 15, .base = NONE, .index = 1, .scale = 3,
	 .displacement = 0x12345678},
	{"mov %esi, -8(%rip)", "\x89\x35\xf8\xff\xff\xff", 6, .operation = OP_MOV, .bytes = 4,
	 .reg = 6, .base = RIP, .displacement = -8},
	{"mov %al, (%rsp)", "\x88\x04\x24", 3, .operation = OP_MOV, .bytes = 1, .base = 4},
	{"movq $-1, 8(%r13)", "\x49\xc7\x45\x08\xff\xff\xff\xff", 8, .operation = OP_MOV,
	 .bytes = 8, .base = 13, .displacement = 8, .immediate = UINT64_MAX},
	{"movw $0x1234, (%rax)", "\x66\xc7\x00\x34\x12", 5, .operation = OP_MOV, .bytes = 2,
	 .base = 0, .immediate = 0x1234},
	{"mov %rax, %rbx", "\x48\x89\xc3", .length = 0},
	{"mov (%rbx), %rax", "\x48\x8b\x03", .length = 0},
	{"xchg %rax, (%rdi)", "\x48\x87\x07", 3, .operation = OP_XCHG, .bytes = 8, .base = 7},
	{"lock cmpxchg %rdx, (%rsi)", "\xf0\x48\x0f\xb1\x16", 5, .operation = OP_CMPXCHG,
	 .bytes = 8, .reg = 2, .base = 6},
	{"lock xadd %ecx, (%rdi)", "\xf0\x0f\xc1\x0f", 4, .operation = OP_XADD, .reg = 1,
	 .base = 7},
	{"lock andb $0xfd, (%rdi)", "\xf0\x80\x27\xfd", 4, .operation = OP_AND, .bytes = 1,
	 .reg = 4, .base = 7, .immediate = (uint64_t)-3},
	{"orq $0x63, (%rax)", "\x48\x83\x08\x63", 4, .operation = OP_OR, .bytes = 8, .reg = 1,
	 .base = 0, .immediate = 0x63},
	{"addl $0x1000, (%rax)", "\x81\x00\x00\x10\x00\x00", 6, .operation = OP_ADD, .base = 0,
	 .immediate = 0x1000},
	{"cmpq $0, (%rax)", "\x48\x83\x38\x00", .length = 0},
	{"xor %rcx, (%rdx)", "\x48\x31\x0a", 3, .operation = OP_XOR, .bytes = 8, .reg = 1,
	 .base = 2},
	{"cmp %rcx, (%rdx)", "\x48\x39\x0a", .length = 0},
	{"lock btrq $5, (%rdi)", "\xf0\x48\x0f\xba\x37\x05", 6, .operation = OP_BTR, .bytes = 8,
	 .reg = 6, .base = 7, .immediate = 5},
	{"btq $5, (%rdi)", "\x48\x0f\xba\x27\x05", .length = 0},
	{"lock bts %rax, (%rdi)", "\xf0\x48\x0f\xab\x07", 5, .operation = OP_BTS, .bytes = 8,
	 .base = 7},
	{"a prefix between REX and the opcode", "\x48\x66\x89\x03", 4, .operation = OP_MOV,
	 .bytes = 2, .base = 3},
	{"mov %eax, (%ebx)", "\x67\x89\x03", 3, .operation = OP_MOV, .base = 3},
	{"32-bit: inc %eax is no REX", "\x40\x0f\xa2", .length = 0, .code32 = true},
	{"32-bit: cpuid", "\x0f\xa2", 2, .code32 = true, .operation = OP_CPUID},
	{"32-bit: mov %eax, 0x1000", "\x89\x05\x00\x10\x00\x00", 6, true, OP_MOV, .base = NONE,
	 .displacement = 0x1000},
	{"32-bit: 16-bit addresses", "\x67\x89\x07", .length = 0, .code32 = true},
	{"nothing but prefixes", "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66",
	 .length = 0},
	{"nop", "\x90", .length = 0},
};

static void test_encodings(void)
{
	for (unsigned i = 0; i < ARRAY_COUNT(samples); i++) {
		const struct sample *s = &samples[i];
		uint8_t code[16] = {0};
		struct instruction ins;
		bool known;

		/* Zero bytes in the middle are part of the code, so the length says how much. */
		memcpy(code, s->code, s->length ? s->length : strlen(s->code));
		known = instruction_decode(&ins, code, sizeof(code), !s->code32);
		if (!s->length) {
			ok(!known, "%s is left alone", s->text);
			continue;
		}
		ok(known && ins.operation == s->operation && ins.length == s->length, "%s is known",
		   s->text);
		ok(ins.reg == s->reg && ins.operand_bytes == (s->bytes ? s->bytes : 4) &&
			   ins.immediate == s->immediate,
		   "%s: register %u, %u bytes", s->text, ins.reg, ins.operand_bytes);
		if (ins.is_memory) {
			ok(ins.base == s->base && ins.index == (s->index ? s->index : NONE) &&
				   ins.scale == s->scale && ins.displacement == s->displacement,
			   "%s: its operand's address", s->text);
		}
		ok(!instruction_decode(&ins, code, s->length - 1U, !s->code32),
		   "%s: without its last byte it is nothing", s->text);
	}
}

/* --- Arithmetic ---------------------------------------------------------------------------------
 */

#define FLAGS 0x8d5 /* CF PF AF ZF SF OF */

/* What the processor itself makes of it; the destination is *value. */
#define PROCESSOR(insn, suffix, type)                                                    \
	do {                                                                             \
		type d = (type)*value;                                                   \
		__asm__ volatile("pushq %2\n\tpopfq\n\t" insn suffix                     \
				 " %3, %0\n\tpushfq\n\tpopq %1"                          \
				 : "+q"(d), "=r"(flags)                                  \
				 : "r"(flags), "q"((type)source), "a"((type)accumulator) \
				 : "cc", "memory");                                      \
		*value = d;                                                              \
	} while (0)

#define PROCESSOR_SIZES(insn)                   \
	switch (bytes) {                        \
	case 1:                                 \
		PROCESSOR(insn, "b", uint8_t);  \
		break;                          \
	case 2:                                 \
		PROCESSOR(insn, "w", uint16_t); \
		break;                          \
	case 4:                                 \
		PROCESSOR(insn, "l", uint32_t); \
		break;                          \
	default:                                \
		PROCESSOR(insn, "q", uint64_t); \
	}

#define BIT_SIZES(insn)                         \
	switch (bytes) {                        \
	case 2:                                 \
		PROCESSOR(insn, "w", uint16_t); \
		break;                          \
	case 4:                                 \
		PROCESSOR(insn, "l", uint32_t); \
		break;                          \
	default:                                \
		PROCESSOR(insn, "q", uint64_t); \
	}

static uint64_t processor(enum operation operation, unsigned bytes, uint64_t *value,
			  uint64_t source, uint64_t accumulator, uint64_t flags)
{
	switch (operation) {
	case OP_ADD:
	case OP_XADD: /* the same sum */
		PROCESSOR_SIZES("add");
		break;
	case OP_OR:
		PROCESSOR_SIZES("or");
		break;
	case OP_ADC:
		PROCESSOR_SIZES("adc");
		break;
	case OP_SBB:
		PROCESSOR_SIZES("sbb");
		break;
	case OP_AND:
		PROCESSOR_SIZES("and");
		break;
	case OP_SUB:
		PROCESSOR_SIZES("sub");
		break;
	case OP_XOR:
		PROCESSOR_SIZES("xor");
		break;
	case OP_BTS:
		BIT_SIZES("bts");
		break;
	case OP_BTR:
		BIT_SIZES("btr");
		break;
	case OP_BTC:
		BIT_SIZES("btc");
		break;
	case OP_MOV:
	case OP_XCHG:
		*value = bytes == 8 ? source : source & (BIT(8 * bytes) - 1);
		break;
	case OP_CMPXCHG:
		break;
	default:
		abort();
	}
	return flags;
}

/* CMPXCHG writes its accumulator, so it has a function of its own. */
static uint64_t processor_cmpxchg(unsigned bytes, uint64_t *value, uint64_t source,
				  uint64_t accumulator)
{
	uint64_t flags = 0;

#define CMPXCHG(suffix, type)                                                    \
	do {                                                                     \
		type d = (type)*value, a = (type)accumulator;                    \
		__asm__ volatile("cmpxchg" suffix " %3, %0\n\tpushfq\n\tpopq %2" \
				 : "+m"(d), "+a"(a), "=r"(flags)                 \
				 : "q"((type)source)                             \
				 : "cc", "memory");                              \
		*value = d;                                                      \
	} while (0)
	switch (bytes) {
	case 1:
		CMPXCHG("b", uint8_t);
		break;
	case 2:
		CMPXCHG("w", uint16_t);
		break;
	case 4:
		CMPXCHG("l", uint32_t);
		break;
	default:
		CMPXCHG("q", uint64_t);
	}
	return flags;
}

/* Few values, so that equal ones, carries and borrows are frequent. */
static uint64_t pick(uint64_t *state)
{
	static const uint64_t edges[] = {0,	     1,		0x7f,	 0x80,
					 0xff,	     0x7fff,	0x8000,	 0x7fffffff,
					 0x80000000, INT64_MAX, BIT(63), UINT64_MAX};
	uint64_t r = tap_random(state);

	return r & 1 ? edges[(r >> 1) % ARRAY_COUNT(edges)] : tap_random(state);
}

static void test_arithmetic(uint64_t seed)
{
	static const uint8_t sizes[] = {1, 2, 4, 8};
	unsigned wrong = 0;

	for (unsigned i = 0; i < 400000 && wrong < 5; i++) {
		struct instruction ins = {
			.operation = (enum operation)(OP_MOV +
						      tap_random(&seed) % (OP_BTC - OP_MOV + 1)),
			.operand_bytes = sizes[tap_random(&seed) % 4],
		};
		bool is_bit = ins.operation >= OP_BTS;
		uint64_t source, old, accumulator, expected, flags, got_flags, got, mask;
		uint64_t compare = FLAGS;

		if (is_bit && ins.operand_bytes == 1) {
			continue;
		}
		mask = UINT64_MAX >> (64 - 8 * ins.operand_bytes);
		source = pick(&seed) & mask;
		expected = old = pick(&seed) & mask;
		accumulator = tap_random(&seed) & 1 ? old : pick(&seed) & mask;
		flags = got_flags = 2 | (tap_random(&seed) & FLAGS);
		got = instruction_compute(&ins, old, source, accumulator, &got_flags);
		if (ins.operation == OP_CMPXCHG) {
			flags = processor_cmpxchg(ins.operand_bytes, &expected, source,
						  accumulator);
		} else {
			flags = processor(ins.operation, ins.operand_bytes, &expected, source,
					  accumulator, flags);
		}
		if (ins.operation == OP_AND || ins.operation == OP_OR || ins.operation == OP_XOR) {
			compare &= ~UINT64_C(0x10); /* AF is undefined */
		}
		if (is_bit) {
			compare = RFLAGS_CF;
		}
		if (got != expected || (got_flags ^ flags) & compare) {
			printf("# operation %d, %u bytes: %#llx, %#llx -> %#llx flags %#llx, not "
			       "%#llx flags %#llx\n",
			       (int)ins.operation, ins.operand_bytes, (unsigned long long)old,
			       (unsigned long long)source, (unsigned long long)expected,
			       (unsigned long long)(flags & compare), (unsigned long long)got,
			       (unsigned long long)(got_flags & compare));
			wrong++;
		}
	}
	ok(wrong == 0, "results and flags are the processor's own");
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);

	test_encodings();
	test_arithmetic(seed);
	return done_testing();
}
