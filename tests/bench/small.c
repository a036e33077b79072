/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that says on its console what the TSC is at its first instruction, and sleeps for ever.
 */
#include <pv/console.h>
#include <pv/mmu.h>
#include <pv/start.h>
#include <pv/time.h>

__attribute__((used)) static void small_main(struct start_info *start)
{
	uint64_t first = pv_tsc();
	struct evtchn_alloc_unbound silent = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	struct sched_poll poll = {.nr_ports = 1};

	pv_mmu_start(start);
	pv_console_ring(pv_pfn_to_virt(pv_mfn_to_pfn(start->console.domU.mfn)),
			start->console.domU.evtchn);
	pv_printf("first %lu\n", first);
	pv_event_channel_op(EVTCHNOP_alloc_unbound, &silent);
	set_xen_guest_handle(poll.ports, &silent.port);
	for (;;) {
		pv_sched_op(SCHEDOP_poll, &poll);
	}
}

PV_START(small_main);
