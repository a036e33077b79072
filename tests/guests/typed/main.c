/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is typed while the first domain has no time to read waits for it: of a long command, pasted
 * into a machine under load, the end was once lost.
 * run: typed=4000 xen=no
 */
#include "guest.h"
#include <pv/event.h>
#include <pv/time.h>

#define TYPED 4000 /* as above: "0\n1\n2\n" and so on, cut off there */
#define QUIET 1000000000UL

static char shared[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static char text[TYPED + 1], expected[TYPED + 16];

/* Returns when something has come, and then nothing for a second. */
static void wait_for_quiet(evtchn_port_t port)
{
	pv_event_wait_any(&port, 1, 0);
	while (pv_event_wait_any(&port, 1, pv_time() + QUIET) >= 0) {
	}
}

static void expect_numbers(void)
{
	size_t length = 0;

	for (unsigned i = 0; length < TYPED; i++) {
		length += pv_format(expected + length, sizeof(expected) - length, "%u\n", i);
	}
}

static void guest_main(void)
{
	size_t length = 0;
	evtchn_port_t port;
	long rc;

	is(pv_events_start(guest.start, shared), 0, "events");
	port = (evtchn_port_t)pv_event_bind_virq(VIRQ_CONSOLE, 0);
	pv_event_mask(port);
	pv_printf("# ready for typing\n");
	wait_for_quiet(port);
	do {
		rc = pv_console_io(CONSOLEIO_read, sizeof(text) - length, text + length);
		length += rc > 0 ? (size_t)rc : 0;
	} while (rc > 0);
	is(length, TYPED, "all that was typed has waited");
	expect_numbers();
	ok(!memcmp(text, expected, TYPED), "in its order");
}
