/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heap: random allocations keep apart, are zero and aligned, and give every page back. */
#include "tap.h"

#include <fake.h>
#include <lib/heap.h>
#include <memory/frame_alloc.h>

#define OBJECTS 400

static struct {
	unsigned char *at;
	size_t bytes;
	unsigned char mark;
} objects[OBJECTS];

static bool holds(const unsigned char *at, size_t bytes, unsigned char mark)
{
	for (size_t i = 0; i < bytes; i++) {
		if (at[i] != mark) {
			return false;
		}
	}
	return true;
}

/* Frees the object if there is one, else allocates; false: it was not as it was left. */
static bool toggle(size_t i, uint64_t random)
{
	size_t largest = random % 8 ? 2100 : 20000;

	if (objects[i].at) {
		bool good = holds(objects[i].at, objects[i].bytes, objects[i].mark);

		heap_free(objects[i].at, objects[i].bytes);
		objects[i].at = NULL;
		return good;
	}
	objects[i].bytes = 1 + (random >> 8) % largest;
	objects[i].mark = (unsigned char)(random >> 40);
	objects[i].at = heap_alloc(objects[i].bytes);
	if (!objects[i].at || (uintptr_t)objects[i].at % (objects[i].bytes > 4096 ? 4096 : 16) ||
	    !holds(objects[i].at, objects[i].bytes, 0)) {
		return false;
	}
	memset(objects[i].at, objects[i].mark, objects[i].bytes);
	return true;
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);
	long wanted = tap_steps(100000);
	bool good = true;
	uint64_t before;
	unsigned char *piece, *other;

	fake_reset();
	frame_init(4096);
	frame_add_ram(16, 4095);
	before = frame_pool_figures().free;
	for (long step = 0; step < wanted && good; step++) {
		uint64_t random = tap_random(&seed);

		good = toggle(random % OBJECTS, random >> 12);
	}
	ok(good, "%ld random allocations and frees keep what was written", wanted);
	for (size_t i = 0; i < OBJECTS; i++) {
		if (objects[i].at) {
			good = toggle(i, 0) && good;
		}
	}
	ok(good, "and so do the last ones");
	ok(frame_pool_figures().free == before, "every page came back");
	heap_free(NULL, 32);
	ok(true, "null is nothing to free");

	while (!mfn_is_none(frame_alloc(0, FRAME_UNCLEARED | FRAME_USE_RESERVE))) {
	}
	ok(!heap_alloc(32) && !heap_alloc(5000), "no memory, no object");

	fake_reset();
	frame_init(4096);
	frame_add_ram(16, 4095);
	piece = heap_alloc(100);
	other = heap_alloc(100);
	heap_free(piece, 100);
	piece[50] = 1;
	if (!fake_panics()) {
		heap_alloc(100);
	}
	ok(other && fake_panicked, "a write after freeing is found");
	return done_testing();
}
