/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of frames: what a frame is used as, and who keeps it that way. The essay is in the .c. */
#ifndef MEMORY_PAGE_TYPE_H
#define MEMORY_PAGE_TYPE_H

#include <lib/error.h>
#include <lib/index.h>
#include <memory/frame_ref.h>

/*
 * Of a frame that is about to get this type, before a lock is taken under which it does: the flush
 * that this needs is waited for here, where nobody waits for the lock meanwhile. Worth asking of a
 * domain that runs on several CPUs.
 */
void page_type_expect(struct domain_memory *owner, mfn_t mfn, enum page_type type);

static inline bool is_on_several_cpus(const struct domain_memory *dm)
{
	cpu_mask_t cpus = atomic_load_explicit(&dm->cached_on, memory_order_relaxed);

	return cpus & (cpus - 1);
}

/* --- Writable: no contents to check, so these need no lock ------------------------------- */

/*
 * One more reference as a writable frame of `owner`; `foreign` if it is another domain that maps
 * it. The first reference of a type holds one on the frame, so the others need not.
 */
int page_writable_get(struct domain_memory *owner, mfn_t mfn, bool foreign);
void page_type_put_last(mfn_t mfn, uint64_t word);

static inline void page_type_put(mfn_t mfn)
{
	uint64_t word = frame_type_word(mfn);

	while (likely((uint32_t)word > 1)) {
		if (atomic_compare_exchange_weak_explicit(&frame_of(mfn)->type, &word, word - 1,
							  memory_order_acq_rel,
							  memory_order_relaxed)) {
			return;
		}
	}
	page_type_put_last(mfn, word);
}

/* --- The types with contents to check; owner->tables is held ----------------------------- */

/*
 * A reference to a frame of `owner` as a table or a frame of descriptors. 1: it is one already, and
 * there is nothing to do. 0: it has become one; the caller checks the contents and then says
 * page_type_validated(), or takes back what it did and says page_type_finish(). Else: refused.
 */
int page_type_begin(struct domain_memory *owner, mfn_t mfn, enum page_type type);
void page_type_validated(mfn_t mfn);

/*
 * Drops such a reference. True: it was the last; the frame is not valid any more, the caller drops
 * what its contents refer to, and then says page_type_finish().
 */
bool page_type_end(mfn_t mfn);
void page_type_finish(mfn_t mfn);

/*
 * The word at a machine address, if its frame is a valid table of this level, or of descriptors,
 * and of this owner; else null. The type of a table changes under the lock only, so it needs no
 * reference. Ahead of the check a processor may look at the first frame, at no secret.
 */
static inline uint64_t *page_word(const struct domain_memory *owner, paddr_t at,
				  enum page_type type)
{
	mfn_t mfn = paddr_to_mfn(at);
	uint64_t fits;

	if (unlikely(!index_ok(&mfn.n, frame_end))) {
		return NULL;
	}
	fits = ((frame_type_word(mfn) & (TYPE_MASK | TYPE_VALIDATED)) ==
		(TYPE_OF(type) | TYPE_VALIDATED)) &
	       (frame_owner(mfn) == owner->id);
	if (unlikely(!fits)) {
		return NULL;
	}
	return (uint64_t *)frame_ptr(MFN(value_if(mfn.n, fits))) + at % PAGE_SIZE / 8;
}

/* Frames of descriptors, for GDT and LDT. They take owner->tables themselves. */
int page_descriptor_get(struct domain_memory *owner, mfn_t mfn);
void page_descriptor_put(struct domain_memory *owner, mfn_t mfn);

/* Who maps a frame of RAM agrees on its memory type: an index into the ABI's PAT. */
int page_cache_set(mfn_t mfn, unsigned pat_index);

#endif
