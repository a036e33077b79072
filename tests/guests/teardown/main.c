/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a domain in every state: what it was doing, what it held of others, what others held
 * of it. At the end all references to frames are counted anew, and a last domain runs.
 * run: mem=256 timeout=600 keys=m
 * run: shows="audit of all frames: 0 faults"
 */
#include "child.h"
#include "user.h"
#include <pv/grant.h>

#define PARENT	  0
#define GRANT_REF 20
#define WIDE	  6 /* L1 tables of the tree that is pinned again and again */

static struct child child;
static page_t grant_page, granted, grant_window, spare_window;
static page_t wide_l3, wide_l2, wide_l1[WIDE];
static page_t gdt, ldt, fifo_control, fifo_words, info_page;

/* --- What children do ------------------------------------------------------------------------ */

static void stay(void)
{
	for (;;) {
		pv_sched_op(SCHEDOP_block, NULL);
	}
}

static void do_spin(struct child_letter *letter)
{
	for (;;) {
		letter->argument++;
	}
}

static void do_block(struct child_letter *letter)
{
	(void)letter;
	stay();
}

static void do_poll(struct child_letter *letter)
{
	evtchn_port_t port = (evtchn_port_t)pv_event_alloc_unbound(DOMID_SELF, PARENT);
	struct sched_poll poll = {
		.ports = {&port}, .nr_ports = 1, .timeout = pv_time() + 3600000000000};

	(void)letter;
	pv_sched_op(SCHEDOP_poll, &poll);
}

static void do_timers(struct child_letter *letter)
{
	struct vcpu_set_periodic_timer periodic = {.period_ns = 1000000};

	pv_event_bind_virq(VIRQ_TIMER, 0);
	letter->failed = pv_timer_set(0, pv_time() + 3600000000000, 0) ? __LINE__ : 0;
	pv_vcpu_op(VCPUOP_set_periodic_timer, 0, &periodic);
	stay();
}

/* Long calls that go on and on: what stops it is nearly always in the middle of one. */
static void do_long_calls(struct child_letter *letter)
{
	static struct multicall_entry calls[200];

	for (;;) {
		for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
			calls[i] = (struct multicall_entry){.op = __HYPERVISOR_xen_version};
		}
		pv_multicall(calls, ARRAY_SIZE(calls));
		letter->argument++;
	}
}

/* Trees of more entries than are checked in one go. */
static long make_wide_tree(void)
{
	long rc = 0;

	for (unsigned int t = 0; t < WIDE; t++) {
		uint64_t *entries = (uint64_t *)wide_l1[t];

		for (unsigned int i = 0; i < 512; i++) {
			entries[i] = PTE(pv_virt_to_mfn(granted), PTE_KERNEL_RO);
		}
		((uint64_t *)wide_l2)[t] = PTE(pv_virt_to_mfn(wide_l1[t]), PTE_TABLE);
		rc = rc ? rc : pv_remap(wide_l1[t], PTE_KERNEL_RO);
	}
	((uint64_t *)wide_l3)[0] = PTE(pv_virt_to_mfn(wide_l2), PTE_TABLE);
	rc = rc ? rc : pv_remap(wide_l2, PTE_KERNEL_RO);
	return rc ? rc : pv_remap(wide_l3, PTE_KERNEL_RO);
}

static void do_trees(struct child_letter *letter)
{
	if (make_wide_tree()) {
		letter->failed = __LINE__;
	}
	for (;;) {
		if (pv_pin(wide_l3, 3) || pv_unpin(wide_l3)) {
			letter->failed = __LINE__;
		}
		letter->argument++;
	}
}

/* Both at the same tables: one maps and unmaps a page all the time, the other changes the tree. */
static void second_maps(void)
{
	for (;;) {
		pv_remap(spare_window, PTE_KERNEL_RO);
		pv_remap(spare_window, PTE_KERNEL_RW);
	}
}

static void do_two_at_trees(struct child_letter *letter)
{
	if (child_start_second(second_maps)) {
		letter->failed = __LINE__;
	}
	do_trees(letter);
}

static void second_spins(void)
{
	for (;;) {
		child_letter.letter.argument++;
	}
}

static void do_leave_to_second(struct child_letter *letter)
{
	if (child_start_second(second_spins)) {
		letter->failed = __LINE__;
	}
	pv_vcpu_op(VCPUOP_down, 0, NULL);
	letter->failed = __LINE__;
}

static void do_descriptors(struct child_letter *letter)
{
	unsigned long frame = pv_virt_to_mfn(gdt);
	struct mmuext_op op = {.cmd = MMUEXT_SET_LDT,
			       .arg1 = {.linear_addr = (unsigned long)ldt},
			       .arg2 = {.nr_ents = 512}};

	((uint64_t *)gdt)[1] = ((uint64_t *)ldt)[1] = 0x00cff3000000ffffUL;
	pv_remap(gdt, PTE_KERNEL_RO);
	pv_remap(ldt, PTE_KERNEL_RO);
	if (pv_set_gdt(&frame, 512) || pv_mmuext_op(&op, 1, NULL, DOMID_SELF)) {
		letter->failed = __LINE__;
	}
	__asm__ volatile("mov %w0, %%fs\n\tmov %w1, %%gs" : : "r"(8 | 3), "r"(8 | 7) : "memory");
	stay();
}

static void do_grant(struct child_letter *letter)
{
	if (pv_grants_start(grant_page)) {
		letter->failed = __LINE__;
		return;
	}
	pv_grant_access(GRANT_REF, PARENT, pv_virt_to_mfn(granted), 0);
	letter->state = 2;
	stay();
}

static void do_map_grant(struct child_letter *letter)
{
	struct gnttab_map_grant_ref map = {.host_addr = (unsigned long)grant_window,
					   .flags = GNTMAP_host_map | GNTMAP_device_map,
					   .ref = GRANT_REF,
					   .dom = PARENT};

	if (pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1) || map.status) {
		letter->failed = __LINE__;
	}
	*(volatile uint64_t *)grant_window = 0x1234;
	letter->state = 2;
	stay();
}

static void do_events(struct child_letter *letter)
{
	letter->argument = (unsigned long)pv_event_alloc_unbound(DOMID_SELF, PARENT);
	pv_event_bind_ipi(0);
	pv_event_bind_virq(VIRQ_DEBUG, 0);
	letter->state = 2;
	stay();
}

static void do_fifo(struct child_letter *letter)
{
	struct evtchn_init_control init = {.control_gfn = pv_virt_to_mfn(fifo_control)};
	struct evtchn_expand_array expand = {.array_gfn = pv_virt_to_mfn(fifo_words)};

	memset(fifo_words, 0, PAGE_SIZE);
	if (pv_event_channel_op(EVTCHNOP_init_control, &init) ||
	    pv_event_channel_op(EVTCHNOP_expand_array, &expand)) {
		letter->failed = __LINE__;
	}
	pv_event_send((evtchn_port_t)pv_event_bind_ipi(0));
	letter->state = 2;
	stay();
}

static void do_areas(struct child_letter *letter)
{
	static struct vcpu_runstate_info runstate;
	static struct vcpu_time_info time;
	struct vcpu_register_runstate_memory_area at_runstate = {.addr.v = &runstate};
	struct vcpu_register_time_memory_area at_time = {.addr.v = &time};
	struct vcpu_register_vcpu_info at_info = {.mfn = pv_virt_to_mfn(info_page), .offset = 64};

	if (pv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &at_runstate) ||
	    pv_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &at_time) ||
	    pv_vcpu_op(VCPUOP_register_vcpu_info, 0, &at_info)) {
		letter->failed = __LINE__;
	}
	stay();
}

USER_CODE(user_spins, "1:\tpause\n\tjmp 1b");

static void do_user_mode(struct child_letter *letter)
{
	struct pv_regs regs = user_registers();

	if (user_start()) {
		letter->failed = __LINE__;
	}
	user_run(user_spins, &regs);
}

static void do_fpu(struct child_letter *letter)
{
	(void)letter;
	pv_set_debugreg(0, (unsigned long)gdt);
	pv_set_debugreg(7, 0x10401);
	for (;;) {
		__asm__ volatile("fld1\n\tfstp %%st(0)\n\tmovd %0, %%xmm0" : : "r"(1) : "memory");
	}
}

/* Gives a page back that the parent has mapped. */
static void do_give_back(struct child_letter *letter)
{
	xen_pfn_t frame = pv_virt_to_mfn(granted);
	struct xen_memory_reservation r = {
		.extent_start = {&frame}, .nr_extents = 1, .domid = DOMID_SELF};

	letter->state = 2;
	while (letter->argument == 0) {
		pv_sched_op(SCHEDOP_yield, NULL);
	}
	if (pv_remap(granted, 0) || pv_memory_op(XENMEM_decrease_reservation, &r) != 1) {
		letter->failed = __LINE__;
	}
	letter->state = 3;
	stay();
}

static void do_power_off(struct child_letter *letter)
{
	(void)letter;
	pv_shutdown(SHUTDOWN_poweroff);
}

static void do_crash(struct child_letter *letter)
{
	(void)letter;
	pv_set_trap_table(NULL);
	__asm__ volatile("ud2");
}

/* --- What the parent does to them ------------------------------------------------------------ */

static bool wait_dead(struct child_letter *letter)
{
	(void)letter;
	return child_wait_flags(&child, XEN_DOMINF_shutdown);
}

static bool wait_some_time(struct child_letter *letter)
{
	unsigned int rounds = 0;

	while (letter->argument < 20 && child_wait(&rounds)) {
	}
	return letter->argument >= 20;
}

static struct gnttab_map_grant_ref parent_map;

static bool map_its_grant(struct child_letter *letter)
{
	parent_map = (struct gnttab_map_grant_ref){.host_addr = (unsigned long)grant_window,
						   .flags = GNTMAP_host_map | GNTMAP_device_map,
						   .ref = GRANT_REF,
						   .dom = child.id};

	return child_wait_state(letter, 2) &&
	       pv_grant_table_op(GNTTABOP_map_grant_ref, &parent_map, 1) == 0 &&
	       parent_map.status == GNTST_okay;
}

static bool unmap_its_grant(void)
{
	struct gnttab_unmap_grant_ref unmap = {.host_addr = (unsigned long)grant_window,
					       .dev_bus_addr = parent_map.dev_bus_addr,
					       .handle = parent_map.handle};
	bool good;

	*(volatile uint64_t *)grant_window = 0x77; /* the frame is there still */
	good = pv_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1) == 0 &&
	       unmap.status == GNTST_okay;
	pv_remap(grant_window, PTE_KERNEL_RW);
	return good;
}

static bool wait_that_it_maps(struct child_letter *letter)
{
	return child_wait_state(letter, 2) && pv_grants[GRANT_REF].flags & GTF_writing;
}

static bool take_grant_back(void)
{
	return *(volatile uint64_t *)granted == 0x1234 && pv_grant_end(GRANT_REF);
}

static evtchn_port_t bound_port;

static bool bind_its_port(struct child_letter *letter)
{
	long port = child_wait_state(letter, 2)
			    ? pv_event_bind_interdomain(child.id, (evtchn_port_t)letter->argument)
			    : -1;

	bound_port = (evtchn_port_t)port;
	return port > 0 && pv_event_send(bound_port) == 0;
}

static bool port_is_unbound(void)
{
	struct evtchn_status status = {.dom = DOMID_SELF, .port = bound_port};

	return pv_event_channel_op(EVTCHNOP_status, &status) == 0 &&
	       status.status == EVTCHNSTAT_unbound && pv_event_close(bound_port) == 0;
}

static bool map_before_it_gives_back(struct child_letter *letter)
{
	if (!child_wait_state(letter, 2) ||
	    pv_map_foreign(spare_window, child.id, child.mfn[pv_virt_to_pfn(granted)],
			   PTE_KERNEL_RW)) {
		return false;
	}
	letter->argument = 1;
	return child_wait_state(letter, 3);
}

static bool unmap_given_back(void)
{
	*(volatile uint64_t *)spare_window = 0x77;
	return pv_unmap_foreign(spare_window) == 0;
}

static const struct state {
	const char *name;
	void (*role)(struct child_letter *letter);
	bool (*bring_about)(struct child_letter *letter); /* null: it is, once it has begun */
	bool (*afterwards)(void);
} states[] = {
	{"computing", do_spin, wait_some_time, NULL},
	{"blocked", do_block, NULL, NULL},
	{"polling with a time-out", do_poll, NULL, NULL},
	{"with timers", do_timers, NULL, NULL},
	{"in long hypercalls", do_long_calls, wait_some_time, NULL},
	{"pinning and unpinning", do_trees, wait_some_time, NULL},
	{"with two vCPUs at its tables", do_two_at_trees, wait_some_time, NULL},
	{"with its first vCPU down", do_leave_to_second, wait_some_time, NULL},
	{"with descriptor tables", do_descriptors, NULL, NULL},
	{"with a grant that is mapped", do_grant, map_its_grant, unmap_its_grant},
	{"mapping another's grant", do_map_grant, wait_that_it_maps, take_grant_back},
	{"with event channels", do_events, bind_its_port, port_is_unbound},
	{"with FIFO event channels", do_fifo, NULL, NULL},
	{"with its own areas", do_areas, NULL, NULL},
	{"in user mode", do_user_mode, NULL, NULL},
	{"with a full FPU and breakpoints", do_fpu, NULL, NULL},
	{"having given back what is mapped", do_give_back, map_before_it_gives_back,
	 unmap_given_back},
	{"shut down", do_power_off, wait_dead, NULL},
	{"crashed", do_crash, wait_dead, NULL},
};

static void child_main(struct child_letter *letter)
{
	for (unsigned int vector = 0; vector < PV_VECTORS; vector++) {
		pv_handlers[vector] = guest_trapped;
	}
	pv_handlers[PV_VECTOR_EVENT] = pv_event_upcall;
	letter->state = 1;
	states[letter->role].role(letter);
}

/* Ends in this state, running or paused, with its letter mapped or not; the value says whether all
 * went well. */
static bool ends(unsigned int role, bool paused, bool mapped)
{
	const struct state *state = &states[role];
	struct child_letter *letter;
	bool good;

	if (state->role == do_map_grant) {
		pv_grant_access(GRANT_REF, 0x7ff0, 0, 0); /* it is not the child's yet */
	}
	if (child_build(&child, role)) {
		return false;
	}
	if (state->role == do_map_grant) {
		pv_grant_access(GRANT_REF, child.id, pv_virt_to_mfn(granted), 0);
	}
	letter = child_read_letter(&child);
	good = child_run(&child) == 0 && child_wait_state(letter, 1) &&
	       (!state->bring_about || state->bring_about(letter)) && letter->failed == 0;
	if (!good) {
		pv_printf("# %s: state %lu, failed %lu\n", state->name, letter->state,
			  letter->failed);
	}
	if (!mapped) {
		child_forget_letter();
	}
	good &= (!paused || child_pause(&child) == 0) && child_destroy(&child) == 0;
	good &= child_is_gone(&child);
	if (mapped) {
		letter->argument = 0; /* the page stays until we let go of it */
		child_forget_letter();
	}
	return good && (!state->afterwards || state->afterwards());
}

static void check_states(void)
{
	is(pv_grants_start(grant_page), 0, "the parent has a grant table");
	for (unsigned int role = 0; role < ARRAY_SIZE(states); role++) {
		ok(ends(role, false, false), "one ends %s", states[role].name);
		ok(ends(role, true, true), "paused, with a page of it mapped, one %s",
		   states[role].name);
	}
}

/* --- Those that never ran -------------------------------------------------------------------- */

static void check_unborn(void)
{
	long id = pv_domain_create(1, 1023);

	is(pv_domctl_plain(XEN_DOMCTL_destroydomain, (domid_t)id), 0, "one without anything ends");
	id = pv_domain_create(128, 1023);
	is(pv_domain_set_vcpus((domid_t)id, 128), 0, "one with 128 vCPUs");
	is(pv_domctl_plain(XEN_DOMCTL_destroydomain, (domid_t)id), 0, "ends");
	is(child_create(&child, 1), 0, "one with memory");
	is(child_destroy(&child), 0, "ends");
	pv_unmap_foreign(child_window);
	is(child_create(&child, 1), 0, "one with tables that are pinned");
	child_make_tables(&child);
	pv_unmap_foreign(child_window);
	is(pv_domain_mmuext(child.id, MMUEXT_PIN_L4_TABLE, child.mfn[child_table_pfn()]), 0,
	   "and not in use");
	is(child_destroy(&child), 0, "ends");
	is(child_build(&child, 0), 0, "one that is complete");
	is(child_destroy(&child), 0, "ends before it ran");
}

static void check_rounds(void)
{
	unsigned int bad = 0;

	for (unsigned int round = 0; round < 100; round++) {
		bad += child_build(&child, 0) || child_destroy(&child);
	}
	is(bad, 0, "a hundred are built and destroyed");
}

static void guest_main(void)
{
	child_vcpus = 2;
	check_unborn();
	check_states();
	check_rounds();
	press_keys();
	ok(ends(0, false, false), "and one more runs");
}
