/* SPDX-License-Identifier: MIT */
/*
 * Two domains on a machine with nobody else: one asks, the other answers, through a page that the
 * first grants and an event channel that was there before either of them (docs/boot-domains.md).
 *
 *	asks peer=2 port=10		answers peer=1 port=10
 */
#include <pv/console.h>
#include <pv/event.h>
#include <pv/grant.h>
#include <pv/options.h>
#include <pv/start.h>

#define PAGE_REF 8 /* the reference that both know; lower ones are reserved */
#define ROUNDS	 5

struct page {
	uint64_t asked, answered, answer; /* the numbers of the question and of the answer */
	uint8_t rest[PV_PAGE_SIZE - 3 * sizeof(uint64_t)];
} __attribute__((aligned(PV_PAGE_SIZE)));

static struct page shared, grant_table, shared_info;
static volatile struct page *const page = &shared;
static volatile int rung;

static void on_event(evtchn_port_t port)
{
	(void)port;
	rung = 1;
}

/*
 * Events are off but while it sleeps, so none comes between the look and the sleep. A channel may
 * ring without anything having happened (a new one does): the caller looks at the page.
 */
static void wait(void)
{
	while (!rung) {
		pv_sched_op(SCHEDOP_block, NULL);
		pv_events_off();
	}
	rung = 0;
}

static void ask(domid_t peer, evtchn_port_t port)
{
	if (pv_grants_start(&grant_table)) {
		pv_printf("there is no grant table\n");
		pv_shutdown(SHUTDOWN_crash);
	}
	pv_grant_access(PAGE_REF, peer, pv_virt_to_mfn(&shared), 0);
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		page->asked = n;
		pv_event_send(port);
		while (page->answered != n) {
			wait();
		}
		pv_printf("domain %u says that %lu squared is %lu\n", peer, n, page->answer);
	}
}

static void answer(domid_t peer, evtchn_port_t port)
{
	grant_handle_t handle;

	while (pv_grant_map(&shared, peer, PAGE_REF, &handle)) {
		wait(); /* for the page to be granted */
	}
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		while (page->asked != n) {
			wait();
		}
		page->answer = n * n;
		page->answered = n;
		pv_event_send(port);
	}
	pv_printf("answered domain %u %u times\n", peer, ROUNDS);
}

__attribute__((used)) static void main(struct start_info *start)
{
	domid_t peer = (domid_t)pv_option_number(start, "peer=", 0);
	evtchn_port_t port = (evtchn_port_t)pv_option_number(start, "port=", 10);

	pv_mmu_start(start);
	pv_events_start(start, &shared_info);
	pv_handlers[PV_VECTOR_EVENT] = pv_event_upcall;
	pv_event_any = on_event;
	pv_traps_start();
	pv_events_off();
	pv_event_unmask(port);
	if (pv_option(start, "asks")) {
		ask(peer, port);
	} else {
		answer(peer, port);
	}
	pv_shutdown(SHUTDOWN_poweroff);
}

PV_START(main);
