/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains built, run and destroyed many times over: all memory comes back, to the page. What a
 * domain costs beside its own memory is measured, too.
 * run: mem=256 timeout=600 cmdline="rounds=300" full="rounds=10000"
 */
#include "child.h"
#include <pv/grant.h>
#include <pv/options.h>
#include <xen/sysctl.h>

#define COST_MAX_KIB 40

static struct child child;
static page_t grant_page;

/* Uses what a usual guest does: events, grants, a timer, the FPU. */
static void child_main(struct child_letter *letter)
{
	pv_event_bind_virq(VIRQ_TIMER, 0);
	pv_event_alloc_unbound(DOMID_SELF, 0);
	pv_grants_start(grant_page);
	pv_timer_set(0, pv_time() + 3600000000000, 0);
	__asm__ volatile("fninit");
	letter->state = 1;
	for (;;) {
		pv_sched_op(SCHEDOP_block, NULL);
	}
}

static uint64_t free_pages(void)
{
	static struct xen_sysctl op;

	op.cmd = XEN_SYSCTL_physinfo;
	op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return PV_CALL1(sysctl, &op) ? 0 : op.u.physinfo.free_pages;
}

/* Runs until it has done what it does. */
static bool begin(void)
{
	const struct child_letter *letter;
	bool good;

	if (child_build(&child, 0) || child_run(&child)) {
		return false;
	}
	letter = child_read_letter(&child);
	good = letter && child_wait_state(letter, 1);
	child_forget_letter();
	return good;
}

static void check_cost(uint64_t before)
{
	uint64_t with, kib;

	ok(begin(), "a domain of 4 MiB runs");
	with = free_pages();
	kib = (before - with - CHILD_PAGES) * (PAGE_SIZE / 1024);
	ok(!on_parvus() || kib < COST_MAX_KIB, "beside its memory it costs %lu KiB", kib);
	is(child_destroy(&child), 0, "it is destroyed");
}

static void check_rounds(uint64_t before, unsigned long rounds)
{
	unsigned long bad = 0;
	uint64_t after = 0;

	for (unsigned long round = 0; round < rounds; round++) {
		bad += !begin() || child_destroy(&child);
	}
	is(bad, 0, "%lu domains are built, run and destroyed", rounds);
	if (!on_parvus()) {
		skip("all memory has come back", "Xen keeps some pages in its heap");
		return;
	}
	for (unsigned int wait = 0; after != before && child_wait(&wait);) {
		after = free_pages();
	}
	is(after, (long)before, "and all memory has come back");
}

static void guest_main(void)
{
	uint64_t before;

	ok(begin() && child_destroy(&child) == 0, "a first one");
	before = free_pages();
	ok(before > 2 * CHILD_PAGES, "%lu pages are free", before);
	check_cost(before);
	check_rounds(before, pv_option_number(guest.start, "rounds=", 100));
}
