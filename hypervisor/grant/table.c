/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants: a domain's table, and the counting of what is in use. */
#include <debug/log.h>
#include <grant/grant.h>
#include <lib/error.h>
#include <lib/heap.h>
#include <memory/frame_alloc.h>
#include <memory/frame_ref.h>

#define TRIES	     8 /* to change an entry that the guest changes at the same time */
#define ACTIVE_BYTES (GRANT_ENTRIES_PER_FRAME * sizeof(struct grant_active))

_Static_assert(sizeof(struct grant_active) == 16, "two pages for each page of entries");
_Static_assert(sizeof(struct grant_entry_v1) == 8, "the ABI's size");

/* --- Life ---------------------------------------------------------------------------------- */

void grant_domain_init(struct domain_grants *g, domid_t id, const struct grant_limits *limits)
{
	static _Atomic uint32_t next_generation;

	*g = (struct domain_grants){
		.id = id,
		.generation = atomic_fetch_add(&next_generation, 1),
		.lock = LOCK_INIT(LOCK_GRANT_TABLE),
		.handles_lock = LOCK_INIT(LOCK_MAPTRACK),
		.version = 1,
		.version_limit = limits->version,
		.frame_limit = limits->frames,
		.handle_page_limit = limits->handle_pages,
		.free_handle = GRANT_NO_HANDLE,
	};
}

void grant_domain_free(struct domain_grants *g)
{
	for (unsigned i = 0; i < g->frame_count; i++) {
		frame_unshare(frame_of_ptr(g->shared[i]));
		heap_free(g->active[i], ACTIVE_BYTES);
	}
	heap_free(g->shared, g->frame_limit * sizeof(*g->shared));
	heap_free(g->active, g->frame_limit * sizeof(*g->active));
	for (unsigned i = 0; i < g->handle_pages; i++) {
		heap_free(g->handles[i], PAGE_SIZE);
	}
	heap_free(g->handles, g->handle_page_limit * sizeof(*g->handles));
	g->shared = NULL;
	g->active = NULL;
	g->handles = NULL;
	g->frame_count = g->handle_pages = 0;
}

/* --- The table ----------------------------------------------------------------------------- */

static int add_frame(struct domain_grants *g)
{
	struct grant_active *active;
	mfn_t mfn;

	if (!g->shared) {
		g->shared = heap_alloc(g->frame_limit * sizeof(*g->shared));
	}
	if (!g->active) {
		g->active = heap_alloc(g->frame_limit * sizeof(*g->active));
	}
	if (!g->shared || !g->active) {
		return -ENOMEM;
	}
	active = heap_alloc(ACTIVE_BYTES);
	mfn = active ? frame_alloc(0, 0) : MFN_NONE;
	if (mfn_is_none(mfn)) {
		heap_free(active, ACTIVE_BYTES);
		return -ENOMEM;
	}
	frame_share(mfn, g->id, true);
	g->shared[g->frame_count] = frame_ptr(mfn);
	g->active[g->frame_count] = active;
	g->frame_count++;
	return 0;
}

int grant_grow(struct domain_grants *g, unsigned frames)
{
	int rc = 0;

	if (frames > g->frame_limit) {
		return refuse(-ENOSPC);
	}
	lock_acquire(&g->lock);
	while (!rc && g->frame_count < frames) {
		rc = add_frame(g);
	}
	lock_release(&g->lock);
	return rc;
}

mfn_t grant_frame(struct domain_grants *g, unsigned index)
{
	mfn_t mfn;

	lock_acquire(&g->lock);
	mfn = index < g->frame_count ? frame_of_ptr(g->shared[index]) : MFN_NONE;
	lock_release(&g->lock);
	return mfn;
}

unsigned grant_frame_count(struct domain_grants *g)
{
	unsigned count;

	lock_acquire(&g->lock);
	count = g->frame_count;
	lock_release(&g->lock);
	return count;
}

/* --- Entries ------------------------------------------------------------------------------- */

static struct grant_entry_v1 *find_entry(struct domain_grants *g, uint32_t ref)
{
	struct grant_entry_v1 *entries = g->shared[ref / GRANT_ENTRIES_PER_FRAME];

	return entries + ref % GRANT_ENTRIES_PER_FRAME;
}

static struct grant_active *find_active(struct domain_grants *g, uint32_t ref)
{
	return g->active[ref / GRANT_ENTRIES_PER_FRAME] + ref % GRANT_ENTRIES_PER_FRAME;
}

/* Flags and domain of an entry are one word, so that they are judged and changed together. */
static uint32_t *entry_word(struct grant_entry_v1 *entry)
{
	return (uint32_t *)(void *)entry;
}

/* Sets GTF_reading, and GTF_writing for a writer, if the entry permits that. */
static bool mark_in_use(struct grant_entry_v1 *entry, domid_t grantee, bool write)
{
	uint32_t *word = entry_word(entry);
	uint32_t was = __atomic_load_n(word, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < TRIES; i++) {
		if ((was & GTF_type_mask) != GTF_permit_access || was >> 16 != grantee ||
		    (write && was & GTF_readonly)) {
			return false;
		}
		if (__atomic_compare_exchange_n(word, &was,
						was | GTF_reading | (write ? GTF_writing : 0),
						false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
			return true;
		}
	}
	return false;
}

static void clear_in_use(struct grant_entry_v1 *entry, uint32_t bits)
{
	__atomic_fetch_and(entry_word(entry), ~bits, __ATOMIC_SEQ_CST);
}

int grant_pin(struct domain_grants *g, uint32_t ref, domid_t grantee, bool write, mfn_t *mfn)
{
	struct grant_entry_v1 *entry;
	struct grant_active *active;
	int status = GNTST_okay;

	lock_acquire(&g->lock);
	if (ref >= g->frame_count * GRANT_ENTRIES_PER_FRAME) {
		lock_release(&g->lock);
		return refuse(GNTST_bad_gntref);
	}
	entry = find_entry(g, ref);
	active = find_active(g, ref);
	if ((active->pins && active->domid != grantee) || active->pins == UINT32_MAX) {
		status = refuse(GNTST_general_error);
	} else if (!active->pins || (write && !active->writers)) {
		status = mark_in_use(entry, grantee, write) ? GNTST_okay
							    : refuse(GNTST_general_error);
	}
	if (status == GNTST_okay) {
		if (!active->pins) {
			active->domid = grantee;
			active->mfn = __atomic_load_n(&entry->frame, __ATOMIC_RELAXED);
		}
		active->pins++;
		active->writers += write;
		*mfn = MFN(active->mfn);
	}
	lock_release(&g->lock);
	return status;
}

void grant_unpin(struct domain_grants *g, uint32_t ref, bool write)
{
	struct grant_active *active;
	uint32_t bits = 0;

	lock_acquire(&g->lock);
	active = find_active(g, ref);
	ASSERT(active->pins > 0 && active->writers >= (uint32_t)write);
	active->writers -= write;
	active->pins--;
	if (write && !active->writers) {
		bits |= GTF_writing;
	}
	if (!active->pins) {
		bits |= GTF_reading;
	}
	if (bits) {
		clear_in_use(find_entry(g, ref), bits);
	}
	lock_release(&g->lock);
}

int grant_swap(struct domain_grants *g, uint32_t a, uint32_t b)
{
	int status = GNTST_okay;

	lock_acquire(&g->lock);
	if (a >= g->frame_count * GRANT_ENTRIES_PER_FRAME ||
	    b >= g->frame_count * GRANT_ENTRIES_PER_FRAME) {
		status = refuse(GNTST_bad_gntref);
	} else if (find_active(g, a)->pins || find_active(g, b)->pins) {
		status = refuse(GNTST_eagain);
	} else {
		struct grant_entry_v1 copy = *find_entry(g, a);

		*find_entry(g, a) = *find_entry(g, b);
		*find_entry(g, b) = copy;
	}
	lock_release(&g->lock);
	return status;
}
