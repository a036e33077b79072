/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions of guests and of the hypervisor itself. */
#include <arch/descriptor.h>
#include <arch/fixup.h>
#include <arch/fpu.h>
#include <arch/guest_copy.h>
#include <arch/instructions.h>
#include <arch/panic.h>
#include <arch/power.h>
#include <arch/regs.h>
#include <arch/trap.h>
#include <debug/counters.h>
#include <debug/log.h>
#include <debug/trace.h>
#include <domain/domain.h>

typedef void trap_handler(struct guest_frame *frame);

extern const char iret_to_guest[];

/* --- Of guests ----------------------------------------------------------------------------- */

void trace_hypercall(void)
{
	trace_write(TRACE_HYPERCALL, guest_frame()->rax, guest_frame()->rdi);
}

static void note(const struct guest_frame *frame)
{
	COUNT(exceptions);
	trace(TRACE_EXCEPTION, frame->entry, frame->rip);
}

static void trap_pass_on(struct guest_frame *frame)
{
	note(frame);
	guest_enter_trap(current_vcpu(), frame->vector, frame->error);
}

static void trap_reserved(struct guest_frame *frame)
{
	domain_crash(current_domain(), "exception %u, which no guest can handle", frame->vector);
}

static void trap_debug(struct guest_frame *frame)
{
	struct vcpu *v = current_vcpu();
	uint64_t dr6 = read_dr6();

	note(frame);
	write_dr6(0xffff0ff0);
	v->arch.dr[6] = (v->arch.dr[6] & ~UINT64_C(0xf)) | (dr6 & 0xe00f) | 0xffff0ff0;
	guest_enter_trap(v, frame->vector, 0);
}

static void trap_invalid_opcode(struct guest_frame *frame)
{
	struct vcpu *v = current_vcpu();

	note(frame);
	if (!emulate_invalid_opcode(v, frame)) {
		guest_enter_trap(v, VECTOR_UD, 0);
	}
}

/* The guest asked for it (CR0.TS), or its FPU state is not loaded yet. */
static void trap_no_fpu(struct guest_frame *frame)
{
	struct vcpu *v = current_vcpu();

	note(frame);
	fpu_load(v);
	if (v->arch.guest_ts) {
		v->arch.guest_ts = false;
		guest_enter_trap(v, VECTOR_NM, 0);
	}
}

/* INT n through a gate of ours that ring 3 may not use: perhaps the guest's own gate may be used.
 */
static bool enter_by_int(struct vcpu *v, struct guest_frame *frame)
{
	uint8_t code[2];

	if (guest_read(code, GUEST_VA(frame->rip), sizeof(code)) || code[0] != 0xcd) {
		return false;
	}
	/* Vector 0x80 is open to all: the ABI treats it as the way of 32-bit system calls. */
	if (!v->arch.trap[code[1]].address ||
	    (code[1] != 0x80 && v->arch.trap[code[1]].dpl < (v->arch.in_kernel ? 1 : 3))) {
		return false;
	}
	frame->rip += sizeof(code);
	frame->vector = code[1];
	guest_enter_trap(v, code[1], 0);
	return true;
}

#define ERROR_EXTERNAL 0x1
#define ERROR_IDT      0x2

static void trap_general_protection(struct guest_frame *frame)
{
	struct vcpu *v = current_vcpu();

	note(frame);
	if (frame->error & ERROR_EXTERNAL) {
		guest_enter_trap(v, VECTOR_GP, frame->error);
		return;
	}
	if (frame->error & ERROR_IDT) {
		uint32_t error = frame->error;
		uint8_t code[2];

		if (enter_by_int(v, frame)) {
			return;
		}
		/* The number in the error code is not to be relied on: QEMU 7.2 shifts it too far.
		 */
		if (!guest_read(code, GUEST_VA(frame->rip), sizeof(code)) && code[0] == 0xcd) {
			error = code[1] * 8u + ERROR_IDT;
		}
		guest_enter_trap(v, VECTOR_GP, error);
		return;
	}
	if (frame->error || !emulate_privileged(v, frame)) {
		guest_enter_trap(v, VECTOR_GP, frame->error);
	} else {
		COUNT(privileged);
	}
}

static void trap_page_fault(struct guest_frame *frame)
{
	struct vcpu *v = current_vcpu();
	uint64_t address = read_cr2();

	note(frame);
	if (unlikely(address >= HYPERVISOR_START && address < HYPERVISOR_END)) {
		/* The processor itself looks for a descriptor: without the user bit, in any ring.
		 */
		if (frame->error & PF_USER || !descriptors_fault_in_ldt(v, address)) {
			guest_enter_page_fault(v, address, frame->error);
		}
		return;
	}
	if ((frame->error & (PF_PRESENT | PF_WRITE | PF_RESERVED)) == (PF_PRESENT | PF_WRITE) &&
	    v->arch.in_kernel &&
	    (emulate_table_write(v, frame, address) || emulate_device_write(v, frame, address))) {
		COUNT(table_writes);
		return;
	}
	COUNT(page_faults);
	guest_enter_page_fault(v, address, frame->error);
}

trap_handler *const guest_trap_table[32] = {
	[VECTOR_DE] = trap_pass_on,	   [VECTOR_DB] = trap_debug,
	[VECTOR_NMI] = trap_reserved,	   [VECTOR_BP] = trap_pass_on,
	[VECTOR_OF] = trap_pass_on,	   [VECTOR_BR] = trap_pass_on,
	[VECTOR_UD] = trap_invalid_opcode, [VECTOR_NM] = trap_no_fpu,
	[VECTOR_DF] = trap_reserved,	   [9] = trap_reserved,
	[VECTOR_TS] = trap_pass_on,	   [VECTOR_NP] = trap_pass_on,
	[VECTOR_SS] = trap_pass_on,	   [VECTOR_GP] = trap_general_protection,
	[VECTOR_PF] = trap_page_fault,	   [15] = trap_reserved,
	[VECTOR_MF] = trap_pass_on,	   [VECTOR_AC] = trap_pass_on,
	[VECTOR_MC] = trap_reserved,	   [VECTOR_XM] = trap_pass_on,
	[20 ... 31] = trap_reserved,
};

/* --- Of the hypervisor --------------------------------------------------------------------- */

/*
 * A fault in ring 0. Where one is expected the frame goes on at the fix-up. Where IRET could not
 * return to the guest, its registers are still in place behind ours: they are made a whole frame
 * again, and the guest's failsafe handler gets it; the result is where that frame is.
 */
uint64_t hypervisor_fault(struct guest_frame *frame)
{
	uint64_t fixup;

	/* A selector that is being loaded for a guest is the first use of that part of its LDT. */
	if (frame->vector == VECTOR_PF && current_vcpu() &&
	    descriptors_fault_in_ldt(current_vcpu(), read_cr2())) {
		return 0;
	}
	if (frame->rip == (uint64_t)iret_to_guest) {
		struct guest_frame *guest = guest_frame(), copy = *frame;

		copy.entry = 0;
		copy.rip = guest->rip;
		copy.cs = guest->cs;
		copy.rflags = guest->rflags;
		copy.rsp = guest->rsp;
		copy.ss = guest->ss;
		*guest = copy;
		guest_enter_failsafe(current_vcpu());
		return (uint64_t)guest;
	}
	fixup = fixup_find(frame->rip);
	if (!fixup) {
		panic_with_frame(frame, "exception %u in the hypervisor", frame->vector);
	}
	frame->rip = fixup;
	return 0;
}

static void trap_nmi(const struct guest_frame *frame)
{
	struct cpu *cpu = this_cpu();

	(void)frame;
	if (power_is_stopping()) {
		power_halt();
	}
	atomic_fetch_or_explicit(&cpu->work, CPU_WORK_NMI, memory_order_relaxed);
}

/* On a stack of its own, perhaps in the midst of an entry path: does as little as possible. */
void own_stack_trap(struct guest_frame *frame)
{
	switch (frame->vector) {
	case VECTOR_NMI:
		trap_nmi(frame);
		break;
	case VECTOR_DB:
		/* A guest's single step or breakpoint that ring 0 ran into: nobody needs it. */
		write_dr6(0xffff0ff0);
		frame->rflags &= ~(uint64_t)RFLAGS_TF;
		break;
	default:
		panic_with_frame(frame, "exception %u", frame->vector);
	}
}
