/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages of a new domain that are written to, in our memory. Most of a new domain is zero and
 * stays so: what is not wanted is not mapped, and what is wanted lies side by side, in the order of
 * the PFNs.
 */
#ifndef LIB_GUEST_PAGES_H
#define LIB_GUEST_PAGES_H

#include <lib/foreign.h>
#include <stdbool.h>

struct guest_pages {
	uint64_t end;	/* PFNs are below it */
	uint32_t *slot; /* of each PFN: its place in memory, counted from 1; 0: not wanted */
	uint64_t count;
	uint8_t *memory;
};

int guest_pages_init(struct guest_pages *pages, uint64_t end);
void guest_pages_want(struct guest_pages *pages, uint64_t first, uint64_t count);

/* Maps those that are wanted; frames[] has the frame of each PFN. */
int guest_pages_map(struct guest_pages *pages, domid_t domid, const uint64_t *frames);

/* One that was wanted; those that follow it, if they were too, lie behind it. */
static inline uint8_t *guest_page(const struct guest_pages *pages, uint64_t pfn)
{
	return pages->memory + (pages->slot[pfn] - 1) * (uint64_t)FOREIGN_PAGE;
}

/* Nothing of the domain is mapped afterwards. */
void guest_pages_free(struct guest_pages *pages);

#endif
