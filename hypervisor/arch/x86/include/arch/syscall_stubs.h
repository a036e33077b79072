/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each CPU's own code at which SYSCALL enters. */
#ifndef ARCH_SYSCALL_STUBS_H
#define ARCH_SYSCALL_STUBS_H

#include <lib/base.h>

struct syscall_stubs {
	uint64_t of_64_bits, of_32_bits; /* where SYSCALL by code of 64 and of 32 bits enters */
	uint64_t sysenter, sysenter_stack;
};

/* Start-up: a page of them in the CPU's area. */
struct syscall_stubs syscall_stubs_make(unsigned cpu);

#endif
