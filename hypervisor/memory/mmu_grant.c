/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of a domain's page tables that map what another has granted. */
#include <debug/log.h>
#include <memory/mmu_grant.h>

static uint64_t *find_slot(struct domain_memory *dm, const struct grant_place *place)
{
	if (!place->at_entry) {
		return page_table_find_l1(place->root, place->at);
	}
	return place->at % sizeof(uint64_t) ? NULL : page_word(dm, place->at, PAGE_L1);
}

int mmu_map_grant(struct domain_memory *dm, struct domain_memory *owner,
		  const struct grant_place *place, uint64_t entry)
{
	uint64_t *slot;
	int rc;

	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	if (rc == 0) {
		slot = find_slot(dm, place);
		/* Even where the entry is there already: whose the frame is has to be looked at. */
		rc = slot ? page_table_change_l1(dm, owner, slot, entry_rule_l1(entry), false)
			  : refuse(-EINVAL);
	}
	page_tables_unlock(dm);
	return rc;
}

static bool maps(const uint64_t *slot, mfn_t mfn, bool writable)
{
	uint64_t entry = __atomic_load_n(slot, __ATOMIC_RELAXED);

	return entry & ENTRY_PRESENT && entry_mfn(entry).n == mfn.n &&
	       !(entry & ENTRY_WRITE) == !writable;
}

int mmu_unmap_grant(struct domain_memory *dm, const struct grant_place *place, mfn_t mfn,
		    bool writable)
{
	uint64_t *slot;
	int rc;

	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	if (rc == 0) {
		slot = find_slot(dm, place);
		rc = slot && maps(slot, mfn, writable) ? page_table_set_l1(dm, dm, slot, 0, false)
						       : refuse(-EINVAL);
	}
	page_tables_unlock(dm);
	return rc;
}

/* The entry moves as it is, with the reference it holds. */
int mmu_replace_grant(struct domain_memory *dm, const struct grant_place *place, mfn_t mfn,
		      bool writable, uint64_t from)
{
	uint64_t *slot, *other;
	int rc;

	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	if (rc == 0) {
		slot = find_slot(dm, place);
		other = page_table_find_l1(place->root, from);
		if (slot && other && slot != other && maps(slot, mfn, writable)) {
			page_table_move_l1(slot, other);
		} else {
			rc = refuse(-EINVAL);
		}
	}
	page_tables_unlock(dm);
	return rc;
}
