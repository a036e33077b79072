/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's page tables as the processor would walk them, read through the map of all RAM. */
#ifndef ARCH_GUEST_WALK_H
#define ARCH_GUEST_WALK_H

#include <lib/base.h>

/*
 * What lies on the way to an address: entry[4] of the root table down to entry[level], the last
 * one that was read; it is not present, or level is 1.
 */
struct guest_walk {
	unsigned level;
	mfn_t table[5];
	uint64_t entry[5];
};

/* True: it comes to a present entry of level 1. Tables may change under it: a hint, no more. */
bool guest_walk(struct guest_walk *walk, mfn_t root, uint64_t va);

static inline paddr_t guest_walk_entry_at(const struct guest_walk *walk, uint64_t va)
{
	return mfn_to_paddr(walk->table[walk->level]) +
	       (va >> (12 + 9 * (walk->level - 1)) & 511) * 8;
}

#endif
