/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every way into the hypervisor and back to the guest. */
#include <arch/layout.h>
#include <arch/regs.h>
#include <asm-offsets.h>

/*
 * On the main stack the guest's frame is at the very top, so once all of it is pushed the CPU's
 * data lie at a constant distance from RSP.
 */
#define CPU(field)   (field - CPU_BLOCK_STACK_TOP + FRAME_SIZE)(%rsp)
#define FRAME(field) (FRAME_##field)(%rsp)
#define CPU_COUNTERS_AT (CPU_counters - CPU_BLOCK_STACK_TOP + FRAME_SIZE)

	.macro	push_registers
	cld
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	/* What a guest left in registers is no food for speculation; arguments it may pass. */
	xorl	%ebx, %ebx
	xorl	%ebp, %ebp
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
	.endm

	.macro	clear_arguments
	xorl	%ecx, %ecx
	xorl	%esi, %esi
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	.endm

	/* An indirect call with room for five bytes: start-up may put a safer one there. */
	.macro	call_rax site
\site:
	.byte	0x3e, 0x3e, 0x3e
	callq	*%rax
	.endm

	.macro	pop_callee_saved
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	.endm

	.macro	pop_registers
	pop_callee_saved
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	.endm

/* --- SYSCALL ------------------------------------------------------------------------------- */

/* The CPU's stub (syscall_stubs.c) comes here, on the main stack, with RSP and SS left out. */
	.text
	.balign	64
	.globl	entry_syscall, entry_syscall32
entry_syscall:
	movq	$SELECTOR_USERDATA, 8(%rsp)
	pushq	%r11
	pushq	$SELECTOR_USER64
	pushq	%rcx
	pushq	$FRAME_SYSCALL
	push_registers
	movq	CPU(CPU_vcpu), %rbx
	cmpb	$0, VCPU_in_kernel(%rbx)
	je	guest_program_syscall

	cmpq	$HYPERCALL_COUNT, %rax
	jae	no_such_hypercall
	andl	$(HYPERCALL_COUNT - 1), %eax /* also where that branch was mispredicted */
	movq	%r10, %rcx
	incq	CPU_COUNTERS_AT(%rsp, %rax, 8)
	testl	$TRACE_HYPERCALL_BIT, trace_mask(%rip)
	jnz	trace_this_hypercall
call_hypercall:
	shll	$4, %eax
	leaq	hypercall_table(%rip), %r11
	movq	(%r11, %rax), %rax
	call_rax hypercall_call_site
hypercall_done:
	movq	%rax, FRAME(rax)

	/* RBX: the current vCPU; RSP: its frame. */
return_to_guest:
	cmpl	$0, CPU(CPU_work)
	jne	guest_work
	movq	VCPU_info(%rbx), %rdx
	cmpb	$0, VCPU_INFO_upcall_pending(%rdx)
	jne	guest_event
return_to_guest_now:
	cmpq	$FRAME_SYSCALL, FRAME(entry)
	jne	return_by_iret

	/* SYSRET with an address that is not canonical would fault in ring 0 on the guest's stack. */
	movq	FRAME(rip), %rcx
	movq	%rcx, %r11
	sarq	$47, %r11
	incq	%r11
	cmpq	$1, %r11
	ja	return_by_iret
	pop_callee_saved
	movq	(FRAME_rflags - FRAME_r11)(%rsp), %r11
	movq	(FRAME_r10 - FRAME_r11)(%rsp), %r10
	movq	(FRAME_r9 - FRAME_r11)(%rsp), %r9
	movq	(FRAME_r8 - FRAME_r11)(%rsp), %r8
	movq	(FRAME_rax - FRAME_r11)(%rsp), %rax
	movq	(FRAME_rdx - FRAME_r11)(%rsp), %rdx
	movq	(FRAME_rsi - FRAME_r11)(%rsp), %rsi
	movq	(FRAME_rdi - FRAME_r11)(%rsp), %rdi
	.globl	sysret_to_guest
sysret_to_guest: /* five bytes that start-up may make a jump to guard_sysret, as at the two IRETs below */
	movq	(FRAME_rsp - FRAME_r11)(%rsp), %rsp
	sysretq

return_by_iret:
	pop_registers
	addq	$8, %rsp
	.globl	iret_to_guest
iret_to_guest:
	iretq /* a fault here is the guest's: hypervisor_fault() knows this address */
	.fill	3, 1, 0xcc

trace_this_hypercall:
	callq	trace_hypercall
	movq	FRAME(rax), %rax
	movq	FRAME(rdi), %rdi
	movq	FRAME(rsi), %rsi
	movq	FRAME(rdx), %rdx
	movq	FRAME(r10), %rcx
	movq	FRAME(r8), %r8
	jmp	call_hypercall

no_such_hypercall:
	movq	$-ENOSYS_NUMBER, %rax
	jmp	hypercall_done

guest_program_syscall:
	callq	guest_syscall
	jmp	return_to_guest

guest_event:
	cmpb	$0, VCPU_INFO_upcall_mask(%rdx)
	jne	return_to_guest_now
	movq	%rbx, %rdi
	callq	guest_deliver_pending
	jmp	return_to_guest

	/* Work waits: C code sees to it and may change the vCPU. */
guest_work:
	callq	deferred_work
	jmp	return_to_guest_now

	/* Where a CPU, done with starting up, leaves its old frames behind and finds its first vCPU. */
	.globl	start_guest
start_guest:
	andq	$-CPU_BLOCK_SIZE, %rsp
	addq	$(CPU_BLOCK_STACK_TOP - FRAME_SIZE), %rsp
	jmp	guest_work

	.balign	16
entry_syscall32:
	movq	$SELECTOR_USERDATA, 8(%rsp)
	pushq	%r11
	pushq	$SELECTOR_USER32
	pushq	%rcx
	pushq	$0
	push_registers
	callq	guest_syscall32
	jmp	return_after_trap

/*
 * SYSENTER saves nothing, so RIP and RSP are what the program and its kernel agreed on in registers.
 * It leaves the flags as they were but for IF, and an IRET with NT set would fault.
 */
	.balign	16
	.globl	entry_sysenter
entry_sysenter:
	movq	$SELECTOR_USERDATA, 8(%rsp)
	movq	$0, (%rsp)
	pushfq
	orl	$RFLAGS_IF, (%rsp)
	pushq	$RFLAGS_FIXED
	popfq
	pushq	$SELECTOR_USER32
	pushq	$0
	pushq	$0
	push_registers
	callq	guest_sysenter
	jmp	return_after_trap

/* --- Exceptions and interrupts ------------------------------------------------------------- */

	/* On the stack: what the processor pushed, then the word with error code and vector. */
	.balign	16
trap_common:
	push_registers
	clear_arguments
	movl	FRAME(vector), %eax
	movq	%rsp, %rdi
	testb	$3, FRAME(cs)
	jz	trap_in_hypervisor
	leaq	guest_trap_table(%rip), %rdx
	movq	(%rdx, %rax, 8), %rax
	call_rax trap_call_site
return_after_trap:
	movq	CPU(CPU_vcpu), %rbx
	jmp	return_to_guest

trap_in_hypervisor:
	callq	hypervisor_fault
	testq	%rax, %rax
	jnz	1f
	pop_registers
	addq	$8, %rsp
	iretq
	/* The guest could not be returned to; its frame is whole again and says where to go on. */
1:	movq	%rax, %rsp
	jmp	return_after_trap

	.balign	16
interrupt_common:
	push_registers
	clear_arguments
	movl	FRAME(vector), %edi
	callq	interrupt
	testb	$3, FRAME(cs)
	jnz	return_after_trap
	pop_registers
	addq	$8, %rsp
	iretq

/* --- Exceptions with stacks of their own --------------------------------------------------- */

	/*
	 * #DB can hit the first instruction of an entry path, where RSP is still the guest's, so it
	 * comes on a stack of its own; one of the guest's moves to the main stack and is ordinary.
	 */
	.balign	16
entry_db:
	pushq	$0
	movl	$VECTOR_DB, 4(%rsp)
	testb	$3, 16(%rsp)
	jz	own_stack_common
	pushq	%rax
	movq	%rsp, %rax
	andq	$-CPU_BLOCK_SIZE, %rax
	addq	$(CPU_BLOCK_STACK_TOP - 48), %rax
	.set	word, 0
	.rept	6
	pushq	8 + word(%rsp)
	popq	word(%rax)
	.set	word, word + 8
	.endr
	pushq	(%rsp)
	popq	-8(%rax)
	movq	%rax, %rsp
	movq	-8(%rsp), %rax
	jmp	trap_common

	.balign	16
entry_nmi:
	pushq	$0
	movl	$VECTOR_NMI, 4(%rsp)
	jmp	own_stack_common

	.balign	16
entry_mc:
	pushq	$0
	movl	$VECTOR_MC, 4(%rsp)
	jmp	own_stack_common

	.balign	16
entry_df:
	movl	$VECTOR_DF, 4(%rsp)

	/* Handled where it is, touching nothing of the interrupted path, and back. */
own_stack_common:
	push_registers
	movq	%rsp, %rdi
	callq	own_stack_trap
	pop_registers
	addq	$8, %rsp
	.globl	own_stack_return
own_stack_return:
	iretq
	.fill	3, 1, 0xcc

/* --- The 256 gates ------------------------------------------------------------------------- */

	/*
	 * A gate makes the word with error code and vector. The processor pushes an error code for
	 * some exceptions only, and a device that is made to raise such a vector pushes none: with
	 * the code the stack is aligned to 16, without it is not.
	 */
	.macro	exception_gate vector
	.balign	32
	.if	(VECTORS_WITH_ERROR >> \vector) & 1
	testb	$8, %spl
	jz	1f
	.endif
	pushq	$0
1:	movl	$\vector, 4(%rsp)
	jmp	trap_common
	.endm

	.globl	exception_gates, interrupt_gates, own_stack_gates
	.globl	entry_df, entry_nmi, entry_mc, entry_db
	.balign	32
exception_gates:
	.set	number, 0
	.rept	32
	exception_gate number
	.set	number, number + 1
	.endr

	.balign	16
interrupt_gates: /* of the vectors from 32 */
	.rept	224
	.balign	16
	pushq	$0
	movl	$number, 4(%rsp)
	jmp	interrupt_common
	.set	number, number + 1
	.endr

	.section .init.text, "ax", @progbits
	.balign	8
	.globl	indirect_call_sites
indirect_call_sites:
	.quad	hypercall_call_site, trap_call_site, 0

	.section .rodata, "a", @progbits
	.balign	8
own_stack_gates: /* in the order of their stacks, IST 1 to 4 */
	.quad	entry_df, entry_nmi, entry_mc, entry_db

	.section .note.GNU-stack, "", @progbits
