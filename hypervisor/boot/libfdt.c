/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Debian's libfdt needs to run in the hypervisor: a stack guard at %fs:0x28. */
#include <arch/instructions.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <boot/libfdt_guard.h>
#include <debug/log.h>

/*
 * Debian compiles it with -fstack-protector-strong: a function copies the word at %fs:0x28 behind
 * its arrays, and calls __stack_chk_fail() if the copy has changed when it returns. No guest runs
 * yet, so FS is nobody's.
 */
#define GUARD_OFFSET 0x28

static struct {
	uint8_t before[GUARD_OFFSET];
	uint64_t guard;
} thread = {.guard = UINT64_C(0xa0c3e7d95b1f2600)}; /* its zero byte ends an overrunning string */

void __stack_chk_fail(void);

void libfdt_begin(void)
{
	thread.guard ^= read_tsc() << 8;
	write_msr(MSR_FS_BASE, (uint64_t)&thread);
}

void libfdt_end(void)
{
	write_msr(MSR_FS_BASE, 0);
}

_Noreturn void __stack_chk_fail(void)
{
	panic("libfdt has overrun its stack while it read the device tree");
}
