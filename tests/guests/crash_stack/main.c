/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel stack that cannot take a trap's frame: the hypervisor has nowhere to go and says so.
 * run: mem=512 ends=crash
 */
#include "guest.h"

static void guest_main(void)
{
	ok(true, "about to trap without a stack");
	__asm__ volatile("mov %0, %%rsp\n\tud2" : : "r"(0x7f00000000) : "memory");
	ok(false, "came back from a trap that had no stack");
}
