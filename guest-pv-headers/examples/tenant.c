/* SPDX-License-Identifier: MIT */
/* A guest as most are: its console is the ring of the start info, which a daemon in Dom0 reads. */
#include <pv/console.h>
#include <pv/mmu.h>
#include <pv/start.h>

__attribute__((used)) static void main(struct start_info *start)
{
	unsigned long console = start->console.domU.mfn, store = start->store_mfn;

	pv_mmu_start(start);
	if (!console) {
		pv_printf("nobody serves a console\n");
	} else {
		pv_console_ring(pv_pfn_to_virt(pv_mfn_to_pfn(console)), start->console.domU.evtchn);
	}
	pv_printf("a tenant with %lu pages, %s a store\n", start->nr_pages,
		  store ? "with" : "without");
	pv_shutdown(SHUTDOWN_poweroff);
}

PV_START(main);
