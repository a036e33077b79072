/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random hypercalls of several domains at once, from a seed that is printed, while their parent
 * does to them at random what a toolstack does. At the end all references to frames are counted
 * anew, and one more domain runs.
 *
 * The command line has seed=N (else the clock's) and deeds=N, those of the parent.
 * run: mem=256 smp=4 timeout=600 keys=m cmdline="deeds=400" full="deeds=100000"
 * hv="guest_loglvl=none" run: shows="audit of all frames: 0 faults" xen=no
 */
#include "child.h"
#include <pv/grant.h>
#include <pv/options.h>

#define CHILDREN 4
#define ARENA	 8 /* pages that arguments lie in, and that are mapped, pinned and granted */

enum role { ROLE_WILD, ROLE_TAME };

static struct child children[CHILDREN];
static page_t arena[ARENA], foreign_view, grant_page;

/* --- Chance ---------------------------------------------------------------------------------- */

static uint64_t chance_state;

static uint64_t chance(void)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return chance_state * 0x2545f4914f6cdd1dUL;
}

static unsigned long below(unsigned long limit)
{
	return chance() % limit;
}

static void *any_page(void)
{
	return arena[below(ARENA)];
}

static unsigned long any_mfn(void)
{
	switch (below(4)) {
	case 0:
		return pv_p2m[below(CHILD_PAGES)];
	case 1:
		return below(70000); /* anybody's */
	default:
		return pv_virt_to_mfn(any_page());
	}
}

static uint64_t any_flags(void)
{
	static const uint64_t flags[] = {PTE_KERNEL_RO,
					 PTE_KERNEL_RW,
					 PTE_TABLE,
					 PTE_TABLE & ~PTE_RW,
					 0,
					 PTE_P,
					 PTE_PSE,
					 PTE_KERNEL_RW | PTE_PCD,
					 PTE_G | PTE_P | PTE_US};

	return flags[below(ARRAY_SIZE(flags))];
}

/* What an argument may be that gets past the first check. */
static uint64_t any_value(void)
{
	switch (below(9)) {
	case 0:
		return 0;
	case 1:
		return below(32);
	case 2:
		return (unsigned long)any_page() + below(2) * 8 * below(512);
	case 3:
		return any_mfn();
	case 4:
		return any_mfn() << PV_PAGE_SHIFT | below(8);
	case 5:
		return DOMID_SELF + below(5);
	case 6:
		return PTE(any_mfn(), any_flags());
	case 7:
		return 1UL << below(64);
	default:
		return chance();
	}
}

static uint64_t *fill_page(void)
{
	uint64_t *page = any_page();

	TRY("movq $0, (%0)", : : "r"(page) : "memory"); /* it may be mapped read-only by now */
	if (!caught(PV_VECTOR_PF)) {
		for (unsigned int i = 0; i < 24; i++) {
			page[i] = any_value();
		}
	}
	return page;
}

/* --- Deeds of a child ------------------------------------------------------------------------ */

/* Where the entries are that map the arena: looked up while the tables are still good. */
static uint64_t places[ARENA], upper_place;

static void find_places(void)
{
	for (unsigned int i = 0; i < ARENA; i++) {
		places[i] = pv_virt_to_machine(pv_entry((unsigned long)arena[i], 1));
	}
	upper_place = pv_virt_to_machine(pv_entry((unsigned long)arena, 2));
}

static void do_table(void)
{
	uint64_t place = !below(256) ? upper_place
			 : below(4)  ? places[below(ARENA)]
				     : (any_mfn() << PV_PAGE_SHIFT) + 8 * below(512);
	struct mmu_update update = {.ptr = place | below(5), .val = PTE(any_mfn(), any_flags())};

	pv_mmu_update(&update, 1, NULL, below(8) ? DOMID_SELF : (domid_t)below(8));
}

static void do_map(void)
{
	pv_update_va_mapping((unsigned long)any_page(), PTE(any_mfn(), any_flags()), below(8));
}

static void do_extended(void)
{
	struct mmuext_op op = {.cmd = (unsigned int)below(20),
			       .arg1 = {.mfn = any_mfn()},
			       .arg2 = {.nr_ents = (unsigned int)below(513)}};

	if (op.cmd == MMUEXT_SET_LDT) {
		op.arg1.linear_addr = (unsigned long)any_page();
	}
	pv_mmuext_op(&op, 1, NULL, below(8) ? DOMID_SELF : (domid_t)below(8));
}

/* Mended, so that it can go on being a table, a page, a grant. */
static void do_mend(void)
{
	void *page = any_page();

	pv_unpin(page);
	pv_remap(page, below(2) ? PTE_KERNEL_RO : PTE_KERNEL_RW);
}

static void do_memory(void)
{
	unsigned long frame = below(2) ? pv_virt_to_mfn(any_page()) : any_mfn();
	struct xen_memory_reservation r = {.extent_start = {&frame},
					   .nr_extents = 1,
					   .extent_order = below(16) ? 0 : 1,
					   .domid = DOMID_SELF};

	if (below(2)) {
		frame = below(CHILD_PAGES);
		pv_memory_op(XENMEM_populate_physmap, &r);
	} else {
		pv_memory_op(XENMEM_decrease_reservation, &r);
	}
}

static void do_grant(void)
{
	struct gnttab_map_grant_ref map = {.host_addr = (unsigned long)any_page(),
					   .flags = (uint32_t)below(64),
					   .ref = (grant_ref_t)below(64),
					   .dom = (domid_t)below(8)};
	struct gnttab_unmap_grant_ref unmap = {.host_addr = (unsigned long)any_page(),
					       .handle = (grant_handle_t)below(16)};
	struct gnttab_copy copy = {
		.source = {.u = {.ref = (grant_ref_t)below(64)}, .domid = (domid_t)below(8)},
		.dest = {.u = {.gmfn = pv_virt_to_mfn(any_page())}, .domid = DOMID_SELF},
		.len = (uint16_t)below(4097),
		.flags = GNTCOPY_source_gref};

	switch (below(4)) {
	case 0:
		pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
		break;
	case 1:
		pv_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
		break;
	case 2:
		pv_grant_table_op(GNTTABOP_copy, &copy, 1);
		break;
	default:
		pv_grant_access((grant_ref_t)(8 + below(56)), (domid_t)below(8), any_mfn(),
				(int)below(2));
	}
}

static void do_event(void)
{
	uint32_t argument[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(argument); i++) {
		argument[i] = (uint32_t)(below(2) ? below(8) : any_value());
	}
	pv_event_channel_op((unsigned int)below(14), argument);
}

static void do_vcpu(void)
{
	unsigned int op = (unsigned int)below(14);

	if (op != VCPUOP_down) {
		pv_vcpu_op(op, (unsigned int)below(2), fill_page());
	}
}

/* Any number at all but those that only end it, or put it to sleep for good. */
static void do_anything(void)
{
	unsigned int number = (unsigned int)below(64);
	uint64_t first = any_value(), second = any_value();

	if (number == __HYPERVISOR_iret || number == __HYPERVISOR_sched_op ||
	    number == __HYPERVISOR_sched_op_compat || number == __HYPERVISOR_multicall ||
	    number == __HYPERVISOR_stack_switch || number == __HYPERVISOR_set_trap_table) {
		return;
	}
	first = below(2) ? below(16) : first;
	second = below(2) ? (unsigned long)fill_page() : second;
	pv_hypercall(number, first, second, any_value(), any_value(), any_value());
	pv_events_off();
}

static void do_multicall(void)
{
	static struct multicall_entry calls[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		calls[i] = (struct multicall_entry){
			.op = below(2) ? __HYPERVISOR_update_va_mapping : __HYPERVISOR_mmuext_op,
			.args = {(unsigned long)any_page(), any_value(), any_value(), DOMID_SELF}};
	}
	pv_multicall(calls, ARRAY_SIZE(calls));
}

static void be_wild(struct child_letter *letter)
{
	static void (*const deeds[])(void) = {
		do_table,  do_table, do_map,   do_map,	do_extended, do_mend,	  do_mend,
		do_memory, do_grant, do_event, do_vcpu, do_anything, do_multicall};

	pv_grants_start(grant_page);
	find_places();
	for (;;) {
		deeds[below(ARRAY_SIZE(deeds))]();
		letter->state++;
	}
}

/* Traps are part of it. */
static void shrug(struct pv_regs *regs)
{
	if (regs->vector == 2) {
		return; /* an NMI that it has sent itself */
	}
	if (!guest_fixup) {
		pv_shutdown(SHUTDOWN_crash);
	}
	guest_trapped(regs);
}

static void child_main(struct child_letter *letter)
{
	for (unsigned int vector = 0; vector < PV_VECTORS; vector++) {
		pv_handlers[vector] = shrug;
	}
	pv_handlers[PV_VECTOR_EVENT] = pv_event_upcall;
	chance_state = letter->argument;
	letter->state = 1;
	if (letter->role == ROLE_WILD) {
		be_wild(letter);
	}
	for (;;) {
		letter->state++;
		pv_sched_op(SCHEDOP_yield, NULL);
	}
}

/* --- Deeds of the parent --------------------------------------------------------------------- */

static unsigned long born, died;

static void bear(struct child *c)
{
	struct child_letter *letter;

	pv_unmap_foreign(foreign_view); /* our image is copied, and has to be there */
	if (!ok(child_build(c, ROLE_WILD) == 0, "child %lu", born++)) {
		done();
	}
	letter = child_read_letter(c);
	letter->argument = chance() | 1;
	child_forget_letter();
	child_run(c);
}

static void end(struct child *c)
{
	if (child_destroy(c)) {
		ok(false, "domain %u is not to be destroyed", c->id);
		done();
	}
	c->id = 0;
	died++;
}

static void replace_dead(struct child *c)
{
	struct xen_domctl_getdomaininfo info;

	if (c->id && (pv_domain_info(c->id, &info) || info.domain != c->id)) {
		ok(false, "domain %u has gone by itself", c->id);
		done();
	}
	if (c->id && info.flags & XEN_DOMINF_shutdown) {
		end(c);
	}
	if (!c->id) {
		bear(c);
	}
}

static void look_at(const struct child *c)
{
	static struct vcpu_guest_context context;
	static unsigned long list[CHILD_PAGES];
	struct xen_domctl op = {.u.getpageframeinfo3 = {.num = CHILD_PAGES, .array = {list}}};

	memcpy(list, c->mfn, sizeof(list));
	pv_domctl(XEN_DOMCTL_getpageframeinfo3, c->id, &op);
	if (pv_get_context(c->id, 0, &context) == 0 && below(2)) {
		child_pause(c);
		pv_get_context(c->id, 0, &context);
		pv_set_context(c->id, 0, &context);
		child_run(c);
	}
}

static void touch_memory_of(const struct child *c)
{
	unsigned long list[1] = {c->mfn[below(CHILD_PAGES)]};
	struct xen_memory_reservation r = {.extent_start = {list}, .nr_extents = 1, .domid = c->id};

	switch (below(4)) {
	case 0:
		if (pv_map_foreign(foreign_view, c->id, list[0], any_flags()) == 0) {
			TRY("movq $1, 4088(%0)", : : "r"(foreign_view) : "memory");
		}
		break;
	case 1:
		pv_domain_mmuext(c->id, (unsigned int)below(5), list[0]);
		break;
	case 2:
		pv_memory_op(XENMEM_decrease_reservation, &r);
		break;
	default:
		list[0] = below(CHILD_PAGES);
		pv_memory_op(XENMEM_populate_physmap, &r);
	}
}

static void deed(void)
{
	struct child *c = &children[below(CHILDREN)];
	struct sched_poll poll = {.timeout = pv_time() + 200000};

	switch (below(8)) {
	case 0:
		child_pause(c);
		child_run(c);
		break;
	case 1:
		look_at(c);
		break;
	case 2:
	case 3:
		touch_memory_of(c);
		break;
	case 4:
		if (below(8) == 0) {
			end(c);
		}
		break;
	default:
		pv_sched_op(SCHEDOP_poll, &poll);
	}
	replace_dead(c);
}

static void check_one_more(void)
{
	struct child_letter *letter;

	is(child_build(&children[0], ROLE_TAME), 0, "one more is built");
	letter = child_read_letter(&children[0]);
	is(child_run(&children[0]), 0, "and started");
	ok(child_wait_state(letter, 100), "and runs");
	child_forget_letter();
	is(child_destroy(&children[0]), 0, "and destroyed");
}

static void guest_main(void)
{
	unsigned long seed = pv_option_number(guest.start, "seed=", pv_tsc());
	unsigned long deeds = pv_option_number(guest.start, "deeds=", 1000);

	pv_printf("# seed=%lu deeds=%lu\n", seed, deeds);
	chance_state = seed | 1;
	for (unsigned int i = 0; i < CHILDREN; i++) {
		bear(&children[i]);
	}
	for (unsigned long i = 0; i < deeds; i++) {
		deed();
	}
	for (unsigned int i = 0; i < CHILDREN; i++) {
		end(&children[i]);
	}
	pv_unmap_foreign(foreign_view);
	is(died, (long)born, "%lu have lived and died", born);
	press_keys();
	check_one_more();
}
