/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry by Multiboot 1. Nothing boots yet: it says so on COM1 and halts. */
#define VIRT_BASE 0xffff82d040000000
#define PHYS(sym) ((sym) - VIRT_BASE)
#define MB_MAGIC  0x1badb002
#define MB_FLAGS  0x00010003

	.section .head, "ax", @progbits
	.code32
	.balign 8
multiboot_header:
	.long MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)
	.long PHYS(multiboot_header), PHYS(_start), PHYS(_edata), PHYS(_end), PHYS(start)

	.globl start
start:
	cli
	movl	$PHYS(message), %esi
	movw	$0x3f8, %dx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	hlt
	jmp	2b
message:
	.asciz "parvus: nothing to boot yet\r\n"
	.section .note.GNU-stack, "", @progbits
