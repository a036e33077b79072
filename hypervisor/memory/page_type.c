/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of frames: the state machine that keeps guests out of each other and of their page tables.
 */
#include <debug/log.h>
#include <memory/page_type.h>

/*
 * THE INVARIANT. A guest builds its page tables itself, in its own frames, and the processor walks
 * them as they are. That is safe because
 *
 *   (1) a frame has one type at a time, and keeps it while a reference of that type is left;
 *   (2) a frame becomes a page table only after each entry in it has been found admissible, and
 *       each entry holds a reference to what it points at, of the type that its use needs:
 *
 *         an entry of           that              holds
 *         L4, L3, L2            is present        a type reference: L3, L2, L1
 *         L1                    is writable       a type reference: writable
 *         L1                    is read-only      a reference to the frame
 *         CR3 of a vCPU                           a type reference: L4
 *         GDT or LDT of a vCPU                    a type reference: descriptor
 *
 *   (3) every frame but those a caller was given leave to (grants, a privileged caller's foreign
 *       mappings, permitted I/O memory) belongs to the domain whose table points at it.
 *
 * So no frame is both a table and writable to any guest, from which it follows that a guest changes
 * its tables through the hypervisor only, which checks again; and a guest maps nothing that is not
 * its own or was not offered. Tables point downwards only: an L4 is never an L3 of itself, so there
 * is no linear mapping of the tables, and the type references between tables form no cycle. Linux
 * needs none; a guest that tries is told -EINVAL.
 *
 * THE STATES of a frame's type, and who moves it:
 *
 *                        begin                   validated
 *        +--> not held --------> held, not valid --------> held, valid <-+
 *        |   (last type,  <-------      |                   |     |      | begin, end
 *        |    stamp)       finish       | contents bad      |     +------+ (others left)
 *        |                              v                   |
 *        +------------------------ held, not valid <--------+
 *                  finish           (taking apart)   end (the last)
 *
 * "Writable" has no contents to check, is valid at once, and moves without a lock, by
 * compare-and-swap: a back end maps frames of other domains on any CPU. All other types are moved
 * under the `tables` lock of the frame's owner, one lock a domain: it is held for a bounded time
 * only (page_table.c stops and goes on later), a guest's kernel mostly serialises its page-table
 * work by locks of its own, and under one lock nothing needs a reference to a table for just
 * looking at it, which is what makes a single update cheap.
 *
 * THE TLB RULE. A processor may use a translation long after the entry it came from has gone, and
 * a paging-structure entry after the table has. Therefore when the last reference of a type goes
 * the frame keeps the time (tlb_clock()), and it takes another type only after every CPU that may
 * hold translations of its owner has flushed since. If another domain ever had it writable, that is
 * every CPU; and so it is when a free frame gets a new owner (frame_alloc.c). Same type again needs
 * no flush: the reason why a frame that goes back and forth between being mapped and unmapped costs
 * nothing.
 *
 *   ABA: between the flush and the swap that sets the new type another CPU may have had the frame
 *   writable once more. Then its word bears a later stamp, because the flush has moved the clock
 *   past the old one, the swap fails, and we begin anew.
 */

static bool type_swap(mfn_t mfn, uint64_t *word, uint64_t new)
{
	return atomic_compare_exchange_weak_explicit(&frame_of(mfn)->type, word, new,
						     memory_order_acq_rel, memory_order_relaxed);
}

/* What outlives a change of type. */
static uint64_t type_kept(uint64_t word)
{
	return word & (TYPE_CACHE_MASK | TYPE_FOREIGN);
}

static void flush_for_new_type(struct domain_memory *owner, uint64_t word)
{
	cpu_mask_t cpus = word & TYPE_FOREIGN ? CPU_MASK_ALL : atomic_load(&owner->cached_on);

	tlb_flush_stale(cpus, (uint32_t)word);
}

/*
 * A guess, made with no lock, that nothing rests on: type_take() looks again, and mostly finds that
 * enough has been flushed. It asks for the owner so that no guest makes processors flush for a
 * frame that it could not have anyway.
 */
void page_type_expect(struct domain_memory *owner, mfn_t mfn, enum page_type type)
{
	enum page_type last;
	uint64_t word;

	if (!frame_exists(mfn) || frame_owner(mfn) != owner->id) {
		return;
	}
	word = frame_type_word(mfn);
	last = (enum page_type)(word >> TYPE_SHIFT);
	if (!(word & TYPE_HELD) && last != type && last != PAGE_NONE) {
		flush_for_new_type(owner, word);
	}
}

/* The heart. 1: one more reference of a type that it has; 0: the first; else refused. */
static int type_take(struct domain_memory *owner, mfn_t mfn, enum page_type type, uint64_t flags)
{
	uint64_t word, new;
	bool first;

	if (!frame_get(mfn, owner->id)) {
		return -EINVAL;
	}
	word = frame_type_word(mfn);
	do {
		first = !(word & TYPE_HELD);
		if (first) {
			enum page_type last = (enum page_type)(word >> TYPE_SHIFT);

			if (last != type && last != PAGE_NONE) {
				flush_for_new_type(owner, word);
			}
			new = TYPE_OF(type) | type_kept(word) | TYPE_HELD | flags | 1;
		} else {
			if (word >> TYPE_SHIFT != type || !(word & TYPE_VALIDATED) ||
			    (uint32_t)word >= FRAME_COUNT_MAX) {
				frame_put(mfn);
				return -EINVAL;
			}
			new = (word | flags) + 1;
		}
	} while (!type_swap(mfn, &word, new));

	if (!first) {
		frame_put(mfn); /* the first type reference holds one already */
	}
	return !first;
}

/* It is writable already. Held now, its owner cannot change under us; but it may have, before. */
static int writable_confirm(struct domain_memory *owner, mfn_t mfn)
{
	if (unlikely(frame_owner(mfn) != owner->id)) {
		page_type_put(mfn);
		return -EINVAL;
	}
	return 0;
}

int page_writable_get(struct domain_memory *owner, mfn_t mfn, bool foreign)
{
	uint64_t flags = TYPE_VALIDATED | (foreign ? TYPE_FOREIGN : 0), word;
	unsigned last;

	if (unlikely(!frame_exists(mfn) || frame_owner(mfn) != owner->id)) {
		return -EINVAL;
	}
	word = frame_type_word(mfn);
	last = (unsigned)(word >> TYPE_SHIFT);
	if (word & TYPE_HELD) {
		if (last == PAGE_WRITABLE && !(flags & ~word) && (uint32_t)word < FRAME_COUNT_MAX &&
		    type_swap(mfn, &word, word + 1)) {
			return writable_confirm(owner, mfn);
		}
	} else if ((last == PAGE_WRITABLE || last == PAGE_NONE) && frame_get(mfn, owner->id)) {
		/* It was writable before, or is new: there is nothing to wait for. */
		if (type_swap(mfn, &word,
			      TYPE_OF(PAGE_WRITABLE) | type_kept(word) | TYPE_HELD | flags | 1)) {
			return 0;
		}
		frame_put(mfn);
	}
	return MIN(type_take(owner, mfn, PAGE_WRITABLE, flags), 0);
}

void page_type_put_last(mfn_t mfn, uint64_t word)
{
	bool last;

	do {
		last = (uint32_t)word == 1;
	} while (!type_swap(mfn, &word,
			    last ? (word & TYPE_MASK) | type_kept(word) | tlb_clock() : word - 1));

	if (last) {
		frame_put(mfn);
	}
}

int page_type_begin(struct domain_memory *owner, mfn_t mfn, enum page_type type)
{
	ASSERT_LOCKED(&owner->tables);
	return type_take(owner, mfn, type, 0);
}

void page_type_validated(mfn_t mfn)
{
	atomic_fetch_or_explicit(&frame_of(mfn)->type, TYPE_VALIDATED, memory_order_release);
}

bool page_type_end(mfn_t mfn)
{
	uint64_t word = frame_type_word(mfn);
	bool last;

	do {
		last = (uint32_t)word == 1;
	} while (!type_swap(mfn, &word, last ? word & ~TYPE_VALIDATED : word - 1));
	return last;
}

void page_type_finish(mfn_t mfn)
{
	ASSERT(!(frame_type_word(mfn) & (TYPE_VALIDATED | TYPE_PINNED)));
	page_type_put(mfn);
}

/* --- Frames of descriptors --------------------------------------------------------------- */

#define DESCRIPTORS (PAGE_SIZE / sizeof(uint64_t))

int page_descriptor_get(struct domain_memory *owner, mfn_t mfn)
{
	uint64_t *descriptors;
	int rc;

	lock_acquire(&owner->tables);
	rc = page_type_begin(owner, mfn, PAGE_DESCRIPTOR);
	if (rc == 0) {
		descriptors = frame_ptr(mfn);
		for (unsigned i = 0; i < DESCRIPTORS && rc == 0; i++) {
			rc = descriptor_accept(&descriptors[i]) ? 0 : -EINVAL;
		}
		if (rc == 0) {
			page_type_validated(mfn);
		} else {
			page_type_finish(mfn);
		}
	}
	lock_release(&owner->tables);
	return MIN(rc, 0);
}

void page_descriptor_put(struct domain_memory *owner, mfn_t mfn)
{
	lock_acquire(&owner->tables);
	if (page_type_end(mfn)) {
		page_type_finish(mfn);
	}
	lock_release(&owner->tables);
}

/* --- Memory types ------------------------------------------------------------------------ */

int page_cache_set(mfn_t mfn, unsigned pat_index)
{
	uint64_t word = frame_type_word(mfn), bits = (uint64_t)pat_index << TYPE_CACHE_SHIFT;
	int rc;

	if (likely((word & TYPE_CACHE_MASK) == bits)) {
		return 0;
	}
	rc = ram_map_set_cache(mfn, pat_index);
	if (rc) {
		return rc;
	}
	while (!type_swap(mfn, &word, (word & ~TYPE_CACHE_MASK) | bits)) {
	}
	return 0;
}
