/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests' page tables: checked when they become tables, changed entry by entry, taken apart. */
#ifndef MEMORY_PAGE_TABLE_H
#define MEMORY_PAGE_TABLE_H

#include <lib/error.h>
#include <memory/page_entry.h>
#include <memory/page_type.h>

/*
 * A tree of tables is too big to be checked or taken apart in one go. What one holder of the lock
 * may do is bounded by a budget of entries; then the work in progress is left in dm->walk, and
 * whoever takes the lock next must bring it to its end first, by page_tables_settle(), in as many
 * goes as that needs. So at most one tree of a domain is half done, nobody else ever meets it, and
 * a guest that does not come back for the rest of its work has not left anything open.
 *
 *     page_tables_lock(dm);
 *     rc = page_tables_settle(dm);
 *     if (rc == 0) { … any of the functions below, each of which may return -ERESTART … }
 *     page_tables_unlock(dm);
 *     -ERESTART: nothing has changed; ask for pending work, then do the same once more.
 *
 * Before control returns to the guest page_tables_settle() must have returned 0 once more: what it
 * unpinned may be given to others as soon as it knows.
 */
#ifndef TABLE_BUDGET
#define TABLE_BUDGET 1024
#endif

static inline void page_tables_lock(struct domain_memory *dm)
{
	lock_acquire(&dm->tables);
	dm->walk.budget = TABLE_BUDGET;
}

static inline void page_tables_unlock(struct domain_memory *dm)
{
	lock_release(&dm->tables);
}

int page_tables_settle_slow(struct domain_memory *dm);

static inline int page_tables_settle(struct domain_memory *dm)
{
	return likely(dm->walk.mode == WALK_IDLE) ? 0 : page_tables_settle_slow(dm);
}

/* A type reference to a table of this level, which is checked if it is not valid yet. */
int page_table_get(struct domain_memory *dm, mfn_t mfn, unsigned level);
void page_table_put(struct domain_memory *dm, mfn_t mfn);

/* The guest's own reference, so that a tree stays valid while no CPU uses it. */
int page_table_pin(struct domain_memory *dm, mfn_t mfn, unsigned level);
int page_table_unpin(struct domain_memory *dm, mfn_t mfn);

/*
 * Replaces an entry of a valid table. The new entry may point at frames of `owner`, or, if that is
 * domain_memory_io, at what is not RAM. keep_ad: accessed and dirty bits that are set stay so.
 */
int page_table_change_l1(struct domain_memory *dm, struct domain_memory *owner, uint64_t *slot,
			 uint64_t entry, bool keep_ad);
int page_table_set_upper(struct domain_memory *dm, unsigned level, uint64_t *slot, uint64_t entry,
			 bool keep_ad);

/* Sets an L1 entry of dm's own, if it is `old` still, down to the accessed bit; else -EAGAIN. */
int page_table_exchange_l1(struct domain_memory *dm, uint64_t *slot, uint64_t old, uint64_t entry);

/* The entry at `from` replaces the one at `slot` and leaves nothing behind. */
void page_table_move_l1(uint64_t *slot, uint64_t *from);

/* Processors set accessed and dirty bits while we look, hence the atomic operations. */
static inline void table_write(uint64_t *slot, uint64_t entry, bool keep_ad)
{
	_Atomic uint64_t *atomic_slot = (_Atomic uint64_t *)slot;
	uint64_t old;

	if (likely(!keep_ad)) {
		atomic_store_explicit(atomic_slot, entry, memory_order_relaxed);
		return;
	}
	old = atomic_load_explicit(atomic_slot, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(atomic_slot, &old, entry | (old & ENTRY_AD),
						      memory_order_relaxed, memory_order_relaxed)) {
	}
}

static inline int page_table_set_l1(struct domain_memory *dm, struct domain_memory *owner,
				    uint64_t *slot, uint64_t entry, bool keep_ad)
{
	if (entry & ENTRY_PRESENT) {
		entry = entry_rule_l1(entry);
		if (!((entry ^ *slot) & ENTRY_L1_REFERENCE)) {
			table_write(slot, entry, keep_ad);
			return 0;
		}
	}
	return page_table_change_l1(dm, owner, slot, entry, keep_ad);
}

/*
 * The table that a present entry points at. One that is not present holds what the guest likes:
 * ahead of the check a processor may look at the first frame, at no secret.
 */
static inline mfn_t entry_table(uint64_t entry)
{
	return entry_mfn(value_if(entry, entry & ENTRY_PRESENT));
}

/* The entry that maps `va` in the tree under a valid L4: null if the path to it is not there. */
static inline uint64_t *page_table_find_l1(mfn_t root, uint64_t va)
{
	uint64_t *table = frame_ptr(root);

	if (unlikely(!table_va_is_canonical(va) || table_slot_is_ours(4, table_index(va, 4)))) {
		return NULL;
	}
#pragma GCC unroll 3
	for (unsigned level = 4; level > 1; level--) {
		uint64_t entry = table[table_index(va, level)];

		if (unlikely(!(entry & ENTRY_PRESENT))) {
			return NULL;
		}
		table = frame_ptr(entry_table(entry));
	}
	return &table[table_index(va, 1)];
}

/*
 * Where an address leads, for reports, and for those who check again under the lock: no lock is
 * held, so each step is only safe to read, not true for longer than that.
 */
struct guest_walk {
	unsigned level;	   /* of the last entry seen: 1 when the whole path is there */
	uint64_t entry[5]; /* [level]; those below `level` are not set */
	mfn_t table[5];
};

bool guest_translate(mfn_t root, uint64_t va, struct guest_walk *walk);

#endif
