/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indirect branches as the compiler calls them, and the stack of predicted returns. */

	.macro	for_each_register do
	.irp	register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	.balign	32, 0xcc
	\do	\register
	.endr
	.balign	32, 0xcc
	.endm

	.macro	plain register
	.globl	__x86_indirect_thunk_\register
__x86_indirect_thunk_\register:
	jmpq	*%\register
	.endm

	.macro	behind_lfence register
	lfence
	jmpq	*%\register
	.endm

	/* The return goes where the register says; all that can be predicted for it is the loop. */
	.macro	by_return register
	callq	2f
1:	pause
	lfence
	jmp	1b
2:	movq	%\register, (%rsp)
	ret
	.endm

	.text
	.balign	32
	.globl	indirect_thunks
indirect_thunks: /* start-up puts one of the two others here, if need be */
	for_each_register plain

	.balign	16
	.globl	return_stack_fill
return_stack_fill:
	.rept	32
	callq	1f
	int3
1:
	.endr
	leaq	(32 * 8)(%rsp), %rsp /* flags may be a guest's still */
	ret

	.section .init.text, "ax", @progbits
	.globl	lfence_thunks, retpoline_thunks
	.balign	32
lfence_thunks:
	for_each_register behind_lfence
retpoline_thunks:
	for_each_register by_return

	.section .note.GNU-stack, "", @progbits
