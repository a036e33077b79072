/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables and handles: refusals, a random model of what is in use, and a hostile writer. */
#include "tap.h"

#include <fake.h>
#include <grant/grant.h>
#include <lib/error.h>
#include <memory/frame_alloc.h>
#include <pthread.h>

#define REFS	 40
#define GRANTEES 3
#define HANDLES	 3000

static struct domain_grants g;
static struct grant_entry_v1 *entries;

static const struct grant_limits limits = {4, 8, 2, true};

static void set_up(void)
{
	fake_reset();
	frame_init(4096);
	frame_add_ram(16, 4095);
	grant_domain_init(&g, 7, &limits);
	if (grant_grow(&g, 1)) {
		abort();
	}
	entries = frame_ptr(grant_frame(&g, 0));
}

static void table(void)
{
	uint64_t before;
	mfn_t mfn;

	set_up();
	grant_domain_free(&g);
	before = frame_pool_figures().free;
	grant_domain_init(&g, 7, &limits);
	is_int(grant_frame_count(&g), 0, "a table starts without pages");
	is_int(grant_pin(&g, 0, 1, false, &mfn), GNTST_bad_gntref, "and without entries");
	is_int(grant_grow(&g, 5), -ENOSPC, "it has a limit");
	is_int(grant_grow(&g, 2), 0, "it grows");
	is_int(grant_frame_count(&g), 2, "by pages");
	ok(!mfn_is_none(grant_frame(&g, 1)) && mfn_is_none(grant_frame(&g, 2)),
	   "which have frames");
	is_int(grant_pin(&g, 1024, 1, false, &mfn), GNTST_bad_gntref, "beyond its end");
	is_int(grant_pin(&g, UINT32_MAX, 1, false, &mfn), GNTST_bad_gntref, "and far beyond");
	entries = frame_ptr(grant_frame(&g, 1));
	entries[511] = (struct grant_entry_v1){GTF_permit_access, 1, 99};
	is_int(grant_pin(&g, 1023, 1, true, &mfn), GNTST_okay, "the last entry");
	is_int(mfn.n, 99, "names its frame");
	entries[511].frame = 98;
	is_int(grant_pin(&g, 1023, 1, false, &mfn), GNTST_okay, "a second use");
	is_int(mfn.n, 99, "is of the same frame, whatever the entry says by now");
	is_int(grant_pin(&g, 1023, 2, false, &mfn), GNTST_general_error, "by the same domain");
	is_int(grant_swap(&g, 1023, 0), GNTST_eagain, "what is in use is not swapped");
	grant_unpin(&g, 1023, true);
	is_int(entries[511].flags, GTF_permit_access | GTF_reading, "the writer has gone");
	grant_unpin(&g, 1023, false);
	is_int(entries[511].flags, GTF_permit_access, "and the reader");
	is_int(grant_swap(&g, 1023, 0), GNTST_okay, "now it is swapped");
	is_int(entries[511].flags, 0, "for an empty one");
	is_int(grant_swap(&g, 1024, 0), GNTST_bad_gntref, "both have to be there");
	grant_domain_free(&g);
	is_int(frame_pool_figures().free, before, "all memory came back");
}

/* --- The model: who uses what, and what the bits say ------------------------------------------ */

static struct {
	unsigned pins, writers, grantee;
	uint32_t frame;
} model[REFS];

static bool step_pin(uint64_t random)
{
	uint32_t ref = (uint32_t)(random % REFS);
	unsigned grantee = (unsigned)(random >> 8) % GRANTEES;
	bool write = random >> 16 & 1;
	struct grant_entry_v1 e = entries[ref];
	bool marks = !model[ref].pins || (write && !model[ref].writers);
	bool good = (e.flags & GTF_type_mask) == GTF_permit_access && e.domid == grantee &&
		    !(write && e.flags & GTF_readonly);
	mfn_t mfn = MFN_NONE;
	int status = grant_pin(&g, ref, (domid_t)grantee, write, &mfn);

	if (model[ref].pins && model[ref].grantee != grantee) {
		good = false;
		marks = true;
	}
	if (marks && !good) {
		return status == GNTST_general_error;
	}
	if (!model[ref].pins) {
		model[ref].grantee = grantee;
		model[ref].frame = e.frame;
	}
	model[ref].pins++;
	model[ref].writers += write;
	return status == GNTST_okay && mfn.n == model[ref].frame &&
	       (!marks || entries[ref].flags & GTF_reading);
}

static bool step_unpin(uint64_t random)
{
	uint32_t ref = (uint32_t)(random % REFS);
	unsigned readers = model[ref].pins - model[ref].writers;
	bool write = model[ref].writers && (!readers || random >> 16 & 1);
	uint16_t before = entries[ref].flags;

	if (!model[ref].pins) {
		return true;
	}
	grant_unpin(&g, ref, write);
	model[ref].pins--;
	model[ref].writers -= write;
	if (write && !model[ref].writers) {
		before &= (uint16_t)~GTF_writing;
	}
	if (!model[ref].pins) {
		before &= (uint16_t)~GTF_reading;
	}
	return entries[ref].flags == before;
}

static void against_model(uint64_t *seed)
{
	bool good = true;

	set_up();
	for (int step = 0; step < 300000 && good; step++) {
		uint64_t random = tap_random(seed);
		struct grant_entry_v1 *e = &entries[random % REFS];

		switch ((random >> 32) % 8) {
		case 0: /* the owner writes what it likes */
			*e = (struct grant_entry_v1){(uint16_t)(random >> 40 & 0x1f),
						     (domid_t)((random >> 48) % GRANTEES),
						     (uint32_t)(random >> 20)};
			break;
		case 1:
		case 2:
		case 3:
			good = step_unpin(random);
			break;
		default:
			good = step_pin(random);
			break;
		}
	}
	ok(good, "random uses and entries agree with the model");
	for (uint32_t ref = 0; ref < REFS; ref++) {
		while (model[ref].pins) {
			good = step_unpin(ref) && good;
		}
	}
	ok(good, "down to the last");
	grant_domain_free(&g);
}

/* --- Handles -----------------------------------------------------------------------------------
 */

static void handles(uint64_t *seed)
{
	static bool used[HANDLES];
	struct grant_handle copy, as = {.flags = GNTMAP_host_map};
	uint32_t number, count = 0, seen = 0;
	bool good = true;

	set_up();
	ok(!grant_handle_take(&g, 0, &copy), "without handles none is taken");
	while ((number = grant_handle_add(&g, &as)) != GRANT_NO_HANDLE) {
		good = good && number < HANDLES && !used[number];
		used[number] = true;
		count++;
	}
	ok(good, "each handle is given once");
	is_int(count, 8 * 256, "up to the limit");
	for (int step = 0; step < 100000 && good; step++) {
		number = (uint32_t)(tap_random(seed) % HANDLES);
		good = grant_handle_take(&g, number, &copy) == used[number];
		if (good && used[number]) {
			good = copy.ref == as.ref || step;
			if (grant_handle_take(&g, number, &copy)) {
				good = false; /* taken twice */
			}
			if (tap_random(seed) % 4) {
				grant_handle_remove(&g, number);
				used[number] = false;
			} else {
				grant_handle_return(&g, number);
			}
		} else if (good) {
			as.ref = (uint32_t)step;
			number = grant_handle_add(&g, &as);
			if (number != GRANT_NO_HANDLE) {
				good = !used[number];
				used[number] = true;
			}
		}
	}
	ok(good, "random takes, returns and removals agree with a list");
	for (number = 0; grant_handle_take_next(&g, &number, &copy); seen++) {
		good = good && used[number];
		used[number] = false;
		grant_handle_remove(&g, number);
	}
	for (number = 0; number < HANDLES; number++) {
		good = good && !used[number];
	}
	ok(good && seen, "going through those in use finds all of them");
	grant_domain_free(&g);
}

/* --- A granting domain that writes its entries while they are used -----------------------------
 */

static _Atomic bool stop;

static void *scribble(void *arg)
{
	uint64_t random = 77;

	while (!atomic_load(&stop)) {
		uint32_t *word = (uint32_t *)(void *)&entries[0];

		__atomic_store_n(word, (uint32_t)tap_random(&random) & 0x0001001fU,
				 __ATOMIC_RELAXED);
		__atomic_store_n(word + 1, (uint32_t)tap_random(&random) % 100, __ATOMIC_RELAXED);
	}
	return arg;
}

static void hostile(void)
{
	pthread_t thread;
	unsigned pinned = 0;
	bool good = true;

	set_up();
	pthread_create(&thread, NULL, scribble, NULL);
	for (long i = 0; i < 200000000 && pinned < 5000; i++) {
		mfn_t first, second;

		if (grant_pin(&g, 0, 1, false, &first) != GNTST_okay) {
			continue;
		}
		pinned++;
		good = good && first.n < 100;
		if (grant_pin(&g, 0, 1, true, &second) == GNTST_okay) {
			good = good && first.n == second.n;
			grant_unpin(&g, 0, true);
		}
		grant_unpin(&g, 0, false);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	ok(good && pinned,
	   "while its owner scribbles on it, a grant in use is one frame (%u times)", pinned);
	grant_domain_free(&g);
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);

	table();
	against_model(&seed);
	handles(&seed);
	hostile();
	return done_testing();
}
