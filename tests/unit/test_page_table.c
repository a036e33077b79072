/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables: what is admitted, what is refused, and that nothing is left behind. */
#include "memory_world.h"
#include <memory/mmio.h>
#include <tap.h>

#define MACHINE 256

static void test_pin(void)
{
	struct world_tree t;
	mfn_t data;

	world_start(MACHINE);
	t = world_tree(1);
	data = world_frame(1);
	*word_of(t.l1, 0) = entry_to(data, W | U);
	*word_of(t.l1, 1) = entry_to(data, W | ENTRY_GLOBAL);
	*word_of(t.l1, 2) = entry_to(t.l4, P | U | ENTRY_NX);
	*word_of(t.l1, 3) = entry_to(MFN(0x123456), W) & ~P;
	is_int(world_pin(1, t.l4, 4), 0, "a tree is pinned");
	is_int(world_audit(), 0, "all references are counted");
	is_int(frame_type(t.l3), PAGE_L3, "the L3 has become one");
	is_int(frame_type_count(data), 2, "a frame mapped writable twice");
	ok(*word_of(t.l1, 0) & ENTRY_GLOBAL && !(*word_of(t.l1, 0) & ENTRY_KERNEL),
	   "a user page is global");
	ok((*word_of(t.l1, 1) & (U | ENTRY_KERNEL | ENTRY_GLOBAL)) == (U | ENTRY_KERNEL),
	   "a kernel page is a user page, not global, and marked");
	ok(*word_of(t.l4, 0) & U && *word_of(t.l2, 0) & U, "tables lead to user pages");
	is_int(*word_of(t.l1, 3) >> 12, 0x123456, "what is not present is left alone");
	ok(*word_of(t.l4, HYPERVISOR_FIRST_SLOT + 1) >> 48 == 0xfeed, "our slots are filled");
	ok(!(*word_of(t.l4, HYPERVISOR_FIRST_SLOT) & U), "the guests' table of frames not yet");
	is_int(world_pin(1, t.l4, 4), -EINVAL, "it is pinned once only");
	is_int(world_unpin(1, t.l4), 0, "unpinned");
	is_int(world_unpin(1, t.l4), -EINVAL, "once only");
	is_int(frame_count(t.l1), 1, "nothing refers to the tables");
	is_int(frame_count(data), 1, "nor to the data");
	is_int(world_pin(1, t.l4, 4), 0, "pinned again");
	ok((*word_of(t.l1, 1) & (U | ENTRY_KERNEL | ENTRY_GLOBAL)) == (U | ENTRY_KERNEL),
	   "a kernel page is still one the second time");
	is_int(world_audit(), 0, "all references are counted");
	world_drop(1);
	is_int(frame_pool_figures().free, MACHINE - 1, "a domain's end frees all");
}

/* Each makes a tree bad in one place; pinning it must fail and leave nothing. */
enum flaw {
	FLAW_WRITABLE_L1,
	FLAW_WRITABLE_L4,
	FLAW_FOREIGN,
	FLAW_FOREIGN_READ,
	FLAW_FOREIGN_TABLE,
	FLAW_HYPERVISOR,
	FLAW_FREE,
	FLAW_BEYOND,
	FLAW_LARGE_L2,
	FLAW_LARGE_L3,
	FLAW_BIT7_L4,
	FLAW_UNCACHED_TABLE,
	FLAW_SELF_L4,
	FLAW_SELF_L3,
	FLAW_SELF_L2,
	FLAW_L4_AS_L2,
	FLAW_L1_AS_L3,
	FLAW_WRITABLE_TWICE,
	FLAWS
};

static const char *const flaw_name[FLAWS] = {
	[FLAW_WRITABLE_L1] = "an L1 writable through itself",
	[FLAW_WRITABLE_L4] = "the L4 writable",
	[FLAW_FOREIGN] = "another domain's frame",
	[FLAW_FOREIGN_READ] = "another domain's frame, read-only",
	[FLAW_FOREIGN_TABLE] = "another domain's L1",
	[FLAW_HYPERVISOR] = "a frame of the hypervisor",
	[FLAW_FREE] = "a free frame",
	[FLAW_BEYOND] = "what is no RAM",
	[FLAW_LARGE_L2] = "a 2 MiB page",
	[FLAW_LARGE_L3] = "a 1 GiB page",
	[FLAW_BIT7_L4] = "a reserved bit in the L4",
	[FLAW_UNCACHED_TABLE] = "an uncached table",
	[FLAW_SELF_L4] = "an L4 as its own L3",
	[FLAW_SELF_L3] = "an L3 as its own L2",
	[FLAW_SELF_L2] = "an L2 as its own L1",
	[FLAW_L4_AS_L2] = "the L4 as an L2",
	[FLAW_L1_AS_L3] = "a valid L1 as an L3",
	[FLAW_WRITABLE_TWICE] = "a table that is mapped writable elsewhere",
};

static void make_flaw(const struct world_tree *t, enum flaw flaw, mfn_t foreign)
{
	mfn_t mine = frame_alloc(0, 0);

	switch (flaw) {
	case FLAW_WRITABLE_L1:
		*word_of(t->l1, 7) = entry_to(t->l1, W);
		break;
	case FLAW_WRITABLE_L4:
		*word_of(t->l1, 7) = entry_to(t->l4, W);
		break;
	case FLAW_FOREIGN:
		*word_of(t->l1, 7) = entry_to(foreign, W);
		break;
	case FLAW_FOREIGN_READ:
		*word_of(t->l1, 7) = entry_to(foreign, P);
		break;
	case FLAW_FOREIGN_TABLE:
		*word_of(t->l2, 7) = entry_to(foreign, W);
		break;
	case FLAW_HYPERVISOR:
		*word_of(t->l1, 7) = entry_to(mine, P);
		break;
	case FLAW_FREE:
		*word_of(t->l1, 7) = entry_to(MFN(3), P);
		break;
	case FLAW_BEYOND:
		*word_of(t->l1, 7) = entry_to(MFN(MACHINE), P);
		break;
	case FLAW_LARGE_L2:
		*word_of(t->l2, 7) = entry_to(t->l1, W | ENTRY_PAT);
		break;
	case FLAW_LARGE_L3:
		*word_of(t->l3, 7) = entry_to(t->l2, W | ENTRY_PAT);
		break;
	case FLAW_BIT7_L4:
		*word_of(t->l4, 7) = entry_to(t->l3, W | ENTRY_PAT);
		break;
	case FLAW_UNCACHED_TABLE:
		*word_of(t->l4, 7) = entry_to(t->l3, W | ENTRY_PCD);
		break;
	case FLAW_SELF_L4:
		*word_of(t->l4, 7) = entry_to(t->l4, P);
		break;
	case FLAW_SELF_L3:
		*word_of(t->l3, 7) = entry_to(t->l3, P);
		break;
	case FLAW_SELF_L2:
		*word_of(t->l2, 7) = entry_to(t->l2, P);
		break;
	case FLAW_L4_AS_L2:
		*word_of(t->l3, 7) = entry_to(t->l4, P);
		break;
	case FLAW_L1_AS_L3:
		*word_of(t->l4, 7) = entry_to(t->l1, P);
		break;
	case FLAW_WRITABLE_TWICE:
		page_writable_get(world.dm[1], t->l2, false);
		break;
	case FLAWS:
		break;
	}
	frame_free(mine, 0);
}

static void test_flaws(void)
{
	for (enum flaw flaw = 0; flaw < FLAWS; flaw++) {
		for (int budget = 1024; budget > 0; budget = budget > 4 ? 4 : budget - 3) {
			struct world_tree t, other;
			int rc;

			world_start(MACHINE);
			t = world_tree(1);
			other = world_tree(2);
			fake_table_budget = budget;
			make_flaw(&t, flaw, other.l1);
			rc = world_pin(1, t.l4, 4);
			world_settle(1);
			ok(rc == -EINVAL || rc == -EPERM, "refused: %s (budget %d): %d",
			   flaw_name[flaw], budget, rc);
			if (flaw == FLAW_WRITABLE_TWICE) {
				page_type_put(t.l2);
			}
			is_int(world_audit(), 0, "and all references are taken back");
			is_int(frame_count(t.l4) + frame_count(t.l3) + frame_count(t.l2) +
				       frame_count(t.l1),
			       4, "from each table");
		}
	}
}

static void test_change(void)
{
	struct world_tree t, sub;
	mfn_t a, b;

	world_start(MACHINE);
	t = world_tree(1);
	sub = world_tree(1);
	a = world_frame(1);
	b = world_frame(1);
	world_pin(1, t.l4, 4);

	is_int(world_set_l1(1, t.l1, 3, entry_to(a, W | U)), 0, "map");
	is_int(frame_type_count(a), 1, "the frame is writable now");
	is_int(world_set_l1(1, t.l1, 3, entry_to(a, W | U | BIT(9))), 0, "toggle a free bit");
	is_int(frame_type_count(a), 1, "which changes no reference");
	is_int(world_set_l1(1, t.l1, 3, entry_to(a, P | U)), 0, "write-protect");
	is_int(frame_type_count(a), 0, "the frame is not writable any more");
	is_int(frame_count(a), 2, "but mapped");
	is_int(world_set_l1(1, t.l1, 3, entry_to(b, W)), 0, "replace");
	is_int(frame_count(a), 1, "the old one is let go");
	is_int(world_set_l1(1, t.l1, 3, 0), 0, "unmap");
	is_int(frame_count(b), 1, "and so is the new one");
	is_int(world_set_l1(1, t.l1, 4, entry_to(t.l1, P)), 0, "a table maps itself read-only");
	is_int(world_set_l1(1, t.l1, 4, entry_to(t.l1, W)), -EINVAL, "but not writable");
	ok(!(*word_of(t.l1, 4) & ENTRY_WRITE), "and is not");
	is_int(world_set_l1(1, t.l1, 4, entry_to(sub.l1, W)), 0, "a table to be, writable");
	is_int(world_set_upper(1, t.l2, 1, entry_to(sub.l1, W)), -EINVAL, "is no table yet");
	is_int(world_set_l1(1, t.l1, 4, entry_to(sub.l1, P)), 0, "read-only");
	is_int(world_set_upper(1, t.l2, 1, entry_to(sub.l1, W)), 0, "it is");
	is_int(world_set_l1(1, t.l1, 4, entry_to(sub.l1, W)), -EINVAL, "and stays read-only");

	is_int(world_set_upper(1, t.l4, 1, entry_to(sub.l3, W)), 0, "a whole tree is hung in");
	is_int(world_audit(), 0, "all references are counted");
	is_int(frame_type_count(sub.l1), 2, "its L1 has two parents");
	is_int(world_set_upper(1, t.l4, 1, entry_to(sub.l3, P | BIT(10))), 0, "flags only");
	is_int(world_set_upper(1, t.l4, 1, entry_to(t.l4, P)), -EINVAL, "no linear mapping");
	is_int(world_set_upper(1, t.l4, 1, entry_to(sub.l3, W | ENTRY_PAT)), -EINVAL,
	       "no large page by flags alone");
	is_int(world_set_upper(1, t.l4, HYPERVISOR_FIRST_SLOT, 0), -EINVAL, "our first slot");
	is_int(world_set_upper(1, t.l4, HYPERVISOR_LAST_SLOT, entry_to(sub.l3, P)), -EINVAL,
	       "and our last are ours");
	is_int(world_set_upper(1, t.l4, 1, 0), 0, "taken out again");
	is_int(frame_count(sub.l3) + frame_count(sub.l2), 2, "and apart");
	is_int(frame_type_count(sub.l1), 1, "but for what is used elsewhere");
	is_int(world_audit(), 0, "all references are counted");
	world_drop(1);
	is_int(frame_pool_figures().free, MACHINE - 1, "all is free");
}

/* Entries that are not present, on a processor that looks behind them. */
static void test_absent(void)
{
	const uint64_t swapped = ~UINT64_C(0x123) << 12 & ENTRY_FRAME;
	struct world_tree t;
	mfn_t data;

	world_start(MACHINE);
	t = world_tree(1);
	data = world_frame(1);
	world.dm[1]->guards_absent = true;
	*word_of(t.l1, 5) = entry_to(data, U) & ~P;
	is_int(world_pin(1, t.l4, 4), -EINVAL,
	       "a table with an entry that names memory is refused");
	is_int(world_audit(), 0, "and all is taken back");
	*word_of(t.l1, 5) = swapped;
	*word_of(t.l3, 7) = entry_to(data, U) & ~P;
	is_int(world_pin(1, t.l4, 4), -EINVAL, "of each level");
	is_int(world_audit(), 0, "and all is taken back");
	*word_of(t.l3, 7) = 0;
	is_int(world_pin(1, t.l4, 4), 0, "one that names none is not");
	is_int(world_set_l1(1, t.l1, 6, entry_to(data, U) & ~P), -EINVAL, "nor written");
	is_int(world_set_l1(1, t.l1, 6, (entry_to(data, U) & ~P) | BIT(46)), -EINVAL,
	       "nor with a bit that caches do not heed");
	is_int(world_set_upper(1, t.l2, 6, entry_to(data, U) & ~P), -EINVAL, "on no level");
	is_int(world_set_l1(1, t.l1, 6, swapped | BIT(9)), 0, "what is beyond memory is");
	is_int(world_set_l1(1, t.l1, 6, BIT(9)), 0, "and so is what has no address");
	is_int(world_set_l1(1, t.l1, 6, entry_to(data, W)), 0, "present entries are as ever");
	world.dm[1]->guards_absent = false;
	is_int(world_set_l1(1, t.l1, 6, entry_to(data, U) & ~P), 0, "on others all is admitted");
	is_int(world_audit(), 0, "all references are counted");
	world_drop(1);
	is_int(frame_pool_figures().free, MACHINE - 1, "all is free");
}

static void test_accessed_dirty(void)
{
	struct world_tree t;
	mfn_t a;

	world_start(MACHINE);
	t = world_tree(1);
	a = world_frame(1);
	world_pin(1, t.l4, 4);
	world_set_l1(1, t.l1, 0, entry_to(a, W | ENTRY_AD));
	page_tables_lock(world.dm[1]);
	page_table_set_l1(world.dm[1], world.dm[1], word_of(t.l1, 0), entry_to(a, P), true);
	page_tables_unlock(world.dm[1]);
	ok((*word_of(t.l1, 0) & (ENTRY_AD | W)) == (ENTRY_AD | P),
	   "accessed and dirty bits are kept on request");
	world_set_l1(1, t.l1, 0, entry_to(a, P));
	ok(!(*word_of(t.l1, 0) & ENTRY_AD), "and not else");
	world_drop(1);
}

static void test_foreign(void)
{
	struct world_tree t;
	struct domain_memory *dm0 = world.dm[0], *dm1 = world.dm[1];
	mfn_t theirs;
	int rc;

	world_start(MACHINE);
	t = world_tree(0);
	theirs = world_frame(1);
	world_pin(0, t.l4, 4);
	rc = WORLD_RETRY(
		dm0, page_table_set_l1(dm0, dm1, word_of(t.l1, 0), entry_to(theirs, W | U), false));
	is_int(rc, 0, "a frame of another domain, by its name");
	ok(frame_type_word(theirs) & TYPE_FOREIGN, "is marked");
	is_int(world_audit(), 0, "all references are counted");
	world_drop(1);
	world_new_domain(1);
	is_int(frame_count(theirs), 1, "it outlives its owner");
	is_int(frame_owner(theirs), FRAME_OWNER_NONE, "and belongs to nobody then");
	is_int(world_audit(), 0, "all references are counted");
	rc = WORLD_RETRY(dm0,
			 page_table_set_l1(dm0, dm1, word_of(t.l1, 1), entry_to(theirs, W), false));
	is_int(rc, -EINVAL, "nobody can map it any more");
	is_int(world_set_l1(0, t.l1, 0, 0), 0, "unmapped");
	is_int(frame_count(theirs), 0, "it is free");
	world_drop(0);
	is_int(frame_pool_figures().free, MACHINE - 1, "as is all else");
}

static void test_mmio(void)
{
	struct world_tree t, u;
	struct domain_memory *dm0 = world.dm[0], *dm1 = world.dm[1];
	uint64_t apic = 0xfee00, device = 0xf0000, config = 0xe0000;
	int rc;

	world_start(MACHINE);
	mmio_withhold(apic, apic);
	mmio_read_only(config, config + 0xff);
	world.dm[0]->hardware = true;
	t = world_tree(0);
	u = world_tree(1);
	world_pin(0, t.l4, 4);
	world_pin(1, u.l4, 4);
	is_int(world_set_l1(0, t.l1, 0, entry_to(MFN(device), W)), 0, "Dom0 maps a device");
	is_int(world_set_l1(0, t.l1, 1, entry_to(MFN(apic), P)), -EPERM, "but not our APIC");
	is_int(world_set_l1(0, t.l1, 2, entry_to(MFN(config + 5), W)), 0, "configuration space");
	ok(!(*word_of(t.l1, 2) & ENTRY_WRITE), "is mapped read-only");
	is_int(world_set_l1(1, u.l1, 0, entry_to(MFN(device), W)), -EPERM, "a guest maps none");
	is_int(mmio_permit(dm1, device, device + 3, true), 0, "but with permission");
	is_int(world_set_l1(1, u.l1, 0, entry_to(MFN(device + 3), W)), 0, "it does");
	is_int(mmio_permit(dm1, device + 1, device + 2, false), 0, "a hole in the middle");
	ok(mmio_is_permitted(dm1, device, device) && mmio_is_permitted(dm1, device + 3, device + 3),
	   "leaves both ends");
	ok(!mmio_is_permitted(dm1, device, device + 3), "but not the whole");
	is_int(mmio_permit(dm1, device + 1, device + 2, true), 0, "filled again");
	ok(mmio_is_permitted(dm1, device, device + 3), "all of it is permitted");
	is_int(world_set_l1(1, u.l1, 1, entry_to(MFN(device + 1), W)), 0, "and mapped");
	rc = WORLD_RETRY(dm0, page_table_set_l1(dm0, &domain_memory_io, word_of(t.l1, 3),
						entry_to(world_frame(0), P), false));
	is_int(rc, -EINVAL, "who asks for I/O memory gets no RAM");
	rc = WORLD_RETRY(dm0, page_table_set_l1(dm0, dm1, word_of(t.l1, 3),
						entry_to(MFN(device + 9), P), false));
	is_int(rc, -EPERM, "who asks in a guest's name has its rights");
	is_int(world_audit(), 0, "all references are counted");
	world_drop(0);
	world_drop(1);
	is_int(frame_pool_figures().free, MACHINE - 1, "all is free");
}

static void test_cache(void)
{
	struct world_tree t;
	mfn_t a;

	world_start(MACHINE);
	t = world_tree(1);
	a = world_frame(1);
	world_pin(1, t.l4, 4);
	is_int(world_set_l1(1, t.l1, 0, entry_to(a, W | ENTRY_PCD)), 0, "uncached RAM");
	is_int(fake_counts.cache_changes, 1, "the map of all RAM follows");
	is_int(world_set_l1(1, t.l1, 1, entry_to(a, W | ENTRY_PCD)), 0, "once more");
	is_int(fake_counts.cache_changes, 1, "it has already");
	fake_cache_fails = true;
	is_int(world_set_l1(1, t.l1, 1, entry_to(a, W | ENTRY_PAT)), -ENOMEM, "it cannot");
	is_int(frame_type_count(a), 2, "and nothing has changed");
	world_drop(1);
	ok(fake_counts.cache_changes == 3, "freed, it is cached as usual");
}

/* However often it has to stop, the work gets done, and others can work meanwhile. */
static void test_preemption(void)
{
	for (int budget = 1; budget < 40; budget += 3) {
		struct world_tree t;
		struct domain_memory *dm = world.dm[1];
		mfn_t other;
		unsigned rounds = 0;
		int rc;

		world_start(MACHINE);
		fake_table_budget = budget;
		t = world_tree(1);
		for (unsigned i = 1; i < 4; i++) {
			struct world_tree sub = world_tree(1);

			*word_of(t.l4, i) = entry_to(sub.l3, W);
			*word_of(t.l3, i) = entry_to(sub.l2, W);
			*word_of(t.l1, i) = entry_to(sub.l4, W);
		}
		other = world_frame(1);
		do {
			page_tables_lock(dm);
			rc = page_tables_settle(dm);
			rc = rc ? rc : page_table_pin(dm, t.l4, 4);
			page_tables_unlock(dm);
			if (world_audit()) {
				ok(false, "references are counted half way");
			}
			/* Another vCPU comes between; it may finish what this one began. */
			if (rounds++ == 2) {
				is_int(world_pin(1, other, 1), 0, "another table meanwhile");
			}
		} while (rc == -ERESTART);
		is_int(rc, 0, "pinned in %u goes of %d", rounds, budget);
		is_int(world_audit(), 0, "all references are counted");
		is_int(world_unpin(1, t.l4), 0, "and unpinned");
		is_int(world_audit(), 0, "all references are counted");
		world_drop(1);
		is_int(frame_pool_figures().free, MACHINE - 1, "all is free");
	}
}

/* A caller who does not come back leaves nothing that the domain's end does not clear away. */
static void test_abandoned(void)
{
	struct world_tree t[6];
	struct domain_memory *dm = world.dm[1];

	world_start(MACHINE);
	for (unsigned i = 0; i < 6; i++) {
		t[i] = world_tree(1);
	}
	fake_table_budget = 1;
	for (unsigned i = 0; i < 6; i++) {
		int rc;

		do { /* others have left something to settle, but never come for this one */
			page_tables_lock(dm);
			rc = page_tables_settle(dm);
			rc = rc == 0 ? page_table_pin(dm, t[i].l4, 4) ?: 1 : rc;
			page_tables_unlock(dm);
		} while (rc == -ERESTART && dm->walk.mode != WALK_BUILD);
		world_settle(1);
		is_int(world_audit(), 0, "abandoned %u: all references are counted", i);
	}
	ok(frame_type_count(t[5].l4) == 1, "the last is kept for its caller");
	is_int(frame_type_count(t[0].l4), 0, "the first is not any more");
	is_int(world_pin(1, t[5].l4, 4), 0, "who comes back finds it done");
	is_int(frame_type_count(t[5].l4), 1, "and takes it over");
	world_drop(1);
	is_int(frame_pool_figures().free, MACHINE - 1, "all is free");
}

static void test_translate(void)
{
	struct world_tree t;
	struct guest_walk walk;
	mfn_t a;

	world_start(MACHINE);
	t = world_tree(1);
	a = world_frame(1);
	world_pin(1, t.l4, 4);
	world_set_l1(1, t.l1, 3, entry_to(a, W));
	ok(page_table_find_l1(t.l4, 0x3123) == word_of(t.l1, 3), "an address finds its entry");
	ok(!page_table_find_l1(t.l4, UINT64_C(1) << (12 + TABLE_SHIFT)), "or none");
	ok(!page_table_find_l1(t.l4, (uint64_t)HYPERVISOR_FIRST_SLOT << (12 + 3 * TABLE_SHIFT)),
	   "and none of ours");
	ok(guest_translate(t.l4, 0x3123, &walk) && walk.level == 1 &&
		   entry_mfn(walk.entry[1]).n == a.n,
	   "a report sees the path");
	ok(!guest_translate(t.l4, 0x4000, &walk) && walk.level == 1, "how far it goes");
	ok(!guest_translate(MFN(MACHINE + 5), 0, &walk), "and no wild root");
	world_drop(1);
}

int main(void)
{
	test_pin();
	test_flaws();
	test_change();
	test_absent();
	test_accessed_dirty();
	test_foreign();
	test_mmio();
	test_cache();
	test_preemption();
	test_abandoned();
	test_translate();
	return done_testing();
}
