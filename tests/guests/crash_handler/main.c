/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trap for which the guest has no handler ends it.
 * run: mem=512 ends=crash
 */
#include "guest.h"

static void guest_main(void)
{
	ok(true, "about to trap without a handler");
	is(pv_set_trap_table(NULL), 0, "the trap table is emptied");
	__asm__ volatile("ud2" : : : "memory");
	ok(false, "came back from a trap that had no handler");
}
