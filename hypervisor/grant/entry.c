/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants: entries, read and marked while their owner may write them, and the counting of uses. */
#include <debug/log.h>
#include <grant/entry.h>
#include <lib/error.h>
#include <lib/index.h>

#define TRIES 8 /* to mark an entry that the guest changes at the same time */

_Static_assert(sizeof(struct grant_active) == 16, "two pages for 512 references");
_Static_assert(sizeof(struct grant_entry_v1) == 8, "the ABI's size");
_Static_assert(sizeof(union grant_entry_v2) == 16, "the ABI's size");

#define MARK_READ  ((uint32_t)GTF_reading)
#define MARK_WRITE ((uint32_t)GTF_writing)

/* Whether an entry with this word of flags and domain admits a use, and of which kind it is. */
static bool admits(const struct domain_grants *g, uint32_t word, domid_t grantee, unsigned how,
		   uint16_t *kind)
{
	uint32_t type = word & GTF_type_mask;

	if (unlikely(word >> 16 != grantee || (how & GRANT_WRITE && word & GTF_readonly))) {
		return false;
	}
	if (likely(type == GTF_permit_access && !(word & GTF_sub_page))) {
		*kind = GRANT_PAGE;
		return true;
	}
	/* Version 1 has nothing but pages; to map what claims to be less is refused all the same.
	 */
	if (!(how & GRANT_COPY) ||
	    (type == GTF_transitive && (g->version == 1 || !g->transitive))) {
		return false;
	}
	*kind = type == GTF_transitive ? GRANT_TRANSITIVE
		: g->version == 1      ? GRANT_PAGE
				       : GRANT_PART;
	return type == GTF_transitive || type == GTF_permit_access;
}

/*
 * Sets the marks in an entry that admits the use. Version 1: flags, domain and marks are one word,
 * so they are judged and changed together. Version 2: the marks are elsewhere; who wants to take
 * the entry back changes its flags first and looks for marks then, so we set marks first and look
 * whether the flags are the same then, and one of us sees the other.
 */
static bool mark(struct domain_grants *g, uint32_t ref, domid_t grantee, unsigned how,
		 uint32_t marks, struct grant_active *as)
{
	uint32_t *at = entry_word(g, ref), word = __atomic_load_n(at, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < TRIES; i++) {
		uint32_t was = word;

		if (!admits(g, was, grantee, how, &as->kind)) {
			return false;
		}
		if (likely(g->version == 1)) {
			if (__atomic_compare_exchange_n(at, &word, was | marks, false,
							__ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
				return true;
			}
			continue;
		}
		__atomic_fetch_or(entry_status(g, ref), (grant_status_t)marks, __ATOMIC_SEQ_CST);
		word = __atomic_load_n(at, __ATOMIC_SEQ_CST);
		if (likely(word == was)) {
			return true;
		}
		entry_clear_marks(g, ref, marks);
	}
	return false;
}

/* What an entry says beside its word, each field read once. */
static int read_rest(struct domain_grants *g, uint32_t ref, struct grant_active *active,
		     struct grant_use *use)
{
	union grant_entry_v2 *v2;
	uint64_t frame;

	use->offset = 0;
	use->length = PAGE_SIZE;
	if (active->kind == GRANT_PAGE && active->pins) {
		use->mfn = MFN(active->mfn);
		return GNTST_okay;
	}
	if (likely(g->version == 1)) {
		frame = __atomic_load_n(&find_v1(g, ref)->frame, __ATOMIC_RELAXED);
	} else {
		v2 = find_v2(g, ref);
		if (active->kind == GRANT_TRANSITIVE) {
			use->third_domid =
				__atomic_load_n(&v2->transitive.trans_domid, __ATOMIC_RELAXED);
			use->third_ref = __atomic_load_n(&v2->transitive.gref, __ATOMIC_RELAXED);
			return GNTST_okay;
		}
		if (active->kind == GRANT_PART) {
			use->offset = __atomic_load_n(&v2->sub_page.page_off, __ATOMIC_RELAXED);
			use->length = __atomic_load_n(&v2->sub_page.length, __ATOMIC_RELAXED);
		}
		frame = __atomic_load_n(&v2->full_page.frame, __ATOMIC_RELAXED);
	}
	if (frame > UINT32_MAX) {
		return refuse(GNTST_bad_page);
	}
	active->mfn = (uint32_t)frame;
	use->mfn = MFN(frame);
	return GNTST_okay;
}

static __attribute__((noinline)) int pin_locked(struct domain_grants *g, uint64_t number,
						domid_t grantee, unsigned how,
						struct grant_use *use)
{
	bool write = how & GRANT_WRITE;
	struct grant_active *active, first;
	uint32_t ref, marks;
	int status;

	if (unlikely(!index_ok(&number, entry_count(g)))) {
		return refuse(GNTST_bad_gntref);
	}
	ref = (uint32_t)number;
	active = find_active(g, ref);
	first = *active;
	marks = (first.pins ? 0 : MARK_READ) | (write && !first.writers ? MARK_WRITE : 0);
	if (unlikely(first.pins && (first.domid != grantee || first.pins == UINT32_MAX ||
				    (first.kind != GRANT_PAGE && !(how & GRANT_COPY))))) {
		return refuse(GNTST_general_error);
	}
	/* A page in use with the right that is asked for has been judged already. */
	if (marks || first.kind != GRANT_PAGE) {
		if (!mark(g, ref, grantee, how, marks, &first)) {
			return refuse(GNTST_general_error);
		}
		if (active->pins && first.kind != active->kind) {
			entry_clear_marks(g, ref, marks);
			return refuse(GNTST_general_error);
		}
	}
	use->kind = first.kind;
	status = read_rest(g, ref, &first, use);
	if (unlikely(status != GNTST_okay)) {
		entry_clear_marks(g, ref, marks);
		return status;
	}
	g->in_use += !first.pins && ref >= GNTTAB_NR_RESERVED_ENTRIES;
	active->mfn = first.mfn;
	active->kind = first.kind;
	active->domid = grantee;
	active->pins = first.pins + 1;
	active->writers = first.writers + write;
	return GNTST_okay;
}

/*
 * What most uses are: the first one of a page by an entry of version 1, which nobody changes at
 * this moment. False: it is something else, or not admitted, and nothing has happened.
 */
static inline bool pin_quickly(struct domain_grants *g, uint64_t ref, domid_t grantee, unsigned how,
			       struct grant_use *use)
{
	bool write = how & GRANT_WRITE;
	uint32_t judged = 0xffff0000U | GTF_type_mask | GTF_sub_page | (write ? GTF_readonly : 0);
	struct grant_entry_v1 *entry;
	struct grant_active *active;
	uint32_t word;

	if (unlikely(g->version != 1 || !index_ok(&ref, g->frame_count * GRANT_ACTIVE_EACH))) {
		return false;
	}
	entry = (struct grant_entry_v1 *)g->shared[ref / GRANT_ACTIVE_EACH] +
		ref % GRANT_ACTIVE_EACH;
	active = find_active(g, (uint32_t)ref);
	word = __atomic_load_n((uint32_t *)(void *)entry, __ATOMIC_RELAXED);
	if (unlikely(active->pins ||
		     (word & judged) != ((uint32_t)grantee << 16 | GTF_permit_access)) ||
	    unlikely(!__atomic_compare_exchange_n((uint32_t *)(void *)entry, &word,
						  word | MARK_READ | (write ? MARK_WRITE : 0),
						  false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))) {
		return false;
	}
	active->mfn = __atomic_load_n(&entry->frame, __ATOMIC_RELAXED);
	active->domid = grantee;
	active->kind = GRANT_PAGE;
	active->pins = 1;
	active->writers = write;
	g->in_use += ref >= GNTTAB_NR_RESERVED_ENTRIES;
	use->kind = GRANT_PAGE;
	use->mfn = MFN(active->mfn);
	use->offset = 0;
	use->length = PAGE_SIZE;
	return true;
}

int grant_pin(struct domain_grants *g, uint32_t ref, domid_t grantee, unsigned how,
	      struct grant_use *use)
{
	int status = GNTST_okay;

	lock_acquire(&g->lock);
	if (unlikely(!pin_quickly(g, ref, grantee, how, use))) {
		status = pin_locked(g, ref, grantee, how, use);
	}
	lock_release(&g->lock);
	return status;
}

void grant_unpin(struct domain_grants *g, uint32_t ref, bool write)
{
	struct grant_active *active;
	uint32_t marks = 0;

	lock_acquire(&g->lock);
	active = find_active(g, ref);
	ASSERT(active->pins > 0 && active->writers >= (uint32_t)write);
	active->writers -= write;
	active->pins--;
	if (write && !active->writers) {
		marks |= MARK_WRITE;
	}
	if (!active->pins) {
		marks |= MARK_READ;
		g->in_use -= ref >= GNTTAB_NR_RESERVED_ENTRIES;
	}
	if (marks) {
		entry_clear_marks(g, ref, marks);
	}
	lock_release(&g->lock);
}
