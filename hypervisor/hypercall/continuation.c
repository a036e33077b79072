/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls that stop at a preemption point and go on when the pending work is done. */
#include <hypercall/continuation.h>
#include <hypercall/hypercall.h>

#define SYSCALL_BYTES 2

/*
 * The guest executes SYSCALL once more, with the number still in RAX. It has lost RCX and R11 to
 * the first SYSCALL already, so the frame remains one that SYSRET may leave by.
 */
long hypercall_again(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct multicall *multicall = current_vcpu()->multicall;
	struct guest_frame *frame = guest_frame();

	if (multicall) {
		multicall->args[0] = a1;
		multicall->args[1] = a2;
		multicall->args[2] = a3;
		multicall->args[3] = a4;
		multicall->again = true;
		return 0;
	}
	frame->rdi = a1;
	frame->rsi = a2;
	frame->rdx = a3;
	frame->r10 = a4;
	frame->rip -= SYSCALL_BYTES;
	return (long)frame->rax;
}
