/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of frames: rings through the cold records. The caller holds the lock that guards the list.
 */
#ifndef MEMORY_FRAME_LIST_H
#define MEMORY_FRAME_LIST_H

#include <memory/frame.h>
#include <memory/memory.h>

/* The beginning of the list, from its first frame to that one. */
static inline void frame_list_cut(struct frame_list *list, uint32_t last)
{
	uint32_t before = FRAME_LINKS[list->first].prev, after = FRAME_LINKS[last].next;

	FRAME_LINKS[before].next = after;
	FRAME_LINKS[after].prev = before;
	list->first = after == list->first ? 0 : after;
}

static inline mfn_t frame_list_first(const struct frame_list *list)
{
	return list->first ? MFN(list->first) : MFN_NONE;
}

/* Neighbours, as if they were added one after the other: who was added last is first. */
static inline void frame_list_add_block(struct frame_list *list, uint64_t first, uint64_t count)
{
	uint32_t begin = (uint32_t)first, end = (uint32_t)(first + count - 1);
	uint32_t next = list->first, last = next ? FRAME_LINKS[next].prev : begin;

	for (uint64_t i = 0; i < count; i++) {
		uint32_t n = begin + (uint32_t)i;

		FRAME_LINKS[n] = (struct frame_links){.prev = n + 1, .next = n - 1};
	}
	FRAME_LINKS[end].prev = last;
	FRAME_LINKS[last].next = end;
	if (next) {
		FRAME_LINKS[begin].next = next;
		FRAME_LINKS[next].prev = begin;
	}
	list->first = end;
}

static inline void frame_list_add(struct frame_list *list, mfn_t mfn)
{
	frame_list_add_block(list, mfn.n, 1);
}

static inline void frame_list_remove(struct frame_list *list, mfn_t mfn)
{
	uint32_t n = (uint32_t)mfn.n;
	struct frame_links links = FRAME_LINKS[n];

	FRAME_LINKS[links.prev].next = links.next;
	FRAME_LINKS[links.next].prev = links.prev;
	if (list->first == n) {
		list->first = links.next == n ? 0 : links.next;
	}
}

#endif
