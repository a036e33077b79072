/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few instructions that are emulated, taken apart; pure, so that a host can test and fuzz it.
 */
#include <arch/decode.h>
#include <arch/regs.h>

/* --- Taking bytes -------------------------------------------------------------------------- */

struct reader {
	const uint8_t *code;
	size_t at, count;
	bool cut_short;
};

static uint8_t take_byte(struct reader *r)
{
	if (r->at >= r->count) {
		r->cut_short = true;
		return 0;
	}
	return r->code[r->at++];
}

/* Little-endian and sign-extended. */
static int64_t take_signed(struct reader *r, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++) {
		value |= (uint64_t)take_byte(r) << (8 * i);
	}
	return (int64_t)(value << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

/* --- Prefixes and operands ------------------------------------------------------------------ */

#define REX_W 8
#define REX_R 4
#define REX_X 2
#define REX_B 1

#define TWO_BYTE_OPCODES 0x0f

struct context {
	struct reader reader;
	struct instruction *ins;
	bool code64, operand_16;
	uint8_t rex;
};

/* Returns the first byte behind all prefixes; REX counts right before the opcode alone. */
static uint8_t take_prefixes(struct context *c)
{
	struct instruction *ins = c->ins;

	for (;;) {
		uint8_t byte = take_byte(&c->reader);

		if (c->code64 && (byte & 0xf0) == 0x40) {
			c->rex = byte;
			continue;
		}
		switch (byte) {
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0xf0:
			break;
		case 0x64:
			ins->segment = SEGMENT_FS;
			break;
		case 0x65:
			ins->segment = SEGMENT_GS;
			break;
		case 0x66:
			c->operand_16 = true;
			break;
		case 0x67:
			ins->address_bytes = c->code64 ? 4 : 2;
			break;
		case 0xf2:
		case 0xf3:
			ins->repeat = true;
			break;
		default:
			ins->has_rex = c->rex;
			ins->operand_bytes = c->rex & REX_W ? 8 : c->operand_16 ? 2 : 4;
			return byte;
		}
		c->rex = 0;
	}
}

static void take_sib(struct context *c, uint8_t mod)
{
	struct instruction *ins = c->ins;
	uint8_t sib = take_byte(&c->reader);

	ins->scale = sib >> 6;
	ins->index = (uint8_t)((sib >> 3 & 7) | (c->rex & REX_X ? 8 : 0));
	if (ins->index == 4) {
		ins->index = REGISTER_NONE;
	}
	ins->base = (uint8_t)((sib & 7) | (c->rex & REX_B ? 8 : 0));
	if ((sib & 7) == 5 && mod == 0) {
		ins->base = REGISTER_NONE;
		ins->displacement = (int32_t)take_signed(&c->reader, 4);
	}
}

static void take_modrm(struct context *c)
{
	struct instruction *ins = c->ins;
	uint8_t byte = take_byte(&c->reader), mod = byte >> 6, rm = byte & 7;

	ins->reg = (uint8_t)((byte >> 3 & 7) | (c->rex & REX_R ? 8 : 0));
	ins->rm = (uint8_t)(rm | (c->rex & REX_B ? 8 : 0));
	ins->is_memory = mod != 3;
	if (!ins->is_memory) {
		return;
	}
	ins->base = ins->rm;
	if (rm == 4) {
		take_sib(c, mod);
	} else if (rm == 5 && mod == 0) {
		ins->base = c->code64 ? REGISTER_RIP : REGISTER_NONE;
		ins->displacement = (int32_t)take_signed(&c->reader, 4);
	}
	if (mod) {
		ins->displacement = (int32_t)take_signed(&c->reader, mod == 1 ? 1 : 4);
	}
}

static void take_immediate(struct context *c, unsigned bytes)
{
	c->ins->immediate = (uint64_t)take_signed(&c->reader, bytes);
	c->ins->has_immediate = true;
}

/* As wide as the operand, but no wider than four bytes. */
static void take_full_immediate(struct context *c)
{
	take_immediate(c, MIN(c->ins->operand_bytes, 4U));
}

/* --- Opcodes -------------------------------------------------------------------------------- */

/* Each returns whether it knows the opcode. An even one is the byte form of the odd one behind. */

static bool set_operation(struct context *c, enum operation operation)
{
	c->ins->operation = operation;
	return true;
}

static bool to_memory(struct context *c, enum operation operation, bool byte)
{
	if (byte) {
		c->ins->operand_bytes = 1;
	}
	take_modrm(c);
	return c->ins->is_memory && set_operation(c, operation);
}

/* ADD OR ADC SBB AND SUB XOR CMP: the order of opcodes and of ModRM.reg, and of enum operation. */
static bool arithmetic(struct context *c, unsigned which)
{
	return which < 7 && c->ins->is_memory && set_operation(c, (enum operation)(OP_ADD + which));
}

static bool port_operation(struct context *c, uint8_t opcode)
{
	struct instruction *ins = c->ins;
	bool is_string = opcode < 0x70, is_out = opcode & 2;

	if (!(opcode & 1)) {
		ins->operand_bytes = 1;
	} else if (ins->operand_bytes == 8) {
		ins->operand_bytes = 4;
	}
	if (is_string) {
		return set_operation(c, is_out ? OP_OUTS : OP_INS);
	}
	if (!(opcode & 8)) {
		take_immediate(c, 1);
		ins->immediate &= 0xff;
	}
	return set_operation(c, is_out ? OP_OUT : OP_IN);
}

static bool one_byte_opcode(struct context *c, uint8_t opcode)
{
	bool byte = !(opcode & 1);

	switch (opcode) {
	case 0x80 ... 0x81:
	case 0x83:
		if (byte) {
			c->ins->operand_bytes = 1;
		}
		take_modrm(c);
		if (opcode == 0x81) {
			take_full_immediate(c);
		} else {
			take_immediate(c, 1);
		}
		return arithmetic(c, c->ins->reg & 7);
	case 0x86 ... 0x87:
		return to_memory(c, OP_XCHG, byte);
	case 0x88 ... 0x89:
		return to_memory(c, OP_MOV, byte);
	case 0xc6 ... 0xc7:
		if (!to_memory(c, OP_MOV, byte)) {
			return false;
		}
		take_full_immediate(c);
		return !(c->ins->reg & 7);
	case 0x6c ... 0x6f:
	case 0xe4 ... 0xe7:
	case 0xec ... 0xef:
		return port_operation(c, opcode);
	case 0xf4:
		return set_operation(c, OP_HLT);
	case 0xfa ... 0xfb:
		return set_operation(c, OP_INTERRUPT_FLAG);
	default:
		if (opcode < 0x40 && !(opcode & 6)) {
			return to_memory(c, OP_MOV, byte) && arithmetic(c, opcode >> 3);
		}
		return false;
	}
}

static bool system_group(struct context *c)
{
	uint8_t reg, rm;

	take_modrm(c);
	reg = c->ins->reg & 7;
	rm = c->ins->rm & 7;
	if (c->ins->is_memory) {
		return reg == 7 && set_operation(c, OP_INVLPG);
	}
	if (reg == 2 && rm == 1) {
		return set_operation(c, OP_XSETBV);
	}
	return reg == 7 && rm == 1 && set_operation(c, OP_RDTSCP);
}

static bool move_special(struct context *c, enum operation operation)
{
	take_modrm(c); /* its memory forms are none: the processor takes them as registers too */
	c->ins->is_memory = false;
	return set_operation(c, operation);
}

/* BTS, BTR, BTC: ModRM.reg 5 to 7 of the group; opcodes 0xab, 0xb3, 0xbb. */
static bool bit_group(struct context *c)
{
	take_modrm(c);
	take_immediate(c, 1);
	return c->ins->is_memory && (c->ins->reg & 7) >= 5 &&
	       set_operation(c, (enum operation)(OP_BTS + (c->ins->reg & 7) - 5));
}

static bool two_byte_opcode(struct context *c, uint8_t opcode)
{
	bool byte = !(opcode & 1);

	switch (opcode) {
	case 0x01:
		return system_group(c);
	case 0x06:
		return set_operation(c, OP_CLTS);
	case 0x09:
		return set_operation(c, OP_FLUSH_CACHES);
	case 0x20:
		return move_special(c, OP_READ_CR);
	case 0x21:
		return move_special(c, OP_READ_DR);
	case 0x22:
		return move_special(c, OP_WRITE_CR);
	case 0x23:
		return move_special(c, OP_WRITE_DR);
	case 0x30:
		return set_operation(c, OP_WRMSR);
	case 0x31:
		return set_operation(c, OP_RDTSC);
	case 0x32:
		return set_operation(c, OP_RDMSR);
	case 0xa2:
		return set_operation(c, OP_CPUID);
	case 0xab:
		return to_memory(c, OP_BTS, false);
	case 0xb3:
		return to_memory(c, OP_BTR, false);
	case 0xbb:
		return to_memory(c, OP_BTC, false);
	case 0xb0 ... 0xb1:
		return to_memory(c, OP_CMPXCHG, byte);
	case 0xba:
		return bit_group(c);
	case 0xc0 ... 0xc1:
		return to_memory(c, OP_XADD, byte);
	default:
		return false;
	}
}

bool instruction_decode(struct instruction *ins, const uint8_t *code, size_t count, bool code64)
{
	struct context c = {
		.reader = {.code = code, .count = MIN(count, (size_t)INSTRUCTION_BYTES_MAX)},
		.ins = ins,
		.code64 = code64,
	};
	uint8_t opcode;
	bool known;

	*ins = (struct instruction){
		.address_bytes = code64 ? 8 : 4,
		.base = REGISTER_NONE,
		.index = REGISTER_NONE,
	};
	opcode = take_prefixes(&c);
	if (opcode == TWO_BYTE_OPCODES) {
		known = two_byte_opcode(&c, take_byte(&c.reader));
	} else {
		known = one_byte_opcode(&c, opcode);
	}
	ins->length = (uint8_t)c.reader.at;
	/* Addresses of 16 bits have other ModRM forms, which nobody needs any more. */
	return known && !c.reader.cut_short &&
	       (ins->address_bytes > 2 ||
		!(ins->is_memory || ins->operation == OP_INS || ins->operation == OP_OUTS));
}

/* --- Arithmetic ------------------------------------------------------------------------------ */

#define RFLAGS_ARITHMETIC \
	(uint64_t)(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

struct sum {
	uint64_t value, carries; /* carries: out of each bit */
};

static struct sum add(uint64_t a, uint64_t b, uint64_t carry)
{
	uint64_t value = a + b + carry;

	return (struct sum){value, (a & b) | ((a | b) & ~value)};
}

/* Borrows come out where the carries of the same sum with an inverted operand do not. */
static struct sum subtract(uint64_t a, uint64_t b, uint64_t borrow)
{
	struct sum s = add(a, ~b, !borrow);

	return (struct sum){s.value, ~s.carries};
}

static uint64_t flags_of(struct sum s, unsigned bits, uint64_t rflags)
{
	uint64_t mask = UINT64_MAX >> (64 - bits), sign = BIT(bits - 1);
	uint64_t flags = rflags & ~RFLAGS_ARITHMETIC;

	flags |= s.carries & sign ? RFLAGS_CF : 0;
	flags |= __builtin_parity((unsigned)s.value & 0xff) ? 0 : RFLAGS_PF;
	flags |= s.carries & BIT(3) ? RFLAGS_AF : 0;
	flags |= s.value & mask ? 0 : RFLAGS_ZF;
	flags |= s.value & sign ? RFLAGS_SF : 0;
	flags |= (s.carries ^ s.carries << 1) & sign ? RFLAGS_OF : 0;
	return flags;
}

static uint64_t compute_bit(enum operation operation, uint64_t old, uint64_t bit, uint64_t *rflags)
{
	*rflags = (*rflags & ~(uint64_t)RFLAGS_CF) | (old >> bit & 1 ? RFLAGS_CF : 0);
	switch (operation) {
	case OP_BTS:
		return old | BIT(bit);
	case OP_BTR:
		return old & ~BIT(bit);
	default:
		return old ^ BIT(bit);
	}
}

uint64_t instruction_compute(const struct instruction *ins, uint64_t old, uint64_t source,
			     uint64_t accumulator, uint64_t *rflags)
{
	unsigned bits = 8U * ins->operand_bytes;
	uint64_t mask = UINT64_MAX >> (64 - bits), carry = *rflags & RFLAGS_CF;
	struct sum s = {.carries = 0};

	switch (ins->operation) {
	case OP_MOV:
	case OP_XCHG:
		return source & mask;
	case OP_BTS:
	case OP_BTR:
	case OP_BTC:
		return compute_bit(ins->operation, old, source & (bits - 1), rflags) & mask;
	case OP_CMPXCHG:
		*rflags = flags_of(subtract(accumulator, old, 0), bits, *rflags);
		return (*rflags & RFLAGS_ZF ? source : old) & mask;
	case OP_ADD:
	case OP_XADD:
		s = add(old, source, 0);
		break;
	case OP_ADC:
		s = add(old, source, carry);
		break;
	case OP_SUB:
		s = subtract(old, source, 0);
		break;
	case OP_SBB:
		s = subtract(old, source, carry);
		break;
	case OP_AND:
		s.value = old & source;
		break;
	case OP_OR:
		s.value = old | source;
		break;
	case OP_XOR:
		s.value = old ^ source;
		break;
	default:
		return old & mask;
	}
	*rflags = flags_of(s, bits, *rflags);
	return s.value & mask;
}
