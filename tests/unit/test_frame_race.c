/* SPDX-License-Identifier: GPL-2.0-or-later */
/* References and types from several CPUs at once: what needs no lock keeps its word without one. */
#include "memory_world.h"
#include <pthread.h>
#include <tap.h>

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

int main(void)
{
	static unsigned cpu[THREADS] = {0, 1, 2};
	pthread_t thread[THREADS];
	uint64_t free;

	world_start(FRAMES);
	fake_checks_free = false;
	fake_threads = true;
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
	return done_testing();
}
