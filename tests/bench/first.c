/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that says what the TSC is at its first instruction, and ends. */
#include <pv/console.h>
#include <pv/hypercall.h>
#include <pv/start.h>
#include <pv/time.h>

__attribute__((used)) static void first_main(struct start_info *start)
{
	uint64_t first = pv_tsc();

	pv_printf("boot first %lu\n", first);
	pv_shutdown(SHUTDOWN_poweroff);
}

PV_START(first_main);
