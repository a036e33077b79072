/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of a domain's page tables that map what another has granted. */
#ifndef MEMORY_MMU_GRANT_H
#define MEMORY_MMU_GRANT_H

#include <memory/page_table.h>

/* Which L1 entry: that of a virtual address under a root in use, or the one at a machine address.
 */
struct grant_place {
	mfn_t root;
	uint64_t at;
	bool at_entry;
};

/*
 * All take dm->tables themselves. -ERESTART: nothing is done yet, call again. The entry holds the
 * frame, which is one of `owner`; unmapping is refused unless the entry maps this frame with this
 * right, so that nobody gives back a mapping and keeps it.
 */
int mmu_map_grant(struct domain_memory *dm, struct domain_memory *owner,
		  const struct grant_place *place, uint64_t entry);
int mmu_unmap_grant(struct domain_memory *dm, const struct grant_place *place, mfn_t mfn,
		    bool writable);

/* Like unmapping, but what maps the address `from` comes here, and leaves nothing there. */
int mmu_replace_grant(struct domain_memory *dm, const struct grant_place *place, mfn_t mfn,
		      bool writable, uint64_t from);

#endif
