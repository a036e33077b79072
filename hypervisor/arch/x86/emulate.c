/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest's kernel does as if it ran in ring 0, done for it after the fault. */
#include <arch/control_regs.h>
#include <arch/cpuid.h>
#include <arch/debug_regs.h>
#include <arch/descriptor.h>
#include <arch/emulate.h>
#include <arch/fpu.h>
#include <arch/guest_copy.h>
#include <arch/io.h>
#include <arch/msr.h>
#include <arch/regs.h>
#include <arch/segment_base.h>
#include <arch/trap.h>
#include <domain/domain.h>
#include <lib/error.h>
#include <memory/mmu_update.h>

/*
 * The bytes of the instruction are read once, taken apart, and only then acted upon. Another vCPU
 * may have changed them since the fault: that gains it nothing, because each operation is checked
 * as if it had been asked for openly.
 */

/* --- The instruction ------------------------------------------------------------------------ */

/* Of a code segment that is not the flat 64-bit one. */
static bool find_code_segment(const struct vcpu *v, uint16_t selector, bool *code64, uint64_t *base)
{
	uint64_t offset = selector & ~7U, window = cpu_area(cpu_id()), d;

	if (selector & 4) {
		if (offset >= v->arch.ldt_entries * UINT64_C(8) ||
		    mfn_is_none(v->arch.ldt_frame[offset / PAGE_SIZE])) {
			return false;
		}
		d = *(uint64_t *)(window + CPU_LDT + offset);
	} else {
		if (offset >= SELECTOR_TSS) {
			return false;
		}
		d = *(uint64_t *)(window + CPU_GDT + offset);
	}
	*code64 = d & BIT(53);
	*base = *code64 ? 0 : (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000);
	return *code64 || d & BIT(54); /* not 16-bit code */
}

/* As many bytes as there are, up to what the longest instruction may have. */
static size_t read_code(uint8_t code[16], uint64_t at)
{
	size_t in_page = PAGE_SIZE - at % PAGE_SIZE;

	if (likely(in_page >= 16)) {
		return guest_range_take(&at, 16) && !guest_read_words(code, at, 16) ? 16 : 0;
	}
	if (guest_read(code, GUEST_VA(at), in_page)) {
		return 0;
	}
	return guest_read(code + in_page, GUEST_VA(at + in_page), 16 - in_page) ? in_page : 16;
}

bool emulate_fetch(const struct vcpu *v, const struct guest_frame *frame, struct instruction *ins)
{
	bool code64 = true;
	uint64_t base = 0;
	uint8_t code[16];
	size_t count;

	if (unlikely(frame->cs != SELECTOR_USER64) &&
	    !find_code_segment(v, (uint16_t)frame->cs, &code64, &base)) {
		return false;
	}
	count = read_code(code, code64 ? frame->rip : (uint32_t)(base + frame->rip));
	return instruction_decode(ins, code, count, code64);
}

void emulate_advance(struct vcpu *v, struct guest_frame *frame, unsigned bytes)
{
	bool steps = frame->rflags & RFLAGS_TF;

	frame->rip += bytes;
	if (unlikely(!(frame->rip >> 32) && frame->cs != SELECTOR_USER64)) {
		frame->rip = (uint32_t)frame->rip;
	}
	frame->rflags &= ~(uint64_t)RFLAGS_RF;
	if (unlikely(steps)) {
		v->arch.dr[6] |= DR6_STEP;
		guest_enter_trap(v, VECTOR_DB, 0);
	}
}

/* --- Registers and addresses ------------------------------------------------------------------ */

static uint64_t *register_at(struct guest_frame *frame, unsigned number)
{
	static const uint8_t offset[16] = {
		offsetof(struct guest_frame, rax), offsetof(struct guest_frame, rcx),
		offsetof(struct guest_frame, rdx), offsetof(struct guest_frame, rbx),
		offsetof(struct guest_frame, rsp), offsetof(struct guest_frame, rbp),
		offsetof(struct guest_frame, rsi), offsetof(struct guest_frame, rdi),
		offsetof(struct guest_frame, r8),  offsetof(struct guest_frame, r9),
		offsetof(struct guest_frame, r10), offsetof(struct guest_frame, r11),
		offsetof(struct guest_frame, r12), offsetof(struct guest_frame, r13),
		offsetof(struct guest_frame, r14), offsetof(struct guest_frame, r15),
	};

	return (uint64_t *)((char *)frame + offset[number & 15]);
}

uint64_t emulate_read_register(struct guest_frame *frame, const struct instruction *ins,
			       unsigned number)
{
	if (ins->operand_bytes == 1 && !ins->has_rex && number >= 4 && number < 8) {
		return *register_at(frame, number - 4) >> 8 & 0xff;
	}
	return *register_at(frame, number) & UINT64_MAX >> (64 - 8 * ins->operand_bytes);
}

/* Four bytes clear the upper half, fewer leave the rest alone. */
void emulate_write_register(struct guest_frame *frame, const struct instruction *ins,
			    unsigned number, uint64_t value)
{
	uint64_t mask = UINT64_MAX >> (64 - 8 * ins->operand_bytes), *at;
	unsigned shift = 0;

	if (ins->operand_bytes == 1 && !ins->has_rex && number >= 4 && number < 8) {
		number -= 4;
		shift = 8;
	}
	at = register_at(frame, number);
	if (ins->operand_bytes == 4) {
		*at = value & mask;
	} else {
		*at = (*at & ~(mask << shift)) | (value & mask) << shift;
	}
}

static uint64_t segment_base(const struct instruction *ins)
{
	switch (ins->segment) {
	case SEGMENT_FS:
		return segment_read_fs_base();
	case SEGMENT_GS:
		return segment_read_gs_base();
	default:
		return 0;
	}
}

static uint64_t address_mask(const struct instruction *ins)
{
	return UINT64_MAX >> (64 - 8 * ins->address_bytes);
}

static uint64_t effective_address(struct guest_frame *frame, const struct instruction *ins)
{
	uint64_t address = (uint64_t)(int64_t)ins->displacement;

	if (ins->base == REGISTER_RIP) {
		address += frame->rip + ins->length;
	} else if (ins->base != REGISTER_NONE) {
		address += *register_at(frame, ins->base);
	}
	if (ins->index != REGISTER_NONE) {
		address += *register_at(frame, ins->index) << ins->scale;
	}
	return segment_base(ins) + (address & address_mask(ins));
}

/* --- Ports ------------------------------------------------------------------------------------ */

static bool emulate_port(struct vcpu *v, struct guest_frame *frame, const struct instruction *ins)
{
	struct io_request request = {
		.port = (uint16_t)(ins->has_immediate ? ins->immediate : frame->rdx),
		.bytes = ins->operand_bytes,
		.write = ins->operation == OP_OUT,
	};

	if (request.write) {
		request.value = (uint32_t)emulate_read_register(frame, ins, 0);
	}
	if (!io_emulate(v, &request)) {
		return false;
	}
	if (!request.write) {
		emulate_write_register(frame, ins, 0, request.value);
	}
	return true;
}

/* Register `at` is a counter or an address of a string instruction, as wide as addresses are. */
static void add_to_register(const struct instruction *ins, uint64_t *at, uint64_t value)
{
	*at = (*at + value) & address_mask(ins);
}

/* One element; with REP the guest comes back for the next one. */
static bool emulate_port_string(struct vcpu *v, struct guest_frame *frame, struct instruction *ins)
{
	bool write = ins->operation == OP_OUTS;
	uint64_t *index = write ? &frame->rsi : &frame->rdi, mask = address_mask(ins);
	uint64_t address = (*index & mask) + (write ? segment_base(ins) : 0);
	struct io_request request = {
		.port = (uint16_t)frame->rdx,
		.bytes = ins->operand_bytes,
		.write = write,
	};

	if (ins->repeat && !(frame->rcx & mask)) {
		return true;
	}
	if (write && guest_read(&request.value, GUEST_VA(address), request.bytes)) {
		return false;
	}
	if (!io_emulate(v, &request)) {
		return false;
	}
	if (!write && guest_write(GUEST_VA(address), &request.value, request.bytes)) {
		return false;
	}
	add_to_register(ins, index,
			frame->rflags & RFLAGS_DF ? -(uint64_t)request.bytes : request.bytes);
	if (ins->repeat) {
		add_to_register(ins, &frame->rcx, UINT64_MAX);
		if (frame->rcx & mask) {
			ins->length = 0;
		}
	}
	return true;
}

/* --- Control registers ------------------------------------------------------------------------ */

static bool read_cr(const struct vcpu *v, unsigned number, uint64_t *value)
{
	switch (number) {
	case 0:
		*value = guest_cr0(v);
		return true;
	case 2:
		*value = v->events.info->arch.cr2;
		return true;
	case 3:
		*value = mfn_to_paddr(v->memory.kernel_root);
		return true;
	case 4:
		*value = v->arch.cr4;
		return true;
	default:
		return false;
	}
}

/* As by mmuext_op; what is not done in one go is done when the guest executes it once more. */
static bool emulate_write_cr3(struct vcpu *v, struct instruction *ins, uint64_t value)
{
	struct domain_memory *dm = &v->domain->memory;
	int rc = mmu_new_kernel_root(dm, &v->memory, paddr_to_mfn(value & PTE_ADDRESS));

	if (rc == 0) {
		rc = mmu_settle(dm);
	}
	if (rc == -ERESTART) {
		ins->length = 0;
	}
	return rc == 0 || rc == -ERESTART;
}

static bool write_cr(struct vcpu *v, struct instruction *ins, uint64_t value)
{
	switch (ins->reg) {
	case 0:
		return guest_set_cr0(v, value);
	case 2:
		v->events.info->arch.cr2 = value;
		return true;
	case 3:
		return emulate_write_cr3(v, ins, value);
	case 4:
		guest_set_cr4(v, value);
		return true;
	default:
		return false;
	}
}

/* --- Pairs of EDX and EAX ----------------------------------------------------------------------
 */

static uint64_t edx_eax(const struct guest_frame *frame)
{
	return frame->rdx << 32 | (uint32_t)frame->rax;
}

static void set_edx_eax(struct guest_frame *frame, uint64_t value)
{
	frame->rax = (uint32_t)value;
	frame->rdx = value >> 32;
}

static void emulate_cpuid(const struct vcpu *v, struct guest_frame *frame)
{
	struct cpuid r = guest_cpuid(v, (uint32_t)frame->rax, (uint32_t)frame->rcx);

	frame->rax = r.a;
	frame->rbx = r.b;
	frame->rcx = r.c;
	frame->rdx = r.d;
}

/* --- Which operation ----------------------------------------------------------------------------
 */

/* What a guest's kernel may do, and its programs not. */
static bool emulate_of_kernel(struct vcpu *v, struct guest_frame *frame, struct instruction *ins)
{
	uint64_t value, address, *rm = register_at(frame, ins->rm);

	switch (ins->operation) {
	case OP_RDMSR:
		if (!guest_read_msr(v, (uint32_t)frame->rcx, &value)) {
			return false;
		}
		set_edx_eax(frame, value);
		return true;
	case OP_WRMSR:
		return guest_write_msr(v, (uint32_t)frame->rcx, edx_eax(frame));
	case OP_READ_CR:
		return read_cr(v, ins->reg, rm);
	case OP_WRITE_CR:
		return write_cr(v, ins, *rm);
	case OP_CLTS:
		guest_set_ts(v, false);
		return true;
	case OP_READ_DR:
		return debug_reg_get(v, ins->reg, rm) == 0;
	case OP_WRITE_DR:
		return debug_reg_set(v, ins->reg, *rm) == 0;
	case OP_HLT:
		/* With events masked nothing would ever end it. */
		if (v->events.info->evtchn_upcall_mask) {
			return false;
		}
		vcpu_block(v);
		return true;
	case OP_INVLPG:
		address = effective_address(frame, ins);
		if (guest_range_ok(address, 1)) {
			tlb_flush_va(BIT(cpu_id()), address);
		}
		return true;
	case OP_FLUSH_CACHES:
		/* Without devices there is nobody from whom caches could hide anything. */
		if (v->domain->memory.hardware) {
			cache_flush(BIT(cpu_id()));
		}
		return true;
	case OP_XSETBV:
		return v->arch.cr4 & CR4_OSXSAVE && (uint32_t)frame->rcx == 0 &&
		       fpu_set_xcr0(v, edx_eax(frame)) == 0;
	default:
		return false;
	}
}

static bool emulate_one(struct vcpu *v, struct guest_frame *frame, struct instruction *ins)
{
	switch (ins->operation) {
	case OP_CPUID:
		emulate_cpuid(v, frame);
		return true;
	case OP_IN:
	case OP_OUT:
		return emulate_port(v, frame, ins);
	case OP_INS:
	case OP_OUTS:
		return emulate_port_string(v, frame, ins);
	case OP_RDTSCP:
	case OP_RDTSC:
		if (!v->arch.in_kernel && v->arch.cr4 & CR4_TSD) {
			return false;
		}
		set_edx_eax(frame, read_tsc());
		if (ins->operation == OP_RDTSCP) {
			frame->rcx = v->arch.tsc_aux;
		}
		return true;
	case OP_INTERRUPT_FLAG:
		/* With I/O privilege it is no fault, but the mask in vcpu_info is what counts. */
		return vcpu_may_use_ports(&v->arch);
	default:
		return v->arch.in_kernel && emulate_of_kernel(v, frame, ins);
	}
}

bool emulate_privileged(struct vcpu *v, struct guest_frame *frame)
{
	struct instruction ins;

	if (!emulate_fetch(v, frame, &ins) || !emulate_one(v, frame, &ins)) {
		return false;
	}
	emulate_advance(v, frame, ins.length);
	return true;
}

/* 0f 0b, "xen", 0f a2 */
#define FORCED_CPUID	   UINT64_C(0xa20f6e65780b0f)
#define FORCED_CPUID_BYTES 7

/*
 * UD2 and the letters "xen", then CPUID: how a guest asks for our answer where the processor would
 * give its own without a fault.
 */
bool emulate_invalid_opcode(struct vcpu *v, struct guest_frame *frame)
{
	union {
		uint8_t bytes[16];
		uint64_t words[2];
	} code;
	size_t count;

	count = read_code(code.bytes, frame->rip);
	if (count < FORCED_CPUID_BYTES || (code.words[0] ^ FORCED_CPUID) << 8) {
		return false;
	}
	emulate_cpuid(v, frame);
	emulate_advance(v, frame, FORCED_CPUID_BYTES);
	return true;
}
