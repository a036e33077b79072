/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the other processors begin: from real mode to cpu_start() in long mode, on their own stack. */
#include <arch/layout.h>
#include <arch/regs.h>
#include <asm-offsets.h>

#define PHYS(symbol) ((symbol) - IMAGE_BASE)

#define TRAMPOLINE_CODE32 0x08
#define TRAMPOLINE_CODE64 0x10
#define TRAMPOLINE_DATA	  0x18

	.section .init.text, "ax", @progbits

	/* Copied to a page below 1 MiB: a processor starts there with IP 0, and leaves it at once. */
	.code16
	.globl	trampoline, trampoline_end
trampoline:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	trampoline_gdt_pointer - trampoline
	movl	$(CR0_PE | CR0_ET), %eax
	movl	%eax, %cr0
	ljmpl	$TRAMPOLINE_CODE32, $PHYS(trampoline32)
trampoline_gdt_pointer:
	.word	trampoline_gdt_end - trampoline_gdt - 1
	.long	PHYS(trampoline_gdt)
trampoline_end:

	/* The rest runs where it is, by the tables of start-up, which map the low 4 GiB as they are. */
	.code32
trampoline32:
	movl	$TRAMPOLINE_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$(CR4_PAE | CR4_PGE), %eax
	movl	%eax, %cr4
	movl	$PHYS(boot_l4), %eax
	movl	%eax, %cr3
	/* The tables use NX if the boot CPU has it. One without would not get far, so it stops here. */
	movl	$0x80000001, %eax
	cpuid
	shrl	$(20 - 11), %edx
	movl	PHYS(trampoline_efer), %eax
	notl	%edx
	andl	$EFER_NX, %edx
	testl	%eax, %edx
	jz	1f
	cli
	hlt
1:	movl	$MSR_EFER, %ecx
	xorl	%edx, %edx
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	$TRAMPOLINE_CODE64, $PHYS(trampoline64)

	.code64
trampoline64:
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movabsq	$trampoline_stack, %rax
	movq	(%rax), %rsp
	pushq	$0 /* the end of the chain of frames */
	xorl	%ebp, %ebp
	movabsq	$cpu_start, %rax
	jmpq	*%rax

	.balign	8
trampoline_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff /* 32-bit code */
	.quad	0x00af9b000000ffff /* 64-bit code */
	.quad	0x00cf93000000ffff /* data */
trampoline_gdt_end:

	.section .init.bss, "aw", @nobits
	.balign	8
	.globl	trampoline_stack, trampoline_efer
trampoline_stack:
	.skip	8
trampoline_efer:
	.skip	4

	.section .note.GNU-stack, "", @progbits
