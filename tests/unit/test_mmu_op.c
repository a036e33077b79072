/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu_update, mmuext_op and update_va_mapping through their hypercalls, and emulated writes. */
#include "hypercall_world.h"
#include <memory/mmu_update.h>
#include <tap.h>

#define FRAMES 512

static struct world_tree tree;
static unsigned *const pdone = (unsigned *)&guest.bytes[16000];

static long mmu_update(unsigned count, uint64_t foreigndom)
{
	return guest_calls(hypercall_mmu_update, (uint64_t)guest.updates, count, (uint64_t)pdone,
			   foreigndom);
}

static long mmu_update_one(uint64_t ptr, uint64_t val)
{
	guest.updates[0] = (struct mmu_update){ptr, val};
	return mmu_update(1, DOMID_SELF);
}

static long mmuext_on(unsigned cmd, uint64_t arg1, uint64_t arg2, uint64_t foreigndom)
{
	guest.ops[0] = (struct mmuext_op){.cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2};
	return guest_calls(hypercall_mmuext_op, (uint64_t)guest.ops, 1, (uint64_t)pdone,
			   foreigndom);
}

static long mmuext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
	return mmuext_on(cmd, arg1, arg2, DOMID_SELF);
}

static uint64_t slot_at(mfn_t table, unsigned index)
{
	return mfn_to_paddr(table) + index * sizeof(uint64_t);
}

static void start(void)
{
	guests_start(FRAMES);
	tree = world_tree(1);
	(void)mmuext(MMUEXT_PIN_L4_TABLE, tree.l4.n, 0);
	(void)mmuext(MMUEXT_NEW_BASEPTR, tree.l4.n, 0);
}

static void test_updates(void)
{
	mfn_t a, b, plain;

	start();
	a = world_frame(1);
	b = world_frame(1);
	plain = world_frame(1);
	is_int(frame_type_count(tree.l4), 2, "the root is pinned and in use");
	is_int(mmu_update_one(slot_at(tree.l1, 1), entry_to(a, W | ENTRY_AD)), 0, "an entry");
	is_int(*pdone, 1, "one is done");
	is_int(mmu_update_one(slot_at(tree.l1, 1) | MMU_PT_UPDATE_PRESERVE_AD, entry_to(a, P)), 0,
	       "protected");
	ok(*word_of(tree.l1, 1) & ENTRY_DIRTY, "the dirty bit is kept");
	is_int(mmu_update_one(slot_at(plain, 5), 77), 0, "a frame that is no table");
	is_int(*word_of(plain, 5), 77, "is written as it is");
	is_int(mmu_update_one(mfn_to_paddr(a) | MMU_MACHPHYS_UPDATE, 1234), 0, "a pfn");
	is_int(M2P[a.n], 1234, "is in the table of machine frames");
	is_int(mmu_update_one(mfn_to_paddr(MFN(1)) | MMU_MACHPHYS_UPDATE, 1), -EINVAL,
	       "of one's own frames only");
	is_int(mmu_update_one(slot_at(tree.l1, 1) | 4, 0), -ENOSYS, "an unknown command");
	is_int(mmu_update_one(slot_at(MFN(FRAMES + 1), 1), 0), -EINVAL, "a table out of RAM");
	is_int(mmu_update_one(UINT64_MAX & ~UINT64_C(7), 0), -EINVAL, "and out of this world");

	guest.updates[0] = (struct mmu_update){slot_at(tree.l1, 2), entry_to(a, W)};
	guest.updates[1] = (struct mmu_update){slot_at(tree.l1, 3), entry_to(b, W)};
	guest.updates[2] = (struct mmu_update){slot_at(tree.l1, 4), entry_to(tree.l2, W)};
	guest.updates[3] = (struct mmu_update){slot_at(tree.l1, 5), entry_to(b, W)};
	is_int(mmu_update(4, DOMID_SELF), -EINVAL, "a bad one among them");
	is_int(*pdone, 2, "those before it are done");
	is_int(*word_of(tree.l1, 5), 0, "those behind it are not");
	is_int(mmu_update(4, 2), -EPERM, "a guest has no say over others");
	is_int(mmu_update(4, DOMID_XEN), -EPERM, "nor over the hypervisor");
	is_int(guest_calls(hypercall_mmu_update, 8, 1, 0, DOMID_SELF), -EFAULT, "a wild pointer");
	is_int(world_audit(), 0, "all references are counted");
}

static void test_long_batch(void)
{
	mfn_t a;

	start();
	a = world_frame(1);
	fake_work_each = 2;
	for (unsigned i = 0; i < 256; i++) {
		guest.updates[i] =
			(struct mmu_update){slot_at(tree.l1, i % 8), entry_to(a, i % 3 ? W : P)};
	}
	is_int(mmu_update(256, DOMID_SELF), 0, "a long list");
	is_int(*pdone, 256, "is done to the end");
	ok(again.count > 2, "in parts: %u", again.count);
	is_int(world_audit(), 0, "all references are counted");
}

static void test_ext(void)
{
	struct world_tree other;
	mfn_t a, b;

	start();
	other = world_tree(1);
	a = world_frame(1);
	b = world_frame(1);
	is_int(mmuext(MMUEXT_NEW_BASEPTR, other.l4.n, 0), 0, "another root");
	ok(*word_of(other.l4, HYPERVISOR_FIRST_SLOT) & U, "shows the table of machine frames");
	is_int(frame_type_count(tree.l4), 1, "the old root is let go");
	is_int(mmuext(MMUEXT_NEW_BASEPTR, a.n, 0), 0, "an empty page is a root too");
	is_int(frame_type_count(other.l4), 0, "and a tree that nothing holds is taken apart");
	is_int(frame_count(other.l1), 1, "down to its leaves");
	is_int(mmuext(MMUEXT_NEW_BASEPTR, tree.l1.n, 0), -EINVAL, "an L1 is no root");
	is_int(mmuext(MMUEXT_NEW_USER_BASEPTR, tree.l4.n, 0), 0, "a root for programs");
	is_int(guest_vcpu[1].memory.user_root.n, tree.l4.n, "is the vCPU's");
	guest_domain[1].memory.hides_m2p = true;
	is_int(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0, "and none again");
	is_int(mmuext(MMUEXT_NEW_USER_BASEPTR, tree.l4.n, 0), 0, "with m2p_strict");
	ok(!(*word_of(tree.l4, HYPERVISOR_FIRST_SLOT) & U), "programs do not see it");
	is_int(mmuext(MMUEXT_UNPIN_TABLE, tree.l4.n, 0), 0, "unpin");
	is_int(mmuext(MMUEXT_UNPIN_TABLE, tree.l4.n, 0), -EINVAL, "once");
	is_int(world_audit(), 0, "all references are counted");

	*word_of(b, 3) = 5;
	is_int(mmuext(MMUEXT_CLEAR_PAGE, b.n, 0), 0, "clear a page");
	is_int(*word_of(b, 3), 0, "is clear");
	is_int(mmuext(MMUEXT_CLEAR_PAGE, a.n, 0), -EINVAL, "but not a table");
	is_int(mmuext(MMUEXT_COPY_PAGE, b.n, tree.l4.n), 0, "copy a page");
	ok(*word_of(b, 0) == *word_of(tree.l4, 0), "is copied");
	is_int(mmuext(MMUEXT_COPY_PAGE, tree.l4.n, b.n), -EINVAL, "but not onto a table");
	is_int(mmuext(MMUEXT_SET_LDT, 0x1000, 10), 0, "an LDT");
	is_int(fake_counts.ldt_entries, 10, "is passed on");
	is_int(mmuext(MMUEXT_SET_LDT, 0x1008, 10), -EINVAL, "not aligned");
	is_int(mmuext(MMUEXT_SET_LDT, 0x1000, 8193), -EINVAL, "too long");
	is_int(mmuext(MMUEXT_MARK_SUPER, a.n, 0), -EOPNOTSUPP, "no large pages");
	is_int(mmuext(14, 0, 0), -ENOSYS, "a hole in the numbers");
	is_int(mmuext(1000, 0, 0), -ENOSYS, "beyond the numbers");
	is_int(mmuext(MMUEXT_FLUSH_CACHE, 0, 0), -EACCES, "caches are for those with devices");
	is_int(mmuext_on(MMUEXT_PIN_L1_TABLE, a.n, 0, DOMID_IO), -EPERM, "no tables in no domain");
	is_int(world_audit(), 0, "all references are counted");
}

static void test_flushes(void)
{
	start();
	atomic_store(&guest_domain[1].memory.cached_on, 0xe);
	fake_counts.flushed = 0;
	is_int(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0, "flush here");
	is_int(fake_counts.flushed, BIT(1), "flushes here");
	fake_counts.flushed = 0;
	is_int(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0, "flush everywhere");
	is_int(fake_counts.flushed, 0xe, "flushes where the domain has been");
	fake_counts.flushed = 0;
	guest.words[1000] = 1;
	atomic_store(&guest_domain[1].vcpu[0]->held_by, 3 + 1);
	is_int(mmuext(MMUEXT_INVLPG_MULTI, 0x5000, (uint64_t)&guest.words[1000]), 0, "one page");
	is_int(fake_counts.flushed, BIT(3), "where its vCPU is");
	is_int(fake_counts.last_va, 0x5000, "is flushed");
	fake_counts.flushed = 0;
	guest.words[1000] = 0;
	is_int(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&guest.words[1000]), 0, "of none");
	is_int(fake_counts.flushed, 0, "none is");
	guest.words[1000] = 1;
	atomic_store(&guest_domain[1].vcpu[0]->held_by, 0);
	is_int(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&guest.words[1000]), 0,
	       "of one nowhere");
	is_int(fake_counts.flushed, 0, "none either");
	is_int(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, 16), -EFAULT, "a wild map");
}

static long update_va(uint64_t va, uint64_t entry, uint64_t flags)
{
	return guest_calls(hypercall_update_va_mapping, va, entry, flags, 0);
}

static unsigned with_lock;

static void note_lock(unsigned cpu)
{
	(void)cpu;
	with_lock += atomic_load(&guest_domain[1].memory.tables.held);
}

/* It was written to, and now is not mapped any more. */
static void use_as_writable(mfn_t mfn)
{
	ok(update_va(0x3000, entry_to(mfn, W), 0) == 0 && update_va(0x3000, 0, 0) == 0,
	   "a frame is mapped and unmapped");
}

/* Who waits for other CPUs, so that a frame may change its type, lets others have the lock. */
static void test_waiting(void)
{
	struct world_tree other;
	mfn_t a, foreign;

	start();
	atomic_store(&guest_domain[1].memory.cached_on, 0xe);
	a = world_frame(1);
	foreign = world_frame(2);
	other = world_tree(1);
	use_as_writable(a);
	with_lock = fake_counts.flushes = 0;
	fake_on_flush = note_lock;
	is_int(mmuext(MMUEXT_PIN_L1_TABLE, a.n, 0), 0, "it becomes a table");
	is_int(fake_counts.flushes, 3, "when all have flushed");
	is_int(mmuext(MMUEXT_UNPIN_TABLE, a.n, 0), 0, "and is none any more");
	is_int(update_va(0x3000, entry_to(a, W), 0), 0, "it is mapped");
	is_int(fake_counts.flushes, 6, "when all have flushed");
	use_as_writable(other.l1);
	use_as_writable(other.l4);
	fake_counts.flushes = 0;
	is_int(mmuext(MMUEXT_PIN_L4_TABLE, other.l4.n, 0), 0, "a tree is pinned");
	is_int(fake_counts.flushes, 3, "when all have flushed once");
	is_int(with_lock, 0, "the lock was free whenever somebody waited");
	is_int(mmuext(MMUEXT_UNPIN_TABLE, other.l4.n, 0), 0, "it is taken apart");
	use_as_writable(other.l4);
	tlb_flush(0xe);
	use_as_writable(other.l1);
	fake_counts.flushes = 0;
	is_int(mmuext(MMUEXT_PIN_L4_TABLE, other.l4.n, 0), 0, "a lower table is the stale one");
	is_int(fake_counts.flushes, 3, "which is flushed for no less");
	is_int(page_writable_get(world.dm[2], foreign, false), 0, "another's frame");
	page_type_put(foreign);
	fake_counts.flushes = 0;
	is_int(mmuext(MMUEXT_PIN_L1_TABLE, foreign.n, 0), -EINVAL, "is not to be had");
	is_int(fake_counts.flushes, 0, "and nobody flushes for it");
	is_int(world_audit(), 0, "all references are counted");
	fake_on_flush = NULL;
}

static void test_va(void)
{
	mfn_t a;

	start();
	a = world_frame(1);
	fake_counts = (struct fake_counts){0};
	is_int(update_va(0x3000, entry_to(a, W), UVMF_NONE), 0, "by its address");
	is_int(fake_counts.flushes + fake_counts.flushes_va, 0, "without a flush");
	is_int(entry_mfn(*word_of(tree.l1, 3)).n, a.n, "an entry is set");
	is_int(update_va(0x3000, entry_to(a, P), UVMF_INVLPG | UVMF_LOCAL), 0, "with one");
	is_int(fake_counts.last_va, 0x3000, "of that page");
	is_int(update_va(0x3000, 0, UVMF_TLB_FLUSH | UVMF_ALL), 0, "or of all");
	is_int(fake_counts.flushes, 1, "where the domain has been");
	is_int(update_va(0x3000, 0, 3), -EINVAL, "an unknown kind");
	is_int(update_va(UINT64_C(1) << (12 + TABLE_SHIFT), 0, 0), -EINVAL, "where no table is");
	is_int(guest_calls(hypercall_update_va_mapping_otherdomain, 0x3000, entry_to(a, W), 0, 2),
	       -EPERM, "a guest maps no other's frames");
	is_int(world_audit(), 0, "all references are counted");
}

static void test_dom0(void)
{
	struct world_tree own;
	mfn_t theirs;

	start();
	guest_runs(0);
	own = world_tree(0);
	theirs = world_frame(1);
	is_int(mmuext(MMUEXT_PIN_L4_TABLE, own.l4.n, 0), 0, "its own tree");
	guest.updates[0] = (struct mmu_update){slot_at(own.l1, 0) | MMU_PT_UPDATE_NO_TRANSLATE,
					       entry_to(theirs, W)};
	is_int(mmu_update(1, DOMID_SELF), -EINVAL, "another's frame by no name");
	is_int(mmu_update(1, 1), 0, "and by its owner's");
	is_int(mmu_update(1, 7), -ESRCH, "or one that is not there");
	guest.updates[0] = (struct mmu_update){slot_at(tree.l1, 6), entry_to(theirs, W)};
	is_int(mmu_update(1, 1 | 2U << 16), 0, "an entry of another's table");
	is_int(mmu_update(1, 1), -EINVAL, "which is none of its own");
	is_int(mmuext_on(MMUEXT_UNPIN_TABLE, tree.l4.n, 0, 1), 0, "it unpins for others");
	is_int(mmuext_on(MMUEXT_PIN_L4_TABLE, tree.l4.n, 0, 1), 0, "and pins");
	is_int(mmuext_on(MMUEXT_NEW_BASEPTR, tree.l4.n, 0, 1), -EPERM, "but has its own roots");
	is_int(mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), 0, "it flushes caches");
	is_int(world_audit(), 0, "all references are counted");
}

static void test_descriptors(void)
{
	mfn_t table;
	struct domain_memory *dm;

	start();
	dm = &guest_domain[1].memory;
	table = world_frame(1);
	is_int(mmu_update_descriptor(dm, slot_at(table, 3), 0x10), 0, "a table to be");
	is_int(page_descriptor_get(dm, table), 0, "is one");
	is_int(mmu_update_descriptor(dm, slot_at(table, 4), 0x22), 0, "and is changed");
	is_int(*word_of(table, 4), 0x20, "by what is mended");
	is_int(mmu_update_descriptor(dm, slot_at(table, 4), 0x11), -EINVAL, "not by what is bad");
	is_int(mmu_update_descriptor(dm, slot_at(table, 4) + 4, 0), -EINVAL, "nor at odd places");
	is_int(mmu_update_descriptor(dm, slot_at(tree.l1, 4), 0), -EINVAL, "nor a page table");
	is_int(mmu_update_one(slot_at(table, 4), 0), -EINVAL, "nor by mmu_update");
	page_descriptor_put(dm, table);
	is_int(world_audit(), 0, "all references are counted");
}

static void test_emulated(void)
{
	struct domain_memory *dm;
	struct emulated_write w;
	uint64_t expected;
	mfn_t a;

	start();
	dm = &guest_domain[1].memory;
	a = world_frame(1);
	(void)update_va(0x1000, entry_to(tree.l1, P), 0); /* the table, as its kernel sees it */
	(void)update_va(0x2000, entry_to(a, W), 0);
	(void)update_va(0x4000, entry_to(tree.l2, P), 0);

	w = (struct emulated_write){.va = 0x1028, .value = entry_to(a, W), .bytes = 8};
	is_int(page_table_emulated_write(dm, tree.l4, &w), 0, "a store");
	is_int(frame_type_count(a), 2, "takes its reference");
	expected = 1;
	w = (struct emulated_write){.va = 0x1028, .value = 0, .bytes = 8, .expected = &expected};
	is_int(page_table_emulated_write(dm, tree.l4, &w), -EAGAIN, "compare, and find it differs");
	is_int(expected, *word_of(tree.l1, 5), "told what is there");
	w.value = expected & ~ENTRY_WRITE;
	is_int(page_table_emulated_write(dm, tree.l4, &w), 0, "compare, and exchange");
	is_int(frame_type_count(a), 1, "not writable any more");
	w = (struct emulated_write){.va = 0x1029, .value = 2 | (a.n & 15) << 4, .bytes = 1};
	is_int(page_table_emulated_write(dm, tree.l4, &w), 0, "a single byte");
	ok(*word_of(tree.l1, 5) & BIT(9), "is set");
	w = (struct emulated_write){.va = 0x102c, .value = 0, .bytes = 8};
	is_int(page_table_emulated_write(dm, tree.l4, &w), -EINVAL, "not across two entries");
	w = (struct emulated_write){.va = 0x1028, .value = entry_to(tree.l2, W), .bytes = 8};
	is_int(page_table_emulated_write(dm, tree.l4, &w), -EINVAL, "what is refused stays so");
	ok(entry_mfn(*word_of(tree.l1, 5)).n == a.n, "and changes nothing");
	w = (struct emulated_write){.va = 0x2028, .value = 0, .bytes = 8};
	is_int(page_table_emulated_write(dm, tree.l4, &w), -EINVAL, "an ordinary page");
	w.va = 0x4028;
	is_int(page_table_emulated_write(dm, tree.l4, &w), -EINVAL, "an L2 table");
	w.va = 0x6028;
	is_int(page_table_emulated_write(dm, tree.l4, &w), -EINVAL, "nothing mapped");
	is_int(world_audit(), 0, "all references are counted");
}

int main(void)
{
	test_updates();
	test_long_batch();
	test_ext();
	test_flushes();
	test_va();
	test_waiting();
	test_dom0();
	test_descriptors();
	test_emulated();
	return done_testing();
}
