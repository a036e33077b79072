/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Free frames: a buddy allocator in zones by address. */
#include <debug/log.h>
#include <lib/error.h>
#include <memory/frame_alloc.h>
#include <memory/frame_list.h>
#include <memory/frame_ref.h>

/*
 * Zone z holds the frames from 2^z to 2^(z+1)-1, so "below 2^n bytes" is a set of whole zones, and
 * a block never spans two. Allocation goes from the highest zone down and splits from the top: low
 * memory is what lasts longest, for those who can use no other.
 *
 * The records of the frames inside a free block count no references; the first has FRAME_FREE_HEAD
 * and the block's order. Every frame for itself remembers whether it is dirty and when it was
 * freed.
 */
#define ZONES	       32
#define LOW_ZONES      20 /* zones below 4 GiB */
#define RESERVE_FRAMES (128 << (20 - PAGE_SHIFT))

uint64_t frame_end;

static struct frame_pool {
	struct lock lock;
	uint64_t total, free, claimed, low_free, low_reserve;
	uint64_t scrub_at;
	bool scrubbing;	    /* a free block is out to be cleared, by one processor at a time */
	unsigned scrub_ban; /* who waits for it to come back: none is taken out */
	uint32_t zones;	    /* those with a free block */
	uint32_t orders[ZONES];
	struct frame_list blocks[ZONES][FRAME_ORDER_MAX + 1];
	_Atomic uint64_t dirty;
} pool;

/* --- Blocks; the caller holds pool.lock -------------------------------------------------- */

static unsigned zone_of(uint64_t n)
{
	return 63 - (unsigned)__builtin_clzll(n);
}

static void block_insert(uint64_t n, unsigned order)
{
	unsigned zone = zone_of(n);
	struct frame *head = frame_of(MFN(n));
	uint64_t type = frame_type_word(MFN(n)) & TYPE_COUNT_MASK;

	atomic_store_explicit(&head->type, type | (uint64_t)order << TYPE_ORDER_SHIFT,
			      memory_order_relaxed);
	atomic_store_explicit(&head->ref, frame_ref_word(MFN(n)) | FRAME_FREE_HEAD,
			      memory_order_relaxed);
	frame_list_add(&pool.blocks[zone][order], MFN(n));
	pool.orders[zone] |= 1U << order;
	pool.zones |= 1U << zone;
}

static void block_remove(uint64_t n, unsigned order)
{
	unsigned zone = zone_of(n);
	struct frame_list *list = &pool.blocks[zone][order];

	atomic_store_explicit(&frame_of(MFN(n))->ref, frame_ref_word(MFN(n)) & ~FRAME_FREE_HEAD,
			      memory_order_relaxed);
	frame_list_remove(list, MFN(n));
	if (!list->first) {
		pool.orders[zone] &= ~(1U << order);
		if (!pool.orders[zone]) {
			pool.zones &= ~(1U << zone);
		}
	}
}

static bool block_is_free(uint64_t n, unsigned order)
{
	return frame_exists(MFN(n)) && frame_ref_word(MFN(n)) & FRAME_FREE_HEAD &&
	       (frame_type_word(MFN(n)) >> TYPE_ORDER_SHIFT & 31) == order;
}

static void account(uint64_t n, unsigned order, bool freed)
{
	uint64_t frames = UINT64_C(1) << order;

	pool.free += freed ? frames : -frames;
	if (zone_of(n) < LOW_ZONES) {
		pool.low_free += freed ? frames : -frames;
	}
}

/* Together with its buddies that are free. */
static void block_join(uint64_t n, unsigned order)
{
	while (order < FRAME_ORDER_MAX && order < zone_of(n) &&
	       block_is_free(n ^ BIT(order), order)) {
		block_remove(n ^ BIT(order), order);
		n &= ~BIT(order);
		order++;
	}
	block_insert(n, order);
}

static void block_put(uint64_t n, unsigned order)
{
	account(n, order, true);
	block_join(n, order);
}

/* Returns 0 when there is none: frame 0 is never free. */
static uint64_t block_find(unsigned order, unsigned flags)
{
	unsigned bits = flags & 0xff;
	uint32_t zones = pool.zones;
	uint64_t n;
	unsigned have, zone;

	if (bits && bits < PAGE_SHIFT + ZONES) {
		zones &= bits < PAGE_SHIFT ? 0 : (uint32_t)(BIT(bits - PAGE_SHIFT) - 1);
	}
	if (!(flags & FRAME_USE_RESERVE) && pool.low_free < pool.low_reserve + BIT(order)) {
		zones &= ~((UINT32_C(1) << LOW_ZONES) - 1);
	}
	for (;;) {
		if (!zones) {
			return 0;
		}
		zone = 31 - (unsigned)__builtin_clz(zones);
		if (pool.orders[zone] >> order) {
			break;
		}
		zones &= ~(1U << zone);
	}
	have = order + (unsigned)__builtin_ctz(pool.orders[zone] >> order);
	n = pool.blocks[zone][have].first;
	block_remove(n, have);
	while (have > order) {
		have--;
		block_insert(n, have);
		n += BIT(have);
	}
	account(n, order, false);
	return n;
}

/*
 * A block of what was promised to nobody else; `dm` may be null. What it was promised itself it has
 * got then.
 */
static uint64_t block_find_for(struct domain_memory *dm, unsigned order, unsigned flags)
{
	uint64_t own = dm ? MIN(dm->claimed, BIT(order)) : 0, n;

	if (pool.free - (pool.claimed - own) < BIT(order)) {
		return 0;
	}
	n = block_find(order, flags);
	if (n && own) {
		dm->claimed -= own;
		pool.claimed -= own;
	}
	return n;
}

/* What is free is found even while it is being cleared. */
static uint64_t block_take(struct domain_memory *dm, unsigned order, unsigned flags)
{
	uint64_t n;

	lock_acquire(&pool.lock);
	n = block_find_for(dm, order, flags);
	if (unlikely(!n) && pool.scrubbing) {
		pool.scrub_ban++;
		while (pool.scrubbing) {
			lock_release(&pool.lock);
			cpu_relax();
			lock_acquire(&pool.lock);
		}
		pool.scrub_ban--;
		n = block_find_for(dm, order, flags);
	}
	lock_release(&pool.lock);
	return n;
}

/* --- In and out of use ------------------------------------------------------------------- */

static inline void frame_become_free(uint64_t n, uint32_t stamp)
{
	struct frame *frame = frame_of(MFN(n));

	if (unlikely(frame_type_word(MFN(n)) & TYPE_CACHE_MASK)) {
		(void)ram_map_set_cache(MFN(n), 0);
	}
	M2P[n] = UINT64_MAX;
	atomic_store_explicit(&frame->type, stamp, memory_order_relaxed);
	atomic_store_explicit(&frame->ref, FRAME_REF(FRAME_OWNER_NONE, FRAME_DIRTY),
			      memory_order_relaxed);
}

void frame_pool_put(mfn_t mfn, unsigned order)
{
	uint32_t stamp = tlb_clock();

	for (uint64_t n = mfn.n; n < mfn.n + BIT(order); n++) {
		frame_become_free(n, stamp);
	}
	atomic_fetch_add_explicit(&pool.dirty, BIT(order), memory_order_relaxed);
	lock_acquire(&pool.lock);
	block_put(mfn.n, order);
	lock_release(&pool.lock);
}

void frame_last_put(mfn_t mfn)
{
	frame_pool_put(mfn, 0);
}

/* There is no way back from here, but interrupts get through. */
static void breathe(uint64_t n, unsigned flags)
{
	if (flags & FRAME_UNLOCKED && n % 32 == 31) {
		(void)work_pending();
	}
}

/*
 * No CPU may hold a translation from the last life of frames that were just taken out of the pool.
 * That ended last for the one whose stamp is the youngest; stamps wrap.
 */
static void frames_forget_last_life(uint64_t first, unsigned order, unsigned flags)
{
	uint64_t dirty = 0;
	uint32_t clock = tlb_clock(), age = UINT32_MAX;

	for (uint64_t n = first; n < first + BIT(order); n++) {
		age = MIN(age, clock - (uint32_t)frame_type_word(MFN(n)));
		dirty += !!(frame_ref_word(MFN(n)) & FRAME_DIRTY);
		breathe(n, flags);
	}
	tlb_flush_stale(CPU_MASK_ALL, clock - age);
	if (dirty) {
		atomic_fetch_sub_explicit(&pool.dirty, dirty, memory_order_relaxed);
	}
}

/* Nobody may read what that life left. The frames are the hypervisor's from now on. */
static void frames_prepare(uint64_t first, unsigned order, unsigned flags)
{
	frames_forget_last_life(first, order, flags);
	for (uint64_t n = first; n < first + BIT(order); n++) {
		struct frame *frame = frame_of(MFN(n));
		bool clear = frame_ref_word(MFN(n)) & FRAME_DIRTY && !(flags & FRAME_UNCLEARED);

		atomic_store_explicit(&frame->type, 0, memory_order_relaxed);
		atomic_store_explicit(&frame->ref, FRAME_REF(FRAME_OWNER_SELF, 1),
				      memory_order_relaxed);
		if (clear) {
			frame_clear(MFN(n));
		}
		breathe(n, flags);
	}
}

mfn_t frame_alloc(unsigned order, unsigned flags)
{
	uint64_t n = block_take(NULL, order, flags);

	if (!n) {
		return MFN_NONE;
	}
	frames_prepare(n, order, flags);
	return MFN(n);
}

void frame_free(mfn_t mfn, unsigned order)
{
	for (uint64_t n = mfn.n; n < mfn.n + BIT(order); n++) {
		ASSERT(frame_ref_word(MFN(n)) == FRAME_REF(FRAME_OWNER_SELF, 1));
	}
	frame_pool_put(mfn, order);
}

static bool charge(struct domain_memory *dm, uint64_t frames)
{
	bool within;

	lock_acquire(&dm->frames_lock);
	within = dm->frame_count + frames <= dm->frame_limit;
	if (within) {
		dm->frame_count += frames;
	}
	lock_release(&dm->frames_lock);
	return within;
}

mfn_t frame_alloc_charged(struct domain_memory *dm, unsigned order, unsigned flags)
{
	uint64_t n;

	if (!charge(dm, BIT(order))) {
		return MFN_NONE;
	}
	n = block_take(dm, order, flags);
	if (!n) {
		lock_acquire(&dm->frames_lock);
		dm->frame_count -= BIT(order);
		lock_release(&dm->frames_lock);
		return MFN_NONE;
	}
	frames_prepare(n, order, flags);
	return MFN(n);
}

mfn_t frame_alloc_for(struct domain_memory *dm, unsigned order, unsigned flags)
{
	mfn_t mfn = frame_alloc_charged(dm, order, flags);

	return !mfn_is_none(mfn) && frame_attach(dm, mfn, order) ? mfn : MFN_NONE;
}

int frame_claim(struct domain_memory *dm, uint64_t frames)
{
	uint64_t wanted;
	int rc = 0;

	lock_acquire(&dm->frames_lock);
	lock_acquire(&pool.lock);
	wanted = frames > dm->frame_count ? frames - dm->frame_count : 0;
	if (frames > dm->frame_limit) {
		rc = -EINVAL;
	} else if (frames && dm->claimed) {
		rc = -EINVAL; /* one claim at a time */
	} else if (frames && !wanted) {
		rc = -EINVAL;
	} else if (wanted > pool.free - pool.claimed) {
		rc = -ENOMEM;
	} else {
		pool.claimed += wanted - dm->claimed;
		dm->claimed = wanted;
	}
	lock_release(&pool.lock);
	lock_release(&dm->frames_lock);
	return rc;
}

/* --- Clearing in idle time --------------------------------------------------------------- */

#define SCRUB_STEPS  64
#define SCRUB_FRAMES 1 /* interrupts wait for so many */

static bool is_free_and_dirty(uint64_t n)
{
	uint64_t word = frame_ref_word(MFN(n));

	return word >> FRAME_OWNER_SHIFT == FRAME_OWNER_NONE && !(uint32_t)word &&
	       word & FRAME_DIRTY;
}

/* The free block around a frame is taken out of the lists, and nothing else changes. */
static bool scrub_take(uint64_t n, uint64_t *head, unsigned *order)
{
	for (*order = 0; *order <= FRAME_ORDER_MAX; ++*order) {
		*head = n & ~(BIT(*order) - 1);
		if (*head && block_is_free(*head, *order)) {
			block_remove(*head, *order);
			return true;
		}
	}
	return false;
}

/* A free block with a dirty frame, which scrub_at is at; false: none on the next stretch. */
static bool scrub_find(uint64_t *head, unsigned *order)
{
	for (unsigned step = 0; step < SCRUB_STEPS; step++, pool.scrub_at++) {
		if (pool.scrub_at >= frame_end) {
			pool.scrub_at = 1;
		}
		if (is_free_and_dirty(pool.scrub_at) && scrub_take(pool.scrub_at, head, order)) {
			return true;
		}
	}
	return false;
}

/* Clears a few frames of a block that nobody else can reach; how many. */
static unsigned scrub_block(uint64_t from, uint64_t end)
{
	unsigned cleared = 0;

	for (uint64_t n = from; n < end && cleared < SCRUB_FRAMES; n++) {
		struct frame *frame = frame_of(MFN(n));

		if (!(frame_ref_word(MFN(n)) & FRAME_DIRTY)) {
			continue;
		}
		atomic_store_explicit(&frame->ref, FRAME_REF(FRAME_OWNER_SELF, 1),
				      memory_order_relaxed);
		frame_clear(MFN(n));
		atomic_store_explicit(&frame->ref, FRAME_REF(FRAME_OWNER_NONE, 0),
				      memory_order_relaxed);
		cleared++;
	}
	return cleared;
}

bool frame_scrub_some(void)
{
	uint64_t head, from;
	unsigned order;
	bool mine, found;

	if (!atomic_load_explicit(&pool.dirty, memory_order_relaxed)) {
		return false;
	}
	lock_acquire(&pool.lock);
	mine = !pool.scrubbing && !pool.scrub_ban;
	found = mine && scrub_find(&head, &order);
	from = pool.scrub_at;
	pool.scrubbing |= found;
	lock_release(&pool.lock);
	if (!found) {
		return mine;
	}
	atomic_fetch_sub_explicit(&pool.dirty, scrub_block(from, head + BIT(order)),
				  memory_order_relaxed);
	lock_acquire(&pool.lock);
	pool.scrubbing = false;
	block_join(head, order);
	lock_release(&pool.lock);
	return true;
}

/* --- Start-up --------------------------------------------------------------------------------- */

void frame_init(uint64_t end)
{
	pool = (struct frame_pool){.lock = LOCK_INIT(LOCK_FRAME_POOL), .scrub_at = 1};
	frame_end = end;
	for (uint64_t n = 0; n < end; n++) {
		atomic_store_explicit(&frame_of(MFN(n))->ref, FRAME_REF(DOMID_IO, 0),
				      memory_order_relaxed);
		atomic_store_explicit(&frame_of(MFN(n))->type, 0, memory_order_relaxed);
	}
}

void frame_add_ram(uint64_t first, uint64_t last)
{
	uint64_t n = MAX(first, UINT64_C(1)), new = 0;
	uint32_t stamp = tlb_clock();

	last = MIN(last, frame_end - 1);
	for (uint64_t i = n; i <= last; i++) {
		/* Frames marked as used come back through here too; they are counted already. */
		new += frame_owner(MFN(i)) == DOMID_IO;
		frame_become_free(i, stamp);
	}
	lock_acquire(&pool.lock);
	pool.total += new;
	if (n <= last) {
		atomic_fetch_add_explicit(&pool.dirty, last - n + 1, memory_order_relaxed);
	}
	while (n <= last) {
		unsigned order = MIN((unsigned)__builtin_ctzll(n), (unsigned)FRAME_ORDER_MAX);

		while (n + BIT(order) - 1 > last || order > zone_of(n)) {
			order--;
		}
		block_put(n, order);
		n += BIT(order);
	}
	lock_release(&pool.lock);
}

void frame_mark_used(uint64_t first, uint64_t last)
{
	for (uint64_t n = first; n <= last && n < frame_end; n++) {
		pool.total += frame_owner(MFN(n)) == DOMID_IO;
		M2P[n] = UINT64_MAX;
		atomic_store_explicit(&frame_of(MFN(n))->ref, FRAME_REF(FRAME_OWNER_SELF, 1),
				      memory_order_relaxed);
	}
}

void frame_set_reserve(void)
{
	lock_acquire(&pool.lock);
	pool.low_reserve = MIN(pool.total / 16, (uint64_t)RESERVE_FRAMES);
	lock_release(&pool.lock);
}

struct frame_pool_figures frame_pool_figures(void)
{
	struct frame_pool_figures figures;

	lock_acquire(&pool.lock);
	figures = (struct frame_pool_figures){
		.total = pool.total,
		.free = pool.free,
		.dirty = atomic_load_explicit(&pool.dirty, memory_order_relaxed),
		.claimed = pool.claimed,
		.low_free = pool.low_free,
		.low_reserve = pool.low_reserve,
	};
	lock_release(&pool.lock);
	return figures;
}
