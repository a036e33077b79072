/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that gets into the state which its command line names, and stays there. */
#include <pv/event.h>
#include <pv/mmu.h>
#include <pv/options.h>
#include <pv/start.h>

static uint8_t shared_info[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

/* Whatever happens to it, it does not care. */
static void on_event(evtchn_port_t port)
{
	(void)port;
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
	}
	stay(start);
}

PV_START(main);
