/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An iret from a stack that is not there ends the guest.
 * run: mem=512 ends=crash
 */
#include "guest.h"

static void guest_main(void)
{
	ok(true, "about to return by a frame that is not there");
	__asm__ volatile("mov %0, %%rsp\n\tmov $23, %%eax\n\tsyscall"
			 :
			 : "r"(0x7f00000000)
			 : "memory");
	ok(false, "came back from such an iret");
}
