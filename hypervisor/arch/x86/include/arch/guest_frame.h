/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of a guest as every entry path leaves them at the top of the main stack. */
#ifndef ARCH_GUEST_FRAME_H
#define ARCH_GUEST_FRAME_H

#include <stdint.h>

/* The order is that of the ABI's struct cpu_user_regs, whose first 21 words it equals. */
struct guest_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	union {
		struct {
			uint32_t error;
			uint32_t vector;
		};
		uint64_t entry; /* both, or FRAME_SYSCALL */
	};
	uint64_t rip, cs, rflags, rsp, ss; /* as the processor pushes them */
};

/*
 * `entry` of a frame that SYSCALL made and that SYSRET may leave by, since the guest expects RCX
 * and R11 to be lost. Whoever changes RIP, CS, RFLAGS, RSP or SS of a frame sets it to 0. No
 * exception looks like it: vector 0 has no error code.
 */
#define FRAME_SYSCALL 0x100

#endif
