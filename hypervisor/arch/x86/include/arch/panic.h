/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports: registers and stacks, of guests and of the hypervisor. */
#ifndef ARCH_PANIC_H
#define ARCH_PANIC_H

#include <arch/guest_frame.h>
#include <lib/base.h>

_Noreturn void panic_with_frame(const struct guest_frame *frame, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
