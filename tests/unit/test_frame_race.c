/* SPDX-License-Identifier: GPL-2.0-or-later */
/* References and types from several CPUs at once: what needs no lock keeps its word without one. */
#include "memory_world.h"
#include <pthread.h>
#include <sched.h>
#include <tap.h>
#include <unistd.h>

#define ROUNDS	20000
#define FRAMES	64
#define THREADS 3

static mfn_t shared[4];
static _Atomic unsigned as_table[4], as_writable[4];
static _Atomic unsigned long clashes, tables, writables, released;

/* A frame is a table or writable, and both sides say while they hold it. */
static void be_table(struct domain_memory *dm, unsigned i)
{
	page_tables_lock(dm);
	if (page_type_begin(dm, shared[i], PAGE_L1) == 0) {
		page_type_validated(shared[i]);
		atomic_fetch_add(&as_table[i], 1);
		clashes += atomic_load(&as_writable[i]) != 0;
		tables++;
		clashes += atomic_load(&as_writable[i]) != 0;
		atomic_fetch_sub(&as_table[i], 1);
		if (page_type_end(shared[i])) {
			page_type_finish(shared[i]);
		}
	}
	page_tables_unlock(dm);
}

static void be_writable(struct domain_memory *dm, unsigned i, bool foreign)
{
	if (page_writable_get(dm, shared[i], foreign) == 0) {
		atomic_fetch_add(&as_writable[i], 1);
		clashes += atomic_load(&as_table[i]) != 0;
		writables++;
		clashes += atomic_load(&as_table[i]) != 0;
		atomic_fetch_sub(&as_writable[i], 1);
		page_type_put(shared[i]);
	}
}

static void *play(void *argument)
{
	unsigned cpu = *(unsigned *)argument;
	uint64_t state = 77 + cpu;
	struct domain_memory *dm = world.dm[1];

	fake_cpu = cpu;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = (unsigned)(fake_random(&state) % 4);

		switch (fake_random(&state) % 4) {
		case 0:
			be_table(dm, i);
			break;
		case 1:
			be_writable(dm, i, cpu == 2);
			break;
		case 2:
			if (frame_get(shared[i], 1)) {
				frame_put(shared[i]);
			}
			break;
		default: { /* a frame of its own goes through the pool and the lists */
			mfn_t mfn = frame_alloc_for(dm, 0, FRAME_UNCLEARED);

			if (!mfn_is_none(mfn)) {
				released += frame_release(dm, mfn) == 0;
			}
		}
		}
	}
	return NULL;
}

/* --- Clearing what is free ------------------------------------------------------------------ */

#define GRACE_MS 50

static _Atomic bool clearing, taken;

/* The first frame is held while it is cleared, until somebody has got it, which must not be. */
static void hold(mfn_t mfn)
{
	(void)mfn;
	if (atomic_exchange(&clearing, true)) {
		return;
	}
	for (unsigned i = 0; i < GRACE_MS && !taken; i++) {
		usleep(1000);
	}
}

static void *scrub(void *argument)
{
	fake_cpu = 2;
	return frame_scrub_some() ? argument : NULL;
}

/* All but one frame are taken, and that one is being cleared. */
static void scrub_race(void)
{
	pthread_t scrubber;
	void *scrubbed;
	uint64_t *words;
	mfn_t first, mfn;

	fake_reset();
	frame_init(FRAMES);
	frame_add_ram(1, FRAMES - 1);
	first = frame_alloc(0, 0);
	while (!mfn_is_none(frame_alloc(0, 0))) {
	}
	words = frame_ptr(first);
	words[3] = 42;
	frame_free(first, 0);
	fake_threads_begin();
	fake_on_clear = hold;
	pthread_create(&scrubber, NULL, scrub, &world);
	while (!clearing) {
		sched_yield();
	}
	is_int(frame_pool_figures().free, 1, "a frame that is being cleared counts as free");
	mfn = frame_alloc(0, 0);
	taken = true;
	pthread_join(scrubber, &scrubbed);
	fake_on_clear = NULL;
	ok(scrubbed, "it was cleared by an idle processor");
	ok(mfn.n == first.n, "who needs it gets it");
	is_int(words[3], 0, "and sees nothing of what was in it");
	is_int(frame_pool_figures().dirty, 0, "nothing is dirty any more");
	frame_free(mfn, 0);
	is_int(frame_pool_figures().free, 1, "and it goes back");
}

static void *take_one(void *dm)
{
	fake_cpu = 1;
	return mfn_is_none(frame_alloc_for(dm, 0, 0)) ? NULL : dm;
}

/* Two processors take for one domain what is being cleared, of which it was promised a half. */
static void claim_race(void)
{
	struct domain_memory alice;
	pthread_t scrubber, taker;
	void *scrubbed, *got;

	fake_reset();
	frame_init(4);
	frame_add_ram(2, 3);
	domain_memory_init(&alice, 1);
	alice.frame_limit = 2;
	is_int(frame_claim(&alice, 1), 0, "one of two frames is promised");
	fake_threads_begin();
	clearing = taken = false;
	fake_on_clear = hold;
	pthread_create(&scrubber, NULL, scrub, &world);
	while (!clearing) {
		sched_yield();
	}
	pthread_create(&taker, NULL, take_one, &alice);
	ok(!mfn_is_none(frame_alloc_for(&alice, 0, 0)),
	   "a domain takes both while they are cleared");
	pthread_join(taker, &got);
	pthread_join(scrubber, &scrubbed);
	fake_on_clear = NULL;
	ok(got && scrubbed, "by two processors at once");
	is_int(alice.claimed, 0, "which redeems the promise once");
	is_int(frame_pool_figures().claimed, 0, "nothing more is promised");
}

static void type_race(void)
{
	static unsigned cpu[THREADS] = {0, 1, 2};
	pthread_t thread[THREADS];
	uint64_t free;

	world_start(FRAMES);
	fake_checks_free = false;
	fake_threads_begin();
	for (unsigned i = 0; i < 4; i++) {
		shared[i] = world_frame(1);
	}
	free = frame_pool_figures().free;
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_create(&thread[i], NULL, play, &cpu[i]);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
	}
	fake_cpu = 0;
	is_int(clashes, 0, "no frame was a table and writable at once");
	ok(tables > 0 && writables > 0, "tables %lu, writable %lu times", tables, writables);
	ok(released > 0, "frames given back: %lu", released);
	for (unsigned i = 0; i < 4; i++) {
		is_int(frame_count(shared[i]), 1, "frame %u: nothing but its owner refers to it",
		       i);
		is_int(frame_type_count(shared[i]), 0, "and nothing to its type");
	}
	is_int(frame_pool_figures().free, free, "as much is free as before");
	is_int(world_audit(), 0, "all references are counted");
}

/* What is compared may be a call that takes a reference: it must be made once. */
static void once(void)
{
	int calls = 0, smaller = MIN(--calls, 0), larger = MAX(calls++, -5);

	ok(smaller == -1 && larger == -1 && calls == 0, "what is compared is evaluated once");
}

int main(void)
{
	once();
	type_race();
	lock_in_turn = false; /* as on a machine that another hypervisor shares */
	type_race();
	scrub_race();
	claim_race();
	return done_testing();
}
