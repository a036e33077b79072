/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests' page tables: checked when they become tables, changed entry by entry, taken apart. */
#include <debug/log.h>
#include <memory/mmio.h>
#include <memory/page_table.h>

/* --- What an L1 entry refers to ---------------------------------------------------------- */

/* The caller of a foreign mapping has the owner's rights; naming DOMID_IO it has its own. */
static int l1_get_mmio(struct domain_memory *dm, struct domain_memory *owner, uint64_t *entry)
{
	struct domain_memory *rights = owner == &domain_memory_io ? dm : owner;
	mfn_t mfn = entry_mfn(*entry);

	if (frame_is_ram(mfn)) {
		return -EINVAL;
	}
	switch (mmio_access(rights, mfn.n)) {
	case MMIO_NONE:
		return -EPERM;
	case MMIO_READ:
		*entry &= ~ENTRY_WRITE; /* guests do not expect to be refused; the write faults */
		return 0;
	case MMIO_WRITE:
		return 0;
	}
	return -EINVAL;
}

static inline void l1_put(uint64_t entry)
{
	mfn_t mfn = entry_mfn(entry);

	if (unlikely(!frame_is_ram(mfn))) {
		return;
	}
	if (entry & ENTRY_WRITE) {
		page_type_put(mfn);
	} else {
		frame_put(mfn);
	}
}

/*
 * What most entries are: one more writable mapping of a cached frame of the domain's own. False: it
 * is something else, and nothing has happened. See page_type.c for why the owner is looked at
 * twice.
 */
static inline __attribute__((always_inline)) bool l1_get_quickly(struct domain_memory *dm,
								 uint64_t entry)
{
	mfn_t mfn = entry_mfn(entry);
	uint64_t type;

	if ((entry & (ENTRY_WRITE | ENTRY_CACHE)) != ENTRY_WRITE || !frame_exists(mfn)) {
		return false;
	}
	type = frame_type_word(mfn);
	if ((type & (TYPE_MASK | TYPE_HELD | TYPE_CACHE_MASK)) !=
		    (TYPE_OF(PAGE_WRITABLE) | TYPE_HELD) ||
	    (uint32_t)type >= FRAME_COUNT_MAX || frame_owner(mfn) != dm->id ||
	    !atomic_compare_exchange_strong_explicit(&frame_of(mfn)->type, &type, type + 1,
						     memory_order_acquire, memory_order_relaxed)) {
		return false;
	}
	if (unlikely(frame_owner(mfn) != dm->id)) {
		page_type_put(mfn);
		return false;
	}
	return true;
}

static inline int l1_get(struct domain_memory *dm, struct domain_memory *owner, uint64_t *entry)
{
	mfn_t mfn = entry_mfn(*entry);
	bool got = *entry & ENTRY_WRITE ? page_writable_get(owner, mfn, owner != dm) == 0
					: frame_get(mfn, owner->id);
	int rc;

	if (unlikely(!got)) {
		return l1_get_mmio(dm, owner, entry);
	}
	/* Nearly all RAM is cached, and then there is nothing to compare. */
	if (likely(!(*entry & ENTRY_CACHE) && !(frame_type_word(mfn) & TYPE_CACHE_MASK))) {
		return 0;
	}
	rc = page_cache_set(mfn, entry_cache(*entry));
	if (rc) {
		l1_put(*entry);
	}
	return rc;
}

/* --- Entries that are not present ---------------------------------------------------------- */

/*
 * Some processors read what lies at the address in an entry that is not present, if it is in the
 * first cache (L1TF), and heed 44 bits of it at the least. The first frame is the firmware's and no
 * secret.
 */
#define CACHE_ADDRESS (BIT(44) - 1)

static bool names_memory(uint64_t entry)
{
	mfn_t mfn = entry_mfn(entry & CACHE_ADDRESS);

	return mfn.n && frame_exists(mfn);
}

static bool absent_is_refused(const struct domain_memory *dm, uint64_t entry)
{
	return unlikely(dm->guards_absent) && names_memory(entry);
}

static bool table_is_refused(const struct domain_memory *dm, mfn_t table, unsigned level)
{
	const uint64_t *entries = frame_ptr(table);

	for (unsigned i = 0; dm->guards_absent && i < TABLE_ENTRIES; i++) {
		if (!(entries[i] & ENTRY_PRESENT) && !table_slot_is_ours(level, i) &&
		    names_memory(entries[i])) {
			return true;
		}
	}
	return false;
}

/* --- Whole L1 tables: short enough to be done in one go ---------------------------------- */

/* Most tables are sparse: so many entries that are not present cost one test. */
#define STRIDE (TABLE_ENTRIES < 16 ? TABLE_ENTRIES : 16U)

static inline bool stride_is_empty(const uint64_t *entry)
{
	uint64_t any = 0;

#pragma GCC unroll 16
	for (unsigned i = 0; i < STRIDE; i++) {
		any |= entry[i];
	}
	return !(any & ENTRY_PRESENT);
}

static void l1_drop(struct domain_memory *dm, mfn_t mfn, unsigned end)
{
	const uint64_t *table = frame_ptr(mfn);
	unsigned done = 0;

	for (unsigned base = 0; base < end; base += STRIDE) {
		if (stride_is_empty(&table[base])) {
			continue;
		}
		for (unsigned i = base; i < MIN(end, base + STRIDE); i++) {
			if (table[i] & ENTRY_PRESENT) {
				l1_put(table[i]);
				done++;
			}
		}
	}
	dm->walk.budget -= (int)(done + TABLE_ENTRIES / 16);
	page_type_finish(mfn);
}

static int l1_check(struct domain_memory *dm, mfn_t mfn)
{
	uint64_t *table = frame_ptr(mfn);
	unsigned i = 0, done = 0;
	int rc = 0;

	if (unlikely(table_is_refused(dm, mfn, 1))) {
		page_type_finish(mfn);
		return refuse(-EINVAL);
	}
	for (unsigned base = 0; base < TABLE_ENTRIES; base += STRIDE) {
		if (stride_is_empty(&table[base])) {
			continue;
		}
		for (i = base; i < base + STRIDE; i++) {
			uint64_t entry = table[i];

			if (!(entry & ENTRY_PRESENT)) {
				continue;
			}
			entry = entry_rule_l1(entry);
			rc = likely(l1_get_quickly(dm, entry)) ? 0 : l1_get(dm, dm, &entry);
			if (unlikely(rc)) {
				l1_drop(dm, mfn, i);
				return refuse(rc);
			}
			table[i] = entry;
			done++;
		}
	}
	dm->walk.budget -= (int)(done + TABLE_ENTRIES / 16);
	page_type_validated(mfn);
	return 0;
}

/* --- The walk through a tree: build and unwind ------------------------------------------- */

static void walk_enter(struct table_walk *walk, unsigned level, mfn_t table, unsigned next)
{
	walk->level = level;
	walk->at[level].table = table;
	walk->at[level].next = next;
}

static void walk_start(struct table_walk *walk, enum table_walk_mode mode, unsigned level,
		       mfn_t table)
{
	BUG_ON(walk->mode != WALK_IDLE);
	walk->mode = mode;
	walk->failed = 0;
	walk->root = level;
	walk_enter(walk, level, table, mode == WALK_BUILD ? 0 : TABLE_ENTRIES);
}

/* Goes on one table up; false if that was the root. */
static bool walk_leave(struct table_walk *walk)
{
	if (walk->level == walk->root) {
		walk->mode = WALK_IDLE;
		return false;
	}
	walk->level++;
	return true;
}

/* Drops one reference of a table; if it was the last the walk goes down into it. */
static void unwind_entry(struct domain_memory *dm, unsigned level, uint64_t entry)
{
	mfn_t child = entry_mfn(entry);

	if (!page_type_end(child)) {
		return;
	}
	if (level == 2) {
		l1_drop(dm, child, TABLE_ENTRIES);
	} else {
		walk_enter(&dm->walk, level - 1, child, TABLE_ENTRIES);
	}
}

static int walk_unwind(struct domain_memory *dm)
{
	struct table_walk *walk = &dm->walk;

	for (;;) {
		unsigned level = walk->level;
		mfn_t table = walk->at[level].table;
		const uint64_t *entries = frame_ptr(table);
		unsigned next = walk->at[level].next;

		while (next && (!(entries[next - 1] & ENTRY_PRESENT) ||
				table_slot_is_ours(level, next - 1))) {
			next--;
		}
		walk->at[level].next = next;
		if (!next) {
			page_type_finish(table);
			walk->budget -= (int)(TABLE_ENTRIES / 8);
			if (!walk_leave(walk)) {
				return 0;
			}
			continue;
		}
		if (walk->budget-- <= 0) {
			return -ERESTART;
		}
		walk->at[level].next = next - 1;
		unwind_entry(dm, level, entries[next - 1]);
	}
}

/*
 * One entry of a table that is being built. 0: it holds its reference now; 1: the walk has gone
 * down into what it points at, and the entry counts when that is done; else refused.
 */
static int build_entry(struct domain_memory *dm, unsigned level, uint64_t *slot)
{
	mfn_t child = entry_mfn(*slot);
	int rc;

	if (*slot & ENTRY_UPPER_REFUSED) {
		return refuse(-EINVAL);
	}
	rc = page_type_begin(dm, child, (enum page_type)(level - 1));
	if (rc < 0) {
		return refuse(rc);
	}
	*slot = entry_rule_upper(*slot);
	if (rc == 1) {
		return 0;
	}
	if (level == 2) {
		return l1_check(dm, child);
	}
	walk_enter(&dm->walk, level - 1, child, 0);
	return 1;
}

/* An error turns the walk round: all that is built so far has to be taken apart again. */
static int walk_build(struct domain_memory *dm)
{
	struct table_walk *walk = &dm->walk;

	for (;;) {
		unsigned level = walk->level;
		mfn_t table = walk->at[level].table;
		uint64_t *entries = frame_ptr(table);
		unsigned next = walk->at[level].next;
		int rc;

		while (next < TABLE_ENTRIES &&
		       (!(entries[next] & ENTRY_PRESENT) || table_slot_is_ours(level, next))) {
			next++;
		}
		walk->at[level].next = next;
		if (next == TABLE_ENTRIES) {
			if (unlikely(table_is_refused(dm, table, level))) {
				walk->mode = WALK_UNWIND;
				return refuse(-EINVAL);
			}
			if (level == 4) {
				paging_fill_guest_root(table, false);
			}
			page_type_validated(table);
			walk->budget -= (int)(TABLE_ENTRIES / 8);
			if (!walk_leave(walk)) {
				return 0;
			}
			walk->at[walk->level].next++; /* the entry that led here */
			continue;
		}
		if (walk->budget-- <= 0) {
			return -ERESTART;
		}
		rc = build_entry(dm, level, &entries[next]);
		if (rc == 0) {
			walk->at[level].next++;
		} else if (rc < 0) {
			walk->mode = WALK_UNWIND;
			return rc;
		}
	}
}

/* --- Work that outlives the caller who began it ------------------------------------------ */

static struct table_parked *parked_find(struct domain_memory *dm, mfn_t mfn, unsigned level)
{
	for (unsigned i = 0; i < PARKED_MAX; i++) {
		struct table_parked *parked = &dm->parked[i];

		if (parked->table.n == mfn.n && parked->level == level) {
			return parked;
		}
	}
	return NULL;
}

/* A build came to its end, but not in the hands of him who began it. */
static void park(struct domain_memory *dm, struct table_parked result)
{
	struct table_parked *place = &dm->parked[dm->parked_next++ % PARKED_MAX];
	struct table_parked old = *place;

	*place = result;
	if (!mfn_is_none(old.table) && old.rc == 0) {
		page_table_put(dm, old.table);
	}
}

int page_tables_settle_slow(struct domain_memory *dm)
{
	struct table_walk *walk = &dm->walk;

	ASSERT_LOCKED(&dm->tables);
	while (walk->mode != WALK_IDLE) {
		struct table_parked result = {walk->at[walk->root].table, walk->root, walk->failed};

		if (walk->mode == WALK_UNWIND) {
			if (walk_unwind(dm)) {
				return -ERESTART;
			}
			if (result.rc) {
				park(dm, result);
			}
			continue;
		}
		result.rc = walk_build(dm);
		if (result.rc == -ERESTART) {
			return -ERESTART;
		}
		walk->failed = result.rc;
		if (result.rc == 0) {
			park(dm, result);
		}
	}
	return 0;
}

/* --- References to tables ---------------------------------------------------------------- */

int page_table_get(struct domain_memory *dm, mfn_t mfn, unsigned level)
{
	struct table_parked *parked;
	int rc;

	ASSERT_LOCKED(&dm->tables);
	if (dm->dying) {
		return refuse(-EINVAL);
	}
	parked = dm->parked_next ? parked_find(dm, mfn, level) : NULL;
	if (parked) {
		parked->table = MFN_NONE;
		return parked->rc;
	}
	rc = page_tables_settle(dm);
	if (rc == 0) {
		rc = page_type_begin(dm, mfn, (enum page_type)level);
	}
	if (rc) {
		return MIN(rc, 0);
	}
	if (level == 1) {
		return l1_check(dm, mfn);
	}
	walk_start(&dm->walk, WALK_BUILD, level, mfn);
	rc = walk_build(dm);
	if (rc && rc != -ERESTART) {
		(void)walk_unwind(dm); /* what it leaves undone the next one settles */
	}
	return rc;
}

void page_table_put(struct domain_memory *dm, mfn_t mfn)
{
	unsigned level = frame_type(mfn);

	ASSERT_LOCKED(&dm->tables);
	if (!page_type_end(mfn)) {
		return;
	}
	if (level == 1) {
		l1_drop(dm, mfn, TABLE_ENTRIES);
		return;
	}
	walk_start(&dm->walk, WALK_UNWIND, level, mfn);
	(void)walk_unwind(dm);
}

int page_table_pin(struct domain_memory *dm, mfn_t mfn, unsigned level)
{
	int rc = page_table_get(dm, mfn, level);

	if (rc) {
		return rc;
	}
	if (frame_type_word(mfn) & TYPE_PINNED) {
		page_table_put(dm, mfn);
		return refuse(-EINVAL);
	}
	atomic_fetch_or(&frame_of(mfn)->type, TYPE_PINNED);
	return 0;
}

int page_table_unpin(struct domain_memory *dm, mfn_t mfn)
{
	int rc = page_tables_settle(dm);

	if (rc) {
		return rc;
	}
	if (!frame_exists(mfn) || frame_owner(mfn) != dm->id ||
	    !(frame_type_word(mfn) & TYPE_PINNED)) {
		return refuse(-EINVAL);
	}
	atomic_fetch_and(&frame_of(mfn)->type, ~TYPE_PINNED);
	page_table_put(dm, mfn);
	return 0;
}

/* --- Single entries ---------------------------------------------------------------------- */

int page_table_change_l1(struct domain_memory *dm, struct domain_memory *owner, uint64_t *slot,
			 uint64_t entry, bool keep_ad)
{
	uint64_t old = *slot;

	if (entry & ENTRY_PRESENT) {
		int rc = l1_get(dm, owner, &entry);

		if (unlikely(rc)) {
			return refuse(rc);
		}
	} else if (absent_is_refused(dm, entry)) {
		return refuse(-EINVAL);
	}
	table_write(slot, entry, keep_ad);
	if (old & ENTRY_PRESENT) {
		l1_put(old);
	}
	return 0;
}

void page_table_move_l1(uint64_t *slot, uint64_t *from)
{
	uint64_t entry = atomic_exchange((_Atomic uint64_t *)from, 0);
	uint64_t old = atomic_exchange((_Atomic uint64_t *)slot, entry);

	if (old & ENTRY_PRESENT) {
		l1_put(old);
	}
}

int page_table_exchange_l1(struct domain_memory *dm, uint64_t *slot, uint64_t old, uint64_t entry)
{
	uint64_t before = old;
	bool same = false;
	int rc = 0;

	if (entry & ENTRY_PRESENT) {
		entry = entry_rule_l1(entry);
		same = !((entry ^ old) & ENTRY_L1_REFERENCE);
		rc = same ? 0 : l1_get(dm, dm, &entry);
	} else if (absent_is_refused(dm, entry)) {
		rc = -EINVAL;
	}
	if (rc) {
		return refuse(rc);
	}
	if (!atomic_compare_exchange_strong((_Atomic uint64_t *)slot, &before, entry)) {
		old = entry; /* which is what is not referred to, as it turns out */
		rc = -EAGAIN;
	}
	if (old & ENTRY_PRESENT && !same) {
		l1_put(old);
	}
	return rc;
}

static void write_upper(const struct domain_memory *dm, unsigned level, uint64_t *slot,
			uint64_t entry, bool keep_ad)
{
	table_write(slot, entry, keep_ad);
	if (level == 4) {
		root_entry_changed(dm);
	}
}

int page_table_set_upper(struct domain_memory *dm, unsigned level, uint64_t *slot, uint64_t entry,
			 bool keep_ad)
{
	unsigned index = (unsigned)((uintptr_t)slot % PAGE_SIZE / sizeof(*slot));
	uint64_t old = *slot;
	int rc;

	if (table_slot_is_ours(level, index)) {
		return refuse(-EINVAL);
	}
	if (entry & ENTRY_PRESENT) {
		if (entry & ENTRY_UPPER_REFUSED) {
			return refuse(-EINVAL);
		}
		entry = entry_rule_upper(entry);
		if (!((entry ^ old) & ENTRY_UPPER_REFERENCE)) {
			write_upper(dm, level, slot, entry, keep_ad);
			return 0;
		}
		rc = page_table_get(dm, entry_mfn(entry), level - 1);
	} else if (absent_is_refused(dm, entry)) {
		return refuse(-EINVAL);
	} else {
		rc = page_tables_settle(dm);
	}
	if (rc) {
		return rc;
	}
	write_upper(dm, level, slot, entry, keep_ad);
	if (old & ENTRY_PRESENT) {
		page_table_put(dm, entry_mfn(old));
	}
	return 0;
}

/* --- Looking up -------------------------------------------------------------------------- */

bool guest_translate(mfn_t root, uint64_t va, struct guest_walk *walk)
{
	mfn_t table = root;

	for (unsigned level = 4; level > 0; level--) {
		walk->level = level;
		walk->table[level] = table;
		if (!frame_is_ram(table) || table_slot_is_ours(level, table_index(va, level))) {
			walk->entry[level] = 0;
			return false;
		}
		walk->entry[level] = ((const uint64_t *)frame_ptr(table))[table_index(va, level)];
		if (!(walk->entry[level] & ENTRY_PRESENT)) {
			return false;
		}
		table = entry_table(walk->entry[level]);
	}
	return true;
}
