/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Free frames, references, claims, and the ways out of a domain's hands. */
#include <fake.h>
#include <lib/error.h>
#include <memory/frame_alloc.h>
#include <memory/frame_ref.h>
#include <memory/page_type.h>
#include <tap.h>

#define FRAMES 1024

static struct domain_memory alice, bob;

static void start(uint64_t frames)
{
	fake_reset();
	frame_init(frames);
	fake_checks_free = true;
	frame_add_ram(1, frames - 1);
	domain_memory_init(&alice, 1);
	domain_memory_init(&bob, 2);
	alice.frame_limit = bob.frame_limit = frames;
}

/* The pool is a global of the core, so each test hands back what it took: nothing must be missing.
 */
static void drain_pool(void)
{
	while (!mfn_is_none(frame_alloc(0, FRAME_USE_RESERVE | FRAME_UNCLEARED))) {
	}
}

static void test_blocks(void)
{
	struct frame_pool_figures before, after;
	mfn_t a, b, big;

	start(FRAMES);
	before = frame_pool_figures();
	is_int(before.free, FRAMES - 1, "all RAM but frame 0 is free");
	is_int(before.dirty, FRAMES - 1, "and all of it is dirty");

	a = frame_alloc(0, 0);
	is_int(a.n, FRAMES - 1, "a frame comes from the top");
	b = frame_alloc(0, FRAME_BELOW_BITS(12 + 5));
	ok(b.n < 32, "an address limit holds: frame %llu", (unsigned long long)b.n);
	big = frame_alloc(8, 0);
	ok(big.n % 256 == 0, "a block is aligned to its size");
	ok(mfn_is_none(frame_alloc(9, FRAME_BELOW_BITS(12 + 9))),
	   "a block is refused where none fits below the limit");
	ok(mfn_is_none(frame_alloc(0, FRAME_BELOW_BITS(5))), "nothing lies below 32 bytes");
	frame_free(a, 0);
	frame_free(b, 0);
	frame_free(big, 8);
	after = frame_pool_figures();
	is_int(after.free, before.free, "what was freed is free");
	big = frame_alloc(9, 0);
	is_int(big.n, 512, "and has grown together again");
	frame_free(big, 9);
	drain_pool();
	is_int(frame_pool_figures().free, 0, "the last frame can be had");
	ok(mfn_is_none(frame_alloc(0, 0)), "and then none");
}

static bool touch_panics(mfn_t mfn)
{
	if (fake_panics() == 0) {
		(void)frame_ptr(mfn);
	}
	fake_panic_expected = false;
	return fake_panicked;
}

static void test_clearing(void)
{
	mfn_t mfn;
	uint64_t *words;
	unsigned rounds = 0;
	bool clean = true;

	start(64);
	mfn = frame_alloc(0, 0);
	words = frame_ptr(mfn);
	words[7] = 42;
	frame_free(mfn, 0);
	ok(touch_panics(mfn), "touching a free frame stops the test");
	mfn = frame_alloc(0, FRAME_UNCLEARED);
	words = frame_ptr(mfn);
	is_int(words[7], 42, "who asks for it uncleared sees the last contents");
	frame_free(mfn, 0);
	while (frame_scrub_some()) {
		rounds++;
	}
	ok(rounds > 0 && rounds < 64, "idle time clears all: %u rounds", rounds);
	is_int(frame_pool_figures().dirty, 0, "nothing is dirty then");
	is_int(frame_pool_figures().free, 63, "and all is still free");
	for (unsigned i = 0; i < 63; i++) {
		mfn = frame_alloc(0, FRAME_UNCLEARED);
		words = frame_ptr(mfn);
		clean = clean && words[7] == 0;
	}
	ok(clean, "frames cleared in idle time are clear");
}

/* A domain dies that has a large block, single frames, and some that others refer to. */
static void test_drop(void)
{
	mfn_t block, kept[3], one;
	unsigned rounds = 0;

	start(FRAMES);
	block = frame_alloc_for(&alice, 9, 0);
	for (unsigned i = 0; i < 100; i++) {
		one = frame_alloc_for(i % 7 == 6 ? &bob : &alice, 0, 0);
	}
	kept[0] = MFN(block.n + 511);
	kept[1] = MFN(block.n + 77);
	kept[2] = one;
	for (unsigned i = 0; i < 3; i++) {
		ok(frame_get(kept[i], 1), "a frame is referred to");
	}
	while (domain_memory_drop(&alice)) {
		rounds++;
	}
	ok(rounds < 20, "it is taken apart in %u steps", rounds);
	is_int(alice.frame_count, 0, "nothing is charged any more");
	is_int(frame_pool_figures().free, FRAMES - 1 - bob.frame_count - 3,
	       "all is free but what is referred to, and the other domain's");
	for (unsigned i = 0; i < 3; i++) {
		is_int(frame_owner(kept[i]), FRAME_OWNER_NONE, "which is nobody's");
		frame_put(kept[i]);
	}
	is_int(frame_pool_figures().free, FRAMES - 1 - bob.frame_count, "and free afterwards");
	block = frame_alloc(9, 0);
	ok(!mfn_is_none(block), "the large block is whole again");
	frame_free(block, 9);
	while (domain_memory_drop(&bob)) {
	}
	is_int(frame_pool_figures().free, FRAMES - 1, "with the other domain's all is free");
}

static void test_new_owner_flushes(void)
{
	mfn_t mfn;
	unsigned flushes;

	start(64);
	drain_pool();
	mfn = MFN(5);
	frame_free(mfn, 0);
	flushes = fake_counts.flushes;
	mfn = frame_alloc(0, 0);
	is_int(fake_counts.flushes - flushes, FAKE_CPUS,
	       "a frame is reused only after every CPU has flushed");
	frame_free(mfn, 0);
	tlb_flush(CPU_MASK_ALL);
	flushes = fake_counts.flushes;
	mfn = frame_alloc(0, 0);
	is_int(fake_counts.flushes - flushes, 0, "and without, if they have anyway");
	frame_free(mfn, 0);
}

/* The clock has wrapped between the deaths of two frames that are one block afterwards. */
static void test_clock_wraps(void)
{
	mfn_t pair;

	start(64);
	drain_pool();
	fake_clock = UINT32_MAX;
	frame_free(MFN(4), 0);
	tlb_flush(CPU_MASK_ALL);
	is_int(tlb_clock(), 0, "the clock begins anew");
	frame_free(MFN(5), 0);
	fake_counts.flushes = 0;
	pair = frame_alloc(1, 0);
	is_int(pair.n, 4, "two frames that were freed before and after");
	is_int(fake_counts.flushes, FAKE_CPUS, "are reused after a flush that is later than both");
	frame_free(pair, 1);
}

static mfn_t guessed;
static int guess_rc;

static void guess(mfn_t mfn)
{
	if (mfn.n > guessed.n) {
		guess_rc = frame_release(&alice, guessed);
	}
}

/* A vCPU guesses which frames another one is about to be given, and gives one back meanwhile. */
static void test_guesses(void)
{
	mfn_t block;

	start(64);
	guessed = MFN(32);
	guess_rc = 0;
	fake_on_clear = guess;
	block = frame_alloc_for(&alice, 5, 0);
	fake_on_clear = NULL;
	is_int(block.n, 32, "a block for a domain");
	is_int(guess_rc, -EINVAL, "of which it gives back nothing before it has got it");
	is_int(alice.frame_count, 32, "all is counted");
	is_int(frame_release(&alice, guessed), 0, "and may be given back then");
}

static void test_low_reserve(void)
{
	uint64_t gib4 = UINT64_C(1) << 20, taken_low = 0, taken = 0;
	struct frame_pool_figures figures;
	mfn_t mfn;

	fake_reset();
	fake_checks_free = true;
	frame_init(gib4 + 4096);
	frame_add_ram(1, 4095);
	frame_add_ram(gib4, gib4 + 4095);
	frame_set_reserve();
	figures = frame_pool_figures();
	ok(figures.low_reserve > 0 && figures.low_reserve <= figures.total / 16,
	   "a sixteenth of RAM is withheld: %llu", (unsigned long long)figures.low_reserve);
	mfn = frame_alloc(0, 0);
	ok(mfn.n >= gib4, "high memory goes first");
	while (!mfn_is_none(mfn)) {
		taken++;
		taken_low += mfn.n < gib4;
		mfn = frame_alloc(0, FRAME_UNCLEARED);
	}
	is_int(taken, 8191 - figures.low_reserve, "all but the reserve can be had");
	ok(taken_low > 0, "low memory beyond the reserve too");
	mfn = frame_alloc(4, FRAME_BELOW_BITS(32) | FRAME_USE_RESERVE);
	ok(!mfn_is_none(mfn) && mfn.n < gib4, "the reserve serves those who may use it");
}

static void test_domain_frames(void)
{
	mfn_t a, b;
	uint64_t free;

	start(256);
	free = frame_pool_figures().free;
	alice.frame_limit = 4;
	a = frame_alloc_for(&alice, 1, 0);
	ok(!mfn_is_none(a) && frame_owner(a) == 1 && frame_count(a) == 1, "a block for a domain");
	is_int(alice.frame_count, 2, "is counted by the frame");
	ok(mfn_is_none(frame_alloc_for(&alice, 2, 0)), "its limit holds");
	is_int(alice.frame_count, 2, "and a refused block is not charged");

	ok(frame_get(a, 1), "a reference for the owner's name");
	ok(!frame_get(a, 2), "none for another's");
	ok(!frame_get(MFN(256), 1), "none to a frame that does not exist");
	is_int(frame_release(&bob, a), -EINVAL, "nobody gives back another's frame");
	is_int(frame_release(&alice, a), 0, "the owner does, although it is referred to");
	is_int(frame_release(&alice, a), -EINVAL, "but once only");
	is_int(alice.frame_count, 2, "it stays charged");
	frame_reap_released(&alice);
	is_int(alice.frame_count, 2, "as long as somebody refers to it");
	frame_put(a);
	frame_reap_released(&alice);
	is_int(alice.frame_count, 1, "and not longer");

	b = MFN(a.n + 1);
	is_int(frame_detach(&bob, b), -EINVAL, "nobody detaches another's frame");
	ok(frame_get(b, 1), "a reference");
	is_int(frame_detach(&alice, b), -EBUSY, "a frame in use is not detached");
	frame_put(b);
	is_int(frame_detach(&alice, b), 0, "an idle one is");
	ok(!frame_get(b, 1), "and has no owner then");
	is_int(alice.frame_count, 1, "but stays charged");
	frame_attach(&alice, b, 0);
	ok(frame_get(b, 1), "until it is put back");
	frame_put(b);
	is_int(frame_release(&alice, b), 0, "an idle frame is given back");
	is_int(alice.frame_count, 0, "and not charged any more");
	is_int(frame_pool_figures().free, free, "all is free again");
	is_int(alice.frames.first, 0, "its list is empty");
	is_int(alice.released.first, 0, "the other too");
}

static void test_claims(void)
{
	start(129);
	is_int(frame_claim(&alice, 100), 0, "a claim");
	is_int(frame_claim(&alice, 10), -EINVAL, "one at a time");
	is_int(frame_claim(&bob, 29), -ENOMEM, "what is claimed is not there for others");
	is_int(frame_claim(&bob, 1000), -EINVAL, "no claim beyond the limit");
	ok(mfn_is_none(frame_alloc_for(&bob, 5, 0)), "nor is it allocated to them");
	ok(!mfn_is_none(frame_alloc_for(&bob, 4, 0)), "what is not claimed is");
	ok(!mfn_is_none(frame_alloc_for(&alice, 5, 0)), "and the claimer gets its own");
	is_int(alice.claimed, 68, "which redeems the claim");
	is_int(frame_claim(&alice, 0), 0, "a claim of nothing drops it");
	is_int(frame_pool_figures().claimed, 0, "altogether");
}

static void test_sharing(void)
{
	mfn_t mfn;
	uint64_t free;

	start(64);
	mfn = frame_alloc(0, 0);
	free = frame_pool_figures().free;
	frame_share(mfn, 1, true);
	is_int(page_writable_get(&alice, mfn, false), 0, "a shared frame is mapped writable");
	is_int(frame_release(&alice, mfn), -EINVAL, "but not given back");
	lock_acquire(&alice.tables);
	is_int(page_type_begin(&alice, mfn, PAGE_L1), -EINVAL, "nor made a page table");
	lock_release(&alice.tables);
	frame_unshare(mfn);
	is_int(frame_pool_figures().free, free, "taken back, it waits for the last mapping");
	ok(!frame_get(mfn, 1), "of which there will be no more");
	page_type_put(mfn);
	is_int(frame_pool_figures().free, free + 1, "and is free then");

	mfn = frame_alloc(0, 0);
	frame_share(mfn, 1, false);
	is_int(page_writable_get(&alice, mfn, false), -EINVAL, "a read-only one is not writable");
	ok(frame_get(mfn, 1), "but readable");
	frame_put(mfn);
	frame_unshare(mfn);
	is_int(frame_pool_figures().free, free + 1, "and comes back as well");
}

static void test_types(void)
{
	mfn_t mfn;
	unsigned flushes;

	start(64);
	mfn = frame_alloc_for(&alice, 0, 0);
	atomic_store(&alice.cached_on, BIT(2));
	is_int(page_writable_get(&bob, mfn, false), -EINVAL, "writable only for its owner");
	is_int(page_writable_get(&alice, mfn, false), 0, "writable");
	is_int(page_writable_get(&alice, mfn, false), 0, "twice");
	is_int(frame_count(mfn), 2, "both hold one reference together");
	lock_acquire(&alice.tables);
	is_int(page_type_begin(&alice, mfn, PAGE_L1), -EINVAL, "no table while it is writable");
	page_type_put(mfn);
	page_type_put(mfn);
	flushes = fake_counts.flushes;
	fake_counts.flushed = 0;
	is_int(page_type_begin(&alice, mfn, PAGE_L1), 0, "a table when it is not any more");
	is_int(fake_counts.flushed, BIT(2), "after the CPUs that may still write to it flushed");
	is_int(page_writable_get(&alice, mfn, false), -EINVAL, "then not writable");
	is_int(page_type_begin(&alice, mfn, PAGE_L1), -EINVAL, "nor usable until it is checked");
	page_type_validated(mfn);
	is_int(page_type_begin(&alice, mfn, PAGE_L1), 1, "but then, again and again");
	is_int(page_type_begin(&alice, mfn, PAGE_L2), -EINVAL, "at its own level");
	ok(!page_type_end(mfn), "not the last reference");
	ok(page_type_end(mfn), "the last");
	page_type_finish(mfn);
	flushes = fake_counts.flushes;
	is_int(page_type_begin(&alice, mfn, PAGE_L1), 0, "the same type once more");
	is_int(fake_counts.flushes, flushes, "needs no flush");
	page_type_finish(mfn);
	lock_release(&alice.tables);

	fake_counts.flushed = 0;
	is_int(page_writable_get(&alice, mfn, false), 0, "writable for its owner");
	is_int(page_writable_get(&alice, mfn, true), 0, "and for a foreign domain as well");
	page_type_put(mfn);
	page_type_put(mfn);
	is_int(page_descriptor_get(&alice, mfn), 0, "a frame of descriptors");
	is_int(fake_counts.flushed, BIT(FAKE_CPUS) - 1, "for which every CPU has flushed");
	page_descriptor_put(&alice, mfn);
	is_int(page_writable_get(&alice, mfn, false), 0, "writable again");
	((uint64_t *)frame_ptr(mfn))[9] = 1;
	page_type_put(mfn);
	is_int(page_descriptor_get(&alice, mfn), -EINVAL, "a bad descriptor is refused");
	is_int(frame_release(&alice, mfn), 0, "and leaves no reference behind");
}

static void test_limits(void)
{
	mfn_t mfn;

	start(64);
	mfn = frame_alloc_for(&alice, 0, 0);
	atomic_store(&frame_of(mfn)->ref, FRAME_REF(1, FRAME_ALLOCATED | FRAME_COUNT_MAX));
	ok(frame_get(mfn, 1), "a reference below the limit");
	ok(!frame_get(mfn, 1), "none beyond");
	is_int(frame_count(mfn), FRAME_COUNT_MAX + 1, "and the count stays");
	atomic_store(&frame_of(mfn)->ref, FRAME_REF(1, FRAME_ALLOCATED | 1));
	is_int(page_writable_get(&alice, mfn, false), 0, "a type reference");
	atomic_store(&frame_of(mfn)->type, frame_type_word(mfn) + FRAME_COUNT_MAX - 1);
	is_int(page_writable_get(&alice, mfn, false), -EINVAL, "none beyond the limit");
	atomic_store(&frame_of(mfn)->type, frame_type_word(mfn) - FRAME_COUNT_MAX + 1);
	page_type_put(mfn);
	is_int(frame_release(&alice, mfn), 0, "nothing leaked");
}

int main(void)
{
	test_blocks();
	test_clearing();
	test_drop();
	test_new_owner_flushes();
	test_clock_wraps();
	test_guesses();
	test_low_reserve();
	test_domain_frames();
	test_claims();
	test_sharing();
	test_types();
	test_limits();
	return done_testing();
}
