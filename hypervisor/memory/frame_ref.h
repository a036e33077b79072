/* SPDX-License-Identifier: GPL-2.0-or-later */
/* References to frames: whoever holds one knows that the frame is not freed under his hands. */
#ifndef MEMORY_FRAME_REF_H
#define MEMORY_FRAME_REF_H

#include <memory/frame.h>
#include <memory/memory.h>

/* One more reference, if the frame exists, is in use and belongs to `owner`. */
static inline bool frame_get(mfn_t mfn, domid_t owner)
{
	uint64_t word;

	if (unlikely(!frame_exists(mfn))) {
		return false;
	}
	word = frame_ref_word(mfn);
	do {
		/* None at all wraps to the top of the range, so one comparison serves both ends. */
		if (unlikely(word >> FRAME_OWNER_SHIFT != owner ||
			     (uint32_t)word - 1 >= FRAME_COUNT_MAX)) {
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(
		&frame_of(mfn)->ref, &word, word + 1, memory_order_acquire, memory_order_relaxed));
	return true;
}

void frame_last_put(mfn_t mfn);

static inline void frame_put(mfn_t mfn)
{
	uint64_t before = atomic_fetch_sub_explicit(&frame_of(mfn)->ref, 1, memory_order_acq_rel);

	if ((uint32_t)before == 1) {
		frame_last_put(mfn);
	}
}

/*
 * Frames of the hypervisor that a domain may map: shared_info, grant tables, vCPU areas. The frame
 * becomes the domain's, but neither counted nor its to give back, and its type is held, so that it
 * never becomes a page table. unshare takes it back from the domain; it is freed when the last
 * mapping of it has gone.
 */
void frame_share(mfn_t mfn, domid_t with, bool writable);
void frame_unshare(mfn_t mfn);

/*
 * While such a frame is an orphan, so that nobody new can refer to it: whether nobody does any
 * more, and back into its owner's hands if that is not so.
 */
bool frame_is_unshared(mfn_t mfn);
void frame_adopt(mfn_t mfn, domid_t owner);

/* Its owner is gone: who refers to it keeps it, nobody can refer to it any more. */
void frame_orphan(mfn_t mfn);

/*
 * The owner gives a frame back. If it holds the only reference the frame is free at once;
 * otherwise the frame stays charged to it, on the list of released frames, until
 * frame_reap_released() finds it alone. -EINVAL: not its frame, or given back already.
 */
int frame_release(struct domain_memory *dm, mfn_t mfn);
void frame_reap_released(struct domain_memory *dm);

/*
 * For a domain that dies: the first of its frames, and those that follow in the list and in memory
 * too, are free at once, as far as nobody refers to them. How many that were.
 */
uint64_t frame_free_run(struct domain_memory *dm);

/*
 * Detach takes a frame that nobody else refers to (else -EBUSY) out of the domain's hands and makes
 * it the hypervisor's; attach puts 2^order of the hypervisor's frames into them, or, if the domain
 * has begun to die meanwhile, frees them and is false. The domain stays charged for what is
 * detached, and has been charged for what is attached.
 */
int frame_detach(struct domain_memory *dm, mfn_t mfn);
bool frame_attach(struct domain_memory *dm, mfn_t mfn, unsigned order);

#endif
