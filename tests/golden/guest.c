/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that gets into the state which its command line names, and stays there. */
#include <pv/console.h>
#include <pv/event.h>
#include <pv/mmu.h>
#include <pv/options.h>
#include <pv/start.h>
#include <xen/memory.h>

static uint8_t shared_info[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

/* Whatever happens to it, it does not care. */
static void on_event(evtchn_port_t port)
{
	(void)port;
}

/* What it is told of the nodes of its memory, in a line on its console. */
static void tell_nodes(const struct start_info *start)
{
	static unsigned int distance[16], node[4];
	static struct xen_vmemrange range[4];
	struct xen_vnuma_topology_info nodes = {.domid = DOMID_SELF,
						.nr_vnodes = 4,
						.nr_vcpus = 4,
						.nr_vmemranges = 4,
						.vdistance.h = {distance},
						.vcpu_to_vnode.h = {node},
						.vmemrange.h = {range}};
	long rc = pv_memory_op(XENMEM_get_vnumainfo, &nodes);

	pv_mmu_start(start);
	pv_console_ring(pv_pfn_to_virt(pv_mfn_to_pfn(start->console.domU.mfn)),
			start->console.domU.evtchn);
	pv_printf("nodes %ld:", rc ? rc : (long)nodes.nr_vnodes);
	for (unsigned int i = 0; rc == 0 && i < nodes.nr_vmemranges; i++) {
		pv_printf(" %u %lx-%lx", range[i].nid, range[i].start, range[i].end);
	}
	for (unsigned int i = 0; rc == 0 && i < nodes.nr_vnodes * nodes.nr_vnodes; i++) {
		pv_printf("%s%u", i ? " " : ", distances ", distance[i]);
	}
	for (unsigned int i = 0; rc == 0 && i < nodes.nr_vcpus; i++) {
		pv_printf("%s%u", i ? " " : ", vCPUs of ", node[i]);
	}
	pv_printf("\n");
}

static void stay(const struct start_info *start)
{
	pv_mmu_start(start);
	pv_events_start(start, shared_info);
	pv_handlers[PV_VECTOR_EVENT] = pv_event_upcall;
	pv_event_any = on_event;
	pv_traps_start();
	for (;;) {
		pv_sched_op(SCHEDOP_block, NULL);
	}
}

__attribute__((used)) static void main(struct start_info *start)
{
	if (pv_option(start, "poweroff")) {
		pv_shutdown(SHUTDOWN_poweroff);
	} else if (pv_option(start, "reboot")) {
		pv_shutdown(SHUTDOWN_reboot);
	} else if (pv_option(start, "crash")) {
		pv_shutdown(SHUTDOWN_crash);
	} else if (pv_option(start, "nodes")) {
		tell_nodes(start);
	}
	stay(start);
}

PV_START(main);
