/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the hypervisor's place: says on COM1, in hex, what the TSC is at its first instruction, and ends. */
#define MB_MAGIC 0x1badb002
#define MB_FLAGS 0x00000003

	.section .text
	.code32
	.balign 4
	.long MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)
	.globl _start
_start:
	rdtsc
	movl	%eax, %esi
	movl	%edx, %edi
	movl	$16, %ecx
1:	shldl	$4, %edi, %ebx
	shldl	$4, %esi, %edi
	shll	$4, %esi
	movl	%ebx, %eax
	andb	$15, %al
	cmpb	$10, %al
	sbbb	$0x69, %al
	das
	movw	$0x3f8, %dx
	outb	%al, %dx
	decl	%ecx
	jnz	1b
	movb	$10, %al
	outb	%al, %dx
	movb	$16, %al
	outb	%al, $0xf4
	hlt
	.section .note.GNU-stack, "", @progbits
