/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry and exit on processors that need defences there; a layer around entry.S that it does not see. */
#include <arch/layout.h>
#include <asm-offsets.h>

/*
 * Ring 3 runs on page tables that have hardly anything of ours: the text, the IDT, this CPU's
 * descriptor tables and TSS, and its gate page, which holds small stacks for the processor to push to.
 * An entry begins on one of those, loads the tables that have everything, moves what was pushed to
 * where it would have been without this layer, and jumps to the entry of entry.S. The exits of
 * entry.S are patched to jump here, and do the same the other way. Other defences that belong on
 * entry or exit are here too, each a site that start-up leaves in or makes a NOP.
 *
 * The gate page says which tables ring 0 had at the last exit (GATE_ROOT), and which were loaded
 * for ring 3 (GATE_EXIT_ROOT); where the two are one, nothing is loaded.
 */

/* What RSP points at, as an offset in the CPU's area; so all of the area is at known distances. */
#define AT(offset) (offset) - rsp_at(%rsp)
#define GATE(offset) AT(CPU_GATE + (offset))

	.set	main_rsp, CPU_STACK_TOP - 16 /* where a frame has RSP */
	.set	sysret_frame, GATE_EXIT_TOP - 8
	.set	iret_frame, GATE_EXIT_TOP - 40

	.macro	save register
	pushq	%\register
	.set	rsp_at, rsp_at - 8
	.endm

	.macro	restore register
	popq	%\register
	.set	rsp_at, rsp_at + 8
	.endm

	.macro	move_stack to
	leaq	AT(\to), %rsp
	.set	rsp_at, \to
	.endm

	/* What a guest left in the stack of predicted returns is overwritten. */
	.macro	fill_return_stack
	.pushsection .guard_sites, "a", @progbits
	.quad	9f
	.popsection
9:	callq	return_stack_fill
	.endm

	/* Words below `to` become those below `from`. */
	.macro	copy_words from, to, count
	.set	word, 8
	.rept	\count
	movq	AT(\from - word), %rax
	movq	%rax, AT(\to - word)
	.set	word, word + 8
	.endr
	.endm

	.macro	load_root_of_ring0
	movq	GATE(GATE_ROOT), %rax
	cmpq	GATE(GATE_EXIT_ROOT), %rax
	je	8f
	movq	%rax, %cr3
8:
	.endm

	.text

/* --- SYSCALL and SYSENTER: the stub has saved RSP where it points now ------------------------ */

	.macro	guard_syscall_to entry
	.set	rsp_at, CPU_GATE + GATE_SYSCALL_RSP
	save	rax
	load_root_of_ring0
	movq	GATE(GATE_SYSCALL_RSP), %rax
	movq	%rax, AT(main_rsp)
	restore	rax
	move_stack	main_rsp
	fill_return_stack
	jmp	\entry
	.endm

	.balign	64
	.globl	guard_syscall, guard_syscall32, guard_sysenter
guard_syscall:
	guard_syscall_to entry_syscall
guard_syscall32:
	guard_syscall_to entry_syscall32

guard_sysenter: /* the flags are the program's still */
	.set	rsp_at, CPU_GATE + GATE_SYSCALL_RSP
	pushfq
	.set	rsp_at, rsp_at - 8
	save	rax
	load_root_of_ring0
	restore	rax
	popfq
	.set	rsp_at, rsp_at + 8
	move_stack	main_rsp
	fill_return_stack
	jmp	entry_sysenter

/* --- Exceptions and interrupts --------------------------------------------------------------- */

	/* From ring 3 on the gate page, from ring 0 where it was. */
	.globl	guard_gates
	.balign	16
guard_gates:
	.set	number, 0
	.rept	256
	.balign	16
	callq	guard_prepare
	.if	number < 32
	jmp	exception_gates + 32 * number
	.else
	jmp	interrupt_gates + 16 * (number - 32)
	.endif
	.set	number, number + 1
	.endr

	/* The return address, an error code or none (alignment tells), then what IRET takes. */
	.balign	16
guard_prepare:
	testb	$8, %spl
	jz	1f
	testb	$3, 24(%rsp)
	jmp	2f
1:	testb	$3, 16(%rsp)
2:	jz	guard_from_ring0
	pushq	%rax
	pushq	%rcx
	movq	%rsp, %rax
	andq	$-4096, %rax
	movq	GATE_ROOT(%rax), %rcx
	cmpq	GATE_EXIT_ROOT(%rax), %rcx
	je	3f
	movq	%rcx, %cr3
3:	.set	word, 8
	.rept	9
	movq	GATE_ENTRY_TOP - word(%rax), %rcx
	movq	%rcx, CPU_STACK_TOP - CPU_GATE - word(%rax)
	.set	word, word + 8
	.endr
	leaq	CPU_STACK_TOP - CPU_GATE - GATE_ENTRY_TOP(%rsp), %rsp
	popq	%rcx
	popq	%rax
	fill_return_stack
	ret

guard_from_ring0:
	testb	$8, %spl
	jz	1f
	pushq	%rax
	leaq	guard_iretq(%rip), %rax
	cmpq	%rax, 24(%rsp)
	popq	%rax
	je	guard_iret_failed
1:	ret

	/*
	 * The guest could not be returned to. The processor pushed onto the gate page: made to look as if
	 * the IRET of entry.S had failed on the main stack, where that one's words still are.
	 */
	.macro	to_main from, word
	movq	\from(%rsp), %rcx
	movq	%rcx, CPU_STACK_TOP - CPU_GATE - \word(%rax)
	.endm

guard_iret_failed:
	pushq	%rax
	pushq	%rcx
	movq	%rsp, %rax
	andq	$-4096, %rax
	movq	GATE_ROOT(%rax), %rcx
	movq	%rcx, %cr3
	to_main	64, 56 /* SS */
	leaq	CPU_STACK_TOP - CPU_GATE - 40(%rax), %rcx
	movq	%rcx, CPU_STACK_TOP - CPU_GATE - 64(%rax)
	to_main	48, 72 /* RFLAGS */
	to_main	40, 80 /* CS */
	leaq	iret_to_guest(%rip), %rcx
	movq	%rcx, CPU_STACK_TOP - CPU_GATE - 88(%rax)
	to_main	24, 96 /* the error code */
	to_main	16, 104 /* where the gate goes on */
	to_main	8, 112 /* RAX */
	to_main	0, 120 /* RCX */
	leaq	CPU_STACK_TOP - CPU_GATE - 120(%rax), %rsp
	popq	%rcx
	popq	%rax
	ret

/* --- Exceptions with stacks of their own ----------------------------------------------------- */

	/*
	 * They come at any place, on whichever tables: those are noted at the top of the real stack, with
	 * the place on the gate page to return from.
	 */
	.macro	guard_own_stack small, real, words, entry
	.set	rsp_at, CPU_GATE + \small - 8 * \words
	save	rax
	movq	%cr3, %rax
	cmpq	GATE(GATE_EXIT_ROOT), %rax
	jne	1f
	movq	GATE(GATE_ROOT), %rax
	movq	%rax, %cr3
	movq	GATE(GATE_EXIT_ROOT), %rax
1:	movq	%rax, AT(\real - 8)
	leaq	GATE(\small - 8 * \words), %rax
	movq	%rax, AT(\real - 16)
	copy_words	CPU_GATE+\small, \real-16, \words
	restore	rax
	move_stack	\real-16-8*\words
	fill_return_stack
	jmp	\entry
	.endm

	.balign	16
guard_df:
	guard_own_stack GATE_STACK_DF, CPU_STACK_DF, 6, entry_df
guard_nmi:
	guard_own_stack GATE_STACK_NMI, CPU_STACK_NMI, 5, entry_nmi
guard_mc:
	guard_own_stack GATE_STACK_MC, CPU_STACK_MC, 5, entry_mc
guard_db:
	guard_own_stack GATE_STACK_DB, CPU_STACK_DB, 5, entry_db

	/* All registers are those of the interrupted code. */
	.globl	guard_own_return
guard_own_return:
	pushq	%rax
	pushq	%rcx
	movq	(16 + 40)(%rsp), %rax
	.set	word, 0
	.rept	5
	movq	16 + word(%rsp), %rcx
	movq	%rcx, word(%rax)
	.set	word, word + 8
	.endr
	movq	8(%rsp), %rcx
	movq	%rcx, -8(%rax)
	movq	(%rsp), %rcx
	movq	%rcx, -16(%rax)
	movq	(16 + 48)(%rsp), %rcx
	leaq	-16(%rax), %rsp
	movq	%rcx, %cr3
	popq	%rcx
	popq	%rax
	iretq

/* --- Exits ----------------------------------------------------------------------------------- */

	/* RAX: the tables for ring 3, of the guest's kernel or of its programs. */
	.macro	choose_root
	movq	AT(CPU_DATA + CPU_root), %rax
	movq	%rax, GATE(GATE_ROOT)
	cmpq	AT(CPU_DATA + CPU_root_of_guest + 8), %rax
	movq	AT(CPU_DATA + CPU_exit_root), %rax
	cmoveq	AT(CPU_DATA + CPU_exit_root + 8), %rax
	movq	%rax, GATE(GATE_EXIT_ROOT)
	.endm

	/* With RAX saved below `frame` of the gate page, RSP goes there, and the tables change. */
	.macro	leave_by frame
	popq	CPU_GATE + \frame - 8 - rsp_at - 8(%rsp)
	.set	rsp_at, rsp_at + 8
	choose_root
	move_stack	CPU_GATE+\frame-8
	.pushsection .guard_sites, "a", @progbits
	.quad	9f
	.popsection
9:	verw	GATE(GATE_SELECTOR)
	cmpq	GATE(GATE_ROOT), %rax
	je	8f
	movq	%rax, %cr3
8:	restore	rax
	.endm

	.balign	64
	.globl	guard_sysret, guard_iret
guard_sysret: /* all registers are the guest's, RSP is at the frame's R11 */
	.set	rsp_at, CPU_STACK_TOP - FRAME_SIZE + FRAME_r11
	save	rax
	movq	AT(CPU_STACK_TOP - FRAME_SIZE + FRAME_rsp), %rax
	movq	%rax, GATE(sysret_frame)
	leave_by	sysret_frame
	popq	%rsp
	sysretq

guard_iret:
	.set	rsp_at, CPU_STACK_TOP - 40
	save	rax
	copy_words	CPU_STACK_TOP, CPU_GATE+GATE_EXIT_TOP, 5
	leave_by	iret_frame
guard_iretq:
	iretq

	.section .rodata, "a", @progbits
	.balign	8
	.globl	guard_own_stack_gates
guard_own_stack_gates:
	.quad	guard_df, guard_nmi, guard_mc, guard_db

	.section .note.GNU-stack, "", @progbits
