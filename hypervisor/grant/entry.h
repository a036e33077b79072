/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants: where the entries of a table are, for the files of this folder. Its lock is held. */
#ifndef GRANT_ENTRY_H
#define GRANT_ENTRY_H

#include <grant/grant.h>

/* log2 of an entry's bytes. */
static inline unsigned entry_shift(const struct domain_grants *g)
{
	return g->version + 2;
}

static inline uint32_t entries_each(const struct domain_grants *g)
{
	return (uint32_t)(PAGE_SIZE >> entry_shift(g));
}

static inline uint32_t entry_count(const struct domain_grants *g)
{
	return g->frame_count << (PAGE_SHIFT - entry_shift(g));
}

static inline void *entry_at(const struct domain_grants *g, uint32_t ref)
{
	uint64_t at = (uint64_t)ref << entry_shift(g);

	return (char *)g->shared[at >> PAGE_SHIFT] + at % PAGE_SIZE;
}

static inline struct grant_entry_v1 *find_v1(const struct domain_grants *g, uint32_t ref)
{
	return entry_at(g, ref);
}

static inline union grant_entry_v2 *find_v2(const struct domain_grants *g, uint32_t ref)
{
	return entry_at(g, ref);
}

/* Flags below, domain above: both versions begin with this word. */
static inline uint32_t *entry_word(const struct domain_grants *g, uint32_t ref)
{
	return entry_at(g, ref);
}

/* Version 2 only. */
static inline grant_status_t *entry_status(const struct domain_grants *g, uint32_t ref)
{
	return g->status[ref / GRANT_STATUS_EACH] + ref % GRANT_STATUS_EACH;
}

static inline struct grant_active *find_active(const struct domain_grants *g, uint32_t ref)
{
	return g->active[ref / GRANT_ACTIVE_EACH] + ref % GRANT_ACTIVE_EACH;
}

/* Of GTF_reading and GTF_writing. */
static inline void entry_clear_marks(struct domain_grants *g, uint32_t ref, uint32_t marks)
{
	if (likely(g->version == 1)) {
		__atomic_fetch_and(entry_word(g, ref), ~marks, __ATOMIC_SEQ_CST);
	} else {
		__atomic_fetch_and(entry_status(g, ref), (grant_status_t)~marks, __ATOMIC_SEQ_CST);
	}
}

#endif
