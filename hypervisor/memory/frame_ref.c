/* SPDX-License-Identifier: GPL-2.0-or-later */
/* References to frames: sharing the hypervisor's own, and the ways out of a domain's hands. */
#include <debug/log.h>
#include <lib/error.h>
#include <memory/frame_alloc.h>
#include <memory/frame_list.h>
#include <memory/frame_ref.h>
#include <memory/page_type.h>

#define REAP_STEPS 64

static bool ref_swap(mfn_t mfn, uint64_t *word, uint64_t new)
{
	return atomic_compare_exchange_weak_explicit(&frame_of(mfn)->ref, word, new,
						     memory_order_acq_rel, memory_order_relaxed);
}

void frame_share(mfn_t mfn, domid_t with, bool writable)
{
	struct frame *frame = frame_of(mfn);

	/* A held type of "none" admits neither writable mappings nor any other use. */
	ASSERT(frame_ref_word(mfn) == FRAME_REF(FRAME_OWNER_SELF, 1));
	atomic_store_explicit(&frame->type,
			      TYPE_OF(writable ? PAGE_WRITABLE : PAGE_NONE) | TYPE_HELD |
				      TYPE_VALIDATED | 1,
			      memory_order_relaxed);
	atomic_store_explicit(&frame->ref, FRAME_REF(with, 2), memory_order_release);
}

void frame_orphan(mfn_t mfn)
{
	uint64_t word = frame_ref_word(mfn);

	while (!ref_swap(
		mfn, &word,
		FRAME_REF(FRAME_OWNER_NONE, word & (BIT(FRAME_OWNER_SHIFT) - 1) &
						    ~(FRAME_ALLOCATED | FRAME_RELEASED)))) {
	}
}

bool frame_is_unshared(mfn_t mfn)
{
	return frame_count(mfn) == 2 && frame_type_count(mfn) == 1; /* those of frame_share() */
}

void frame_adopt(mfn_t mfn, domid_t owner)
{
	uint64_t word = frame_ref_word(mfn);

	while (!ref_swap(mfn, &word, FRAME_REF(owner, word & (BIT(FRAME_OWNER_SHIFT) - 1)))) {
	}
}

void frame_unshare(mfn_t mfn)
{
	frame_orphan(mfn);
	page_type_put(mfn);
	frame_put(mfn);
}

int frame_release(struct domain_memory *dm, mfn_t mfn)
{
	uint64_t word, new;
	bool alone;

	if (!frame_exists(mfn)) {
		return -EINVAL;
	}
	lock_acquire(&dm->frames_lock);
	word = frame_ref_word(mfn);
	do {
		if (word >> FRAME_OWNER_SHIFT != dm->id || !(word & FRAME_ALLOCATED)) {
			lock_release(&dm->frames_lock);
			return -EINVAL;
		}
		alone = (uint32_t)word == 1;
		new = alone ? FRAME_REF(FRAME_OWNER_SELF, 1)
			    : (word & ~FRAME_ALLOCATED) | FRAME_RELEASED;
	} while (!ref_swap(mfn, &word, new));

	frame_list_remove(&dm->frames, mfn);
	if (alone) {
		dm->frame_count--;
	} else {
		frame_list_add(&dm->released, mfn);
	}
	lock_release(&dm->frames_lock);
	if (alone) {
		frame_pool_put(mfn, 0);
	}
	return 0;
}

void frame_reap_released(struct domain_memory *dm)
{
	struct frame_list alone = {0};

	lock_acquire(&dm->frames_lock);
	for (unsigned step = 0; step < REAP_STEPS && dm->released.first; step++) {
		mfn_t mfn = frame_list_first(&dm->released);
		uint64_t word = FRAME_REF(dm->id, FRAME_RELEASED | 1);

		if (atomic_compare_exchange_strong(&frame_of(mfn)->ref, &word,
						   FRAME_REF(FRAME_OWNER_SELF, 1))) {
			frame_list_remove(&dm->released, mfn);
			frame_list_add(&alone, mfn);
			dm->frame_count--;
		} else {
			/* Next time begin with another one. */
			dm->released.first = FRAME_LINKS[mfn.n].next;
		}
	}
	lock_release(&dm->frames_lock);
	while (alone.first) {
		mfn_t mfn = frame_list_first(&alone);

		frame_list_remove(&alone, mfn);
		frame_pool_put(mfn, 0);
	}
}

#define RUN_ORDER 9

/* A frame that only the domain's list refers to becomes the hypervisor's. */
static bool take_alone(domid_t id, uint32_t n)
{
	uint64_t word = FRAME_REF(id, FRAME_ALLOCATED | 1);

	return frame_ref_word(MFN(n)) == word &&
	       atomic_compare_exchange_strong(&frame_of(MFN(n))->ref, &word,
					      FRAME_REF(FRAME_OWNER_SELF, 1));
}

/* Takes the list's first frames, as many as lie side by side in it, upwards or downwards. */
static uint32_t take_run(struct domain_memory *dm, uint32_t first, uint32_t *last)
{
	uint32_t n = first, count = 0, step = FRAME_LINKS[first].next - first;

	while (n >> RUN_ORDER == first >> RUN_ORDER && take_alone(dm->id, n)) {
		count++;
		*last = n;
		if (FRAME_LINKS[n].next != n + step || (step != 1 && step != UINT32_MAX)) {
			break;
		}
		n += step;
	}
	return count;
}

/* The hypervisor's frames go back in as few blocks as they make. */
static void put_run(uint64_t first, uint64_t end)
{
	while (first < end) {
		unsigned order = (unsigned)__builtin_ctzll(first | BIT(RUN_ORDER));

		while (first + BIT(order) > end) {
			order--;
		}
		frame_pool_put(MFN(first), order);
		first += BIT(order);
	}
}

uint64_t frame_free_run(struct domain_memory *dm)
{
	uint32_t first, last = 0, count = 0;

	lock_acquire(&dm->frames_lock);
	first = dm->frames.first;
	count = first ? take_run(dm, first, &last) : 0;
	if (count) {
		frame_list_cut(&dm->frames, last);
		dm->frame_count -= count;
	}
	lock_release(&dm->frames_lock);
	put_run(MIN(first, last), (uint64_t)MIN(first, last) + count);
	return count;
}

int frame_detach(struct domain_memory *dm, mfn_t mfn)
{
	uint64_t word;
	int rc = -EINVAL;

	if (!frame_exists(mfn)) {
		return -EINVAL;
	}
	word = FRAME_REF(dm->id, FRAME_ALLOCATED | 1);
	lock_acquire(&dm->frames_lock);
	if (atomic_compare_exchange_strong(&frame_of(mfn)->ref, &word,
					   FRAME_REF(FRAME_OWNER_SELF, 1))) {
		frame_list_remove(&dm->frames, mfn);
		rc = 0;
	} else if (word >> FRAME_OWNER_SHIFT == dm->id && word & FRAME_ALLOCATED) {
		rc = -EBUSY;
	}
	lock_release(&dm->frames_lock);
	return rc;
}

/*
 * Its other vCPUs may guess which frames it is given: they find them on the list, or not its own.
 */
bool frame_attach(struct domain_memory *dm, mfn_t mfn, unsigned order)
{
	bool alive;

	lock_acquire(&dm->frames_lock);
	alive = dm->frame_limit != 0;
	if (alive) {
		frame_list_add_block(&dm->frames, mfn.n, BIT(order));
		for (uint64_t n = mfn.n; n < mfn.n + BIT(order); n++) {
			atomic_store_explicit(&frame_of(MFN(n))->ref,
					      FRAME_REF(dm->id, FRAME_ALLOCATED | 1),
					      memory_order_release);
		}
	} else {
		dm->frame_count -= BIT(order); /* nobody would look for them any more */
	}
	lock_release(&dm->frames_lock);
	if (!alive) {
		frame_pool_put(mfn, order);
	}
	return alive;
}
