/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest of a few pages, for tests of many: says that it is there, and then for as long as it
 * lives nothing. */
#include <pv/console.h>
#include <pv/mmu.h>
#include <pv/start.h>

__attribute__((used)) static void main(struct start_info *start)
{
	pv_mmu_start(start);
	pv_console_ring(pv_pfn_to_virt(pv_mfn_to_pfn(start->console.domU.mfn)),
			start->console.domU.evtchn);
	pv_printf("a small guest with %lu pages\n", start->nr_pages);
	for (;;) { /* for no port and to no time */
		pv_sched_op(SCHEDOP_poll, &(struct sched_poll){.nr_ports = 0});
	}
}

PV_START(main);
