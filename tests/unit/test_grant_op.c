/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grant_table_op by three domains that lie, overwrite and die, against a record of what they did.
 */
#include "grant_actors.h"
#include <tap.h>

static uint64_t seed;

static uint64_t by_chance(uint64_t below)
{
	return tap_random(&seed) % below;
}

static void random_domains(void)
{
	static const char *const names[GRANT_DEEDS] = {
		"mapped",	    "mapped by entry", "mapped for devices", "unmapped",
		"unmapped in part", "replaced",	       "overwritten",	     "copied",
		"copied in part",   "copied through",  "changed version",    "swapped",
		"released",	    "interrupted",     "died while mapped",  "died with mappings",
	};
	long steps = tap_steps(120000), step = 0;
	uint64_t before;

	actor_choose = by_chance;
	actors_start();
	before = frame_pool_figures().free;
	for (bool good = true; good && step < steps; step++) {
		good = actors_step(true);
	}
	ok(!actors.fault, "%ld random steps of three domains leave all counts right%s%s%s", step,
	   actors.fault ? ": " : "", actors.fault ? actors.fault : "",
	   actors.fault ? actors.op : "");
	for (unsigned i = 0; i < GRANT_DEEDS; i++) {
		ok(did[i] > 0, "%s %lu times", names[i], did[i]);
	}
	ok(actors_end(), "when all are dead nothing is held");
	ok(frame_pool_figures().free > before, "and all memory is free");
}

/* --- Transitive copies, step by step -----------------------------------------------------------
 */

static int copy_through(domid_t from, grant_ref_t ref, unsigned offset)
{
	actor_arg->copy[0] = (struct gnttab_copy){
		.source = {.u.ref = ref, .domid = from, .offset = (uint16_t)offset},
		.dest = {.u.gmfn = actor[0].data[0].n, .domid = DOMID_SELF},
		.len = 100,
		.flags = GNTCOPY_source_gref,
	};
	guest_runs(0);
	grant_call(GNTTABOP_copy, 1);
	return actor_arg->copy[0].status;
}

/* Domain 2 has granted to 1 what 1 lets 0 copy. */
static void through_a_third(void)
{
	union grant_entry_v2 *middle;

	actors_start();
	for (unsigned d = 0; d < 3; d++) {
		grant_set_version(&guest_domain[d].grants, d == 1 ? 2 : 1);
	}
	give_page(2, 9, 1);
	memset(frame_ptr(actor[2].data[0]), 0x5a, PAGE_SIZE);
	middle = v2_entry(1, 10);
	middle->transitive.trans_domid = 2;
	middle->transitive.gref = 9;
	middle->hdr = (struct grant_entry_header){GTF_transitive, 0};
	is_int(copy_through(1, 10, 200), GNTST_okay, "what a second domain passes on is copied");
	is_int(*(uint8_t *)frame_ptr(actor[0].data[0]), 0x5a, "and it is the third's");
	check_all();
	ok(!actors.fault && v1_entry(2, 9)->flags == GTF_permit_access, "no use is left");
	v1_entry(2, 9)->domid = 0;
	is_int(copy_through(1, 10, 0), GNTST_general_error, "it must be the second's to pass on");
	v1_entry(2, 9)->domid = 1;
	middle->hdr.domid = 2;
	is_int(copy_through(1, 10, 0), GNTST_general_error, "and the first's to use");
	middle->hdr.domid = 0;
	actor_dies(2);
	is_int(copy_through(1, 10, 0), GNTST_general_error, "the third's death ends it");
	actor_born(2);
	grant_set_version(&guest_domain[2].grants, 2);
	v2_entry(2, 9)->transitive.trans_domid = 0;
	v2_entry(2, 9)->transitive.gref = 9;
	v2_entry(2, 9)->hdr = (struct grant_entry_header){GTF_transitive, 1};
	is_int(copy_through(1, 10, 0), GNTST_general_error, "nothing is passed on twice");
	v2_entry(2, 9)->sub_page.page_off = 300;
	v2_entry(2, 9)->sub_page.length = 100;
	v2_entry(2, 9)->full_page.frame = actor[2].data[0].n;
	v2_entry(2, 9)->hdr.flags = GTF_permit_access | GTF_sub_page;
	is_int(copy_through(1, 10, 300), GNTST_okay, "part of a page may be passed on");
	is_int(copy_through(1, 10, 301), GNTST_general_error, "and remains a part");
	check_all();
	ok(!actors.fault, "no use is left%s%s", actors.fault ? ": " : "",
	   actors.fault ? actors.fault : "");
	ok(actors_end(), "nor memory");
}

/* --- Death, step by step ------------------------------------------------------------------------
 */

/* Domain 1 maps a page of 2's; they die in either order, and the page outlives its owner only so.
 */
static void death_of(bool granter_first)
{
	mfn_t mfn;

	actors_start();
	grant_set_version(&guest_domain[2].grants, 1);
	give_page(2, 9, 1);
	mfn = actor[2].data[0];
	guest_runs(1);
	actor_arg->map[0] = (struct gnttab_map_grant_ref){
		.flags = GNTMAP_host_map, .ref = 9, .dom = 2, .host_addr = PAGE_SIZE};
	grant_call(GNTTABOP_map_grant_ref, 1);
	is_int(actor_arg->map[0].status, GNTST_okay, "a page is mapped");
	actor_dies(granter_first ? 2 : 1);
	if (granter_first) {
		ok(frame_count(mfn) && frame_owner(mfn) == FRAME_OWNER_NONE,
		   "its owner's death leaves it to who maps it");
		guest_runs(1);
		actor_arg->unmap[0] = (struct gnttab_unmap_grant_ref){
			.host_addr = PAGE_SIZE, .handle = actor_arg->map[0].handle};
		grant_call(GNTTABOP_unmap_grant_ref, 1);
		is_int(actor_arg->unmap[0].status, GNTST_okay, "it is unmapped");
		is_int(frame_count(mfn), 0, "and free");
	} else {
		is_int(v1_entry(2, 9)->flags, GTF_permit_access, "the mapper's death ends the use");
		is_int(frame_count(mfn), 1, "and leaves the page to its owner");
		is_int(frame_release(world.dm[2], mfn), 0, "to give back");
	}
	ok(actors_end(), "nothing is left when both are dead");
}

int main(int argc, char **argv)
{
	seed = tap_seed(argc, argv);
	actor_choose = by_chance;
	through_a_third();
	death_of(true);
	death_of(false);
	random_domains();
	return done_testing();
}
