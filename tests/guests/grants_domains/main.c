/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two unprivileged domains that grant to each other and signal each other, and die in either order;
 * a toolstack that fills their tables before they start. At the end all frames are counted anew.
 * run: mem=256 timeout=600 keys=m
 * run: shows="audit of all frames: 0 faults"
 */
#include "child.h"
#include <pv/event.h>
#include <pv/grant.h>
#include <xen/memory.h>

#define REF  20
#define SEED 1 /* the reserved reference that the toolstack fills */

enum role { GRANTER = 1, USER };

/* What the parent asks of a child: the command in .argument, below it the peer's number. */
enum command { MAP = 1, READ, UNMAP, FORGET, COPY, TAKE_BACK, BIND, SEND, PASS_ON };
#define COMMAND(what, number) ((unsigned long)(what) << 32 | (number))

static page_t table_page, marks_page, shared, window, other_view;
static struct child granter, user;

/* --- Children -------------------------------------------------------------------------------- */

static unsigned int version;

static void grant_page(unsigned int ref, domid_t to)
{
	volatile union grant_entry_v2 *v2 = (void *)table_page;

	if (version == 1) {
		pv_grant_access(ref, to, pv_virt_to_mfn(shared), 0);
		return;
	}
	v2[ref].full_page.frame = pv_virt_to_mfn(shared);
	v2[ref].hdr.domid = to;
	__atomic_store_n(&v2[ref].hdr.flags, GTF_permit_access, __ATOMIC_RELEASE);
}

static long start_table(struct child_letter *letter)
{
	struct gnttab_set_version set = {.version = version};
	uint64_t frame;
	struct gnttab_get_status_frames get = {
		.nr_frames = 1, .dom = DOMID_SELF, .frame_list = {&frame}};
	long rc = pv_grants_start(table_page);

	if (pv_grants[SEED].frame != 0x5eed) {
		letter->failed = __LINE__;
	}
	rc = rc ? rc : pv_grant_table_op(GNTTABOP_set_version, &set, 1);
	if (version == 2) {
		rc = rc ? rc : pv_grant_table_op(GNTTABOP_get_status_frames, &get, 1);
		rc = rc ? rc
			: pv_update_va_mapping((unsigned long)marks_page, PTE(frame, PTE_KERNEL_RW),
					       UVMF_INVLPG);
	}
	return rc;
}

static bool take_back(void)
{
	volatile union grant_entry_v2 *v2 = (void *)table_page;
	volatile grant_status_t *marks = (void *)marks_page;

	if (version == 1) {
		return pv_grant_end(REF);
	}
	__atomic_store_n(&v2[REF].hdr.flags, 0, __ATOMIC_SEQ_CST);
	return !(marks[REF] & (GTF_reading | GTF_writing));
}

static long map(domid_t peer, grant_handle_t *handle)
{
	struct gnttab_map_grant_ref op = {.host_addr = (unsigned long)window,
					  .flags = GNTMAP_host_map,
					  .ref = REF,
					  .dom = peer};
	long rc = pv_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);

	*handle = op.handle;
	return rc ? rc : op.status;
}

static long unmap(grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref op = {.host_addr = (unsigned long)window, .handle = handle};
	long rc = pv_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);

	return rc ? rc : op.status;
}

static long copy_from(domid_t peer, unsigned int ref, void *to)
{
	struct gnttab_copy op = {.source = {.u.ref = ref, .domid = peer},
				 .dest = {.u.gmfn = pv_virt_to_mfn(to), .domid = DOMID_SELF},
				 .len = 64,
				 .flags = GNTCOPY_source_gref};
	long rc = pv_grant_table_op(GNTTABOP_copy, &op, 1);

	return rc ? rc : op.status;
}

/* What this one was granted by a peer it lets the parent copy. */
static void pass_on(domid_t peer)
{
	volatile union grant_entry_v2 *v2 = (void *)table_page;

	v2[REF + 1].transitive.trans_domid = peer;
	v2[REF + 1].transitive.gref = REF;
	v2[REF + 1].hdr.domid = 0;
	__atomic_store_n(&v2[REF + 1].hdr.flags, GTF_transitive, __ATOMIC_RELEASE);
}

static long bind_to(domid_t peer, evtchn_port_t port, evtchn_port_t *own)
{
	struct evtchn_bind_interdomain op = {.remote_dom = peer, .remote_port = port};
	long rc = pv_event_channel_op(EVTCHNOP_bind_interdomain, &op);

	*own = op.local_port;
	return rc;
}

/* One command; the value goes back in .argument. */
static long obey(enum command what, unsigned int number)
{
	static grant_handle_t handle;
	static evtchn_port_t port;
	domid_t peer = (domid_t)number;

	switch (what) {
	case MAP:
		return map(peer, &handle);
	case READ:
		return (long)++*(volatile uint64_t *)window;
	case UNMAP:
		return unmap(handle);
	case FORGET:
		return pv_update_va_mapping((unsigned long)window, 0, UVMF_INVLPG);
	case COPY:
		return copy_from(peer, REF, marks_page);
	case TAKE_BACK:
		return take_back();
	case PASS_ON:
		pass_on(peer);
		return 0;
	case BIND:
		return bind_to((domid_t)(number >> 16), number & 0xffff, &port);
	case SEND:
		return pv_event_send(port);
	}
	return -1;
}

static void child_main(struct child_letter *letter)
{
	unsigned int role = letter->role & 0xff;

	version = letter->role >> 8 & 0xff;
	if (start_table(letter)) {
		letter->failed = __LINE__;
	}
	*(uint64_t *)shared = 0x1000 * role;
	grant_page(REF, (domid_t)(letter->role >> 16));
	letter->state = 1;
	for (;;) {
		unsigned long command = letter->argument;
		unsigned int rounds = 0;

		while (!(command >> 32) && child_wait(&rounds)) {
			command = letter->argument;
		}
		letter->argument = (unsigned long)(uint32_t)obey((enum command)(command >> 32),
								 (unsigned int)command);
		letter->state++;
	}
}

/* --- The parent --------------------------------------------------------------------------------
 */

/* As a toolstack does it: the table is there before its domain runs. */
static void seed_table(const struct child *c)
{
	xen_pfn_t frame = 0;
	struct xen_mem_acquire_resource op = {.domid = c->id,
					      .type = XENMEM_resource_grant_table,
					      .nr_frames = 1,
					      .frame_list = {&frame}};
	volatile struct grant_entry_v1 *table = (void *)window;

	if (pv_memory_op(XENMEM_acquire_resource, &op) ||
	    pv_map_foreign(window, c->id, frame, PTE_KERNEL_RW)) {
		ok(false, "the table of domain %u is there for the parent", c->id);
		return;
	}
	table[SEED].frame = 0x5eed;
	table[SEED].domid = 0;
	table[SEED].flags = GTF_permit_access;
	pv_unmap_foreign(window);
}

static struct child_letter *letter_of(const struct child *c)
{
	return (struct child_letter *)(c == &granter ? child_view : other_view);
}

/* The child's answer, or a number that is none. */
static int ask(const struct child *c, unsigned long what, unsigned int number)
{
	struct child_letter *letter = letter_of(c);
	unsigned long state = letter->state;

	letter->argument = COMMAND(what, number);
	return child_wait_state(letter, state + 1) ? (int)letter->argument : -1000;
}

/* Each one's number is the other's business before it runs: they are made first and started then.
 */
static bool start_both(unsigned int granter_version)
{
	unsigned long pfn = pv_virt_to_pfn(&child_letter);
	long rc = child_create(&granter, 1);

	rc = rc ? rc : child_create(&user, 1);
	rc = rc ? rc
		: child_load(&granter,
			     GRANTER | granter_version << 8 | (unsigned int)user.id << 16);
	rc = rc ? rc : child_load(&user, USER | 2U << 8 | (unsigned int)granter.id << 16);
	rc = rc ? rc : pv_map_foreign(child_view, granter.id, granter.mfn[pfn], PTE_KERNEL_RW);
	rc = rc ? rc : pv_map_foreign(other_view, user.id, user.mfn[pfn], PTE_KERNEL_RW);
	if (!is(rc, 0, "two domains, the granting one's table of version %u", granter_version)) {
		return false;
	}
	seed_table(&granter);
	seed_table(&user);
	child_run(&granter);
	child_run(&user);
	return ok(child_wait_state(letter_of(&granter), 1) && child_wait_state(letter_of(&user), 1),
		  "both run");
}

static void end_view(const struct child *c)
{
	ok(!letter_of(c)->failed, "nothing failed in domain %u (line %lu)", c->id,
	   letter_of(c)->failed);
	pv_unmap_foreign((void *)letter_of(c));
}

static void end(const struct child *c)
{
	end_view(c);
	is(child_destroy(c), 0, "domain %u is destroyed", c->id);
	ok(child_is_gone(c), "and gone");
}

static void check_sharing(void)
{
	is(ask(&user, MAP, granter.id), GNTST_okay, "a page is mapped");
	is(ask(&user, READ, 0), 0x1001, "read and written");
	is(ask(&granter, TAKE_BACK, 0), 0, "so it is not taken back");
}

static void granter_dies_first(unsigned int granter_version)
{
	if (!start_both(granter_version)) {
		return;
	}
	if (granter_version == 1) {
		check_sharing();
	} else {
		is(ask(&user, MAP, granter.id), GNTST_okay, "a page is mapped");
		is(ask(&user, READ, 0), 0x1001, "read and written");
	}
	end_view(&granter);
	is(child_destroy(&granter), 0, "the granting domain is destroyed");
	ok(child_is_gone(&granter), "and gone");
	is(ask(&user, READ, 0), 0x1002, "the page is still there for who maps it");
	ok(ask(&user, COPY, granter.id) < 0, "but nobody gets it any more");
	is(ask(&user, UNMAP, 0), GNTST_okay, "until it is unmapped");
	is(ask(&user, UNMAP, 0), GNTST_bad_handle, "once");
	end(&user);
}

static void user_dies_first(unsigned int granter_version, bool overwritten)
{
	if (!start_both(granter_version)) {
		return;
	}
	is(ask(&user, MAP, granter.id), GNTST_okay, "a page is mapped");
	if (overwritten) {
		is(ask(&user, FORGET, 0), 0, "its entry is overwritten");
		is(ask(&user, UNMAP, 0), GNTST_general_error, "and so it cannot be unmapped");
		is(ask(&granter, TAKE_BACK, 0), 0, "nor taken back");
		is(ask(&granter, TAKE_BACK, 0), 0, "however often one tries");
	}
	end(&user);
	is(ask(&granter, TAKE_BACK, 0), 1, "when its user is dead, the page is its owner's alone");
	end(&granter);
}

/* From one to the other and on to the parent. */
static void passed_on(void)
{
	if (!start_both(1)) {
		return;
	}
	is(ask(&user, PASS_ON, granter.id), 0, "a page granted to one domain is passed on");
	is(copy_from(user.id, REF + 1, shared), GNTST_okay, "to a third");
	is(*(volatile uint64_t *)shared, 0x1000, "as it is");
	is(ask(&granter, TAKE_BACK, 0), 1, "its owner can take it back");
	is(copy_from(user.id, REF + 1, shared), GNTST_general_error, "from all of them");
	end(&granter);
	is(copy_from(user.id, REF + 1, shared), GNTST_general_error, "and is gone with its owner");
	end(&user);
}

static long alloc_in(const struct child *c, domid_t for_whom, evtchn_port_t *port)
{
	struct evtchn_alloc_unbound op = {.dom = c->id, .remote_dom = for_whom};
	long rc = pv_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	*port = op.port;
	return rc;
}

static unsigned int status_of(const struct child *c, evtchn_port_t port)
{
	struct evtchn_status op = {.dom = c->id, .port = port};

	return pv_event_channel_op(EVTCHNOP_status, &op) ? 99 : op.status;
}

static void channels(void)
{
	evtchn_port_t port, second;

	if (!start_both(1)) {
		return;
	}
	is(alloc_in(&granter, user.id, &port), 0, "a port in one domain for another");
	is(alloc_in(&granter, 0, &second), 0, "and one for the parent");
	is(ask(&user, BIND, (unsigned int)granter.id << 16 | second), -XEN_EINVAL,
	   "which is not another's to bind");
	is(ask(&user, BIND, (unsigned int)granter.id << 16 | port), 0, "its own it binds");
	is(status_of(&granter, port), EVTCHNSTAT_interdomain, "so both are connected");
	is(ask(&user, SEND, 0), 0, "an event is sent");
	is(ask(&user, BIND, (unsigned int)granter.id << 16 | port), -XEN_EINVAL,
	   "a port is bound once");
	end(&user);
	is(status_of(&granter, port), EVTCHNSTAT_unbound, "death leaves the other end waiting");
	end(&granter);
	is(status_of(&granter, port), 99, "or gone as well");
}

static void guest_main(void)
{
	for (unsigned int v = 1; v <= 2; v++) {
		granter_dies_first(v);
		user_dies_first(v, false);
		user_dies_first(v, true);
	}
	passed_on();
	channels();
	press_keys();
}
