/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables and handles: frames, versions, and a random model of what is in use in each. */
#include "tap.h"

#include <fake.h>
#include <grant/grant.h>
#include <lib/error.h>
#include <memory/frame_alloc.h>
#include <memory/frame_ref.h>
#include <string.h>

#define REFS	 40
#define GRANTEES 3
#define HANDLES	 3000

static struct domain_grants g;
static const struct grant_limits limits = {16, 8, 2, true};
static struct grant_entry_v1 *v1;
static union grant_entry_v2 *v2;
static grant_status_t *status;

static void *frame_at(enum grant_frames which, unsigned index)
{
	mfn_t mfn = grant_frame(&g, which, index);

	return mfn_is_none(mfn) ? NULL : frame_ptr(mfn);
}

static void look_up(void)
{
	v1 = frame_at(GRANT_SHARED_FRAMES, 0);
	v2 = frame_at(GRANT_SHARED_FRAMES, 0);
	status = frame_at(GRANT_STATUS_FRAMES_V2, 0);
}

static void set_up(unsigned version)
{
	fake_reset();
	frame_init(4096);
	frame_add_ram(16, 4095);
	grant_domain_init(&g, 7, &limits);
	if (grant_grow(&g, 1) || grant_set_version(&g, version)) {
		abort();
	}
	look_up();
}

static int pin(uint32_t ref, domid_t grantee, unsigned how, uint64_t *frame)
{
	struct grant_use use = {.mfn = MFN_NONE};
	int rc = grant_pin(&g, ref, grantee, how, &use);

	*frame = use.mfn.n;
	return rc;
}

static int grow(unsigned frames)
{
	int rc;

	do {
		rc = grant_grow(&g, frames);
	} while (rc == -ERESTART);
	return rc;
}

static void table(void)
{
	uint64_t before, frame;
	struct grant_entry_v1 *entries;

	set_up(1);
	grant_domain_free(&g);
	before = frame_pool_figures().free;
	grant_domain_init(&g, 7, &limits);
	is_int(grant_frame_count(&g, GRANT_SHARED_FRAMES), 0, "a table starts without pages");
	is_int(pin(0, 1, 0, &frame), GNTST_bad_gntref, "and without entries");
	is_int(grant_grow(&g, 17), -ENOSPC, "it has a limit");
	is_int(grant_grow(&g, 6), -ERESTART, "it grows by a few pages at once");
	is_int(grant_grow(&g, 6), 0, "until it is there");
	is_int(grant_frame_count(&g, GRANT_SHARED_FRAMES), 6, "by pages");
	ok(frame_at(GRANT_SHARED_FRAMES, 5) && !frame_at(GRANT_SHARED_FRAMES, 6),
	   "which have frames");
	ok(!frame_at(GRANT_STATUS_FRAMES_V2, 0), "and no others in version 1");
	is_int(pin(3072, 1, 0, &frame), GNTST_bad_gntref, "beyond its end");
	is_int(pin(UINT32_MAX, 1, 0, &frame), GNTST_bad_gntref, "and far beyond");
	entries = frame_at(GRANT_SHARED_FRAMES, 5);
	entries[511] = (struct grant_entry_v1){GTF_permit_access, 1, 99};
	is_int(pin(3071, 1, GRANT_WRITE, &frame), GNTST_okay, "the last entry");
	is_int(frame, 99, "names its frame");
	entries[511].frame = 98;
	is_int(pin(3071, 1, 0, &frame), GNTST_okay, "a second use");
	is_int(frame, 99, "is of the same frame, whatever the entry says by now");
	is_int(pin(3071, 2, 0, &frame), GNTST_general_error, "by the same domain");
	is_int(grant_swap(&g, 3071, 0), GNTST_eagain, "what is in use is not swapped");
	is_int(grant_set_version(&g, 2), -EBUSY, "nor does the version change");
	grant_unpin(&g, 3071, true);
	is_int(entries[511].flags, GTF_permit_access | GTF_reading, "the writer has gone");
	grant_unpin(&g, 3071, false);
	is_int(entries[511].flags, GTF_permit_access, "and the reader");
	is_int(grant_swap(&g, 3071, 0), GNTST_okay, "now it is swapped");
	is_int(entries[511].flags, 0, "for an empty one");
	is_int(grant_swap(&g, 3072, 0), GNTST_bad_gntref, "both have to be there");
	grant_domain_free(&g);
	is_int(frame_pool_figures().free, before, "all memory came back");
}

static void entries_of_version_2(void)
{
	struct grant_use use;
	uint64_t frame;

	set_up(2);
	is_int(grant_frame_limit(&g, GRANT_STATUS_FRAMES_V2), 2, "a frame of marks for eight");
	ok(status && !frame_at(GRANT_STATUS_FRAMES_V2, 1), "of which one is there");
	is_int(grow(9), 0, "nine frames");
	ok(frame_at(GRANT_STATUS_FRAMES_V2, 1), "need two");
	is_int(pin(9 * 256, 1, 0, &frame), GNTST_bad_gntref, "the table's end");

	v2[9].sub_page.page_off = 100;
	v2[9].sub_page.length = 50;
	v2[9].sub_page.frame = 77;
	v2[9].hdr = (struct grant_entry_header){GTF_permit_access | GTF_sub_page, 1};
	is_int(pin(9, 1, 0, &frame), GNTST_general_error, "part of a page is not mapped");
	is_int(grant_pin(&g, 9, 1, GRANT_COPY, &use), GNTST_okay, "but copied");
	ok(use.kind == GRANT_PART && use.mfn.n == 77 && use.offset == 100 && use.length == 50,
	   "from there");
	is_int(status[9], GTF_reading, "with the mark where it belongs");
	is_int(v2[9].hdr.flags, GTF_permit_access | GTF_sub_page, "and not in the flags");
	v2[9].sub_page.length = 60;
	is_int(grant_pin(&g, 9, 1, GRANT_COPY | GRANT_WRITE, &use), GNTST_okay,
	       "and a second time");
	is_int(use.length, 60, "as the entry says by then");
	v2[9].hdr.flags = GTF_permit_access;
	is_int(grant_pin(&g, 9, 1, GRANT_COPY, &use), GNTST_general_error,
	       "no other kind while it is in use");
	is_int(status[9], GTF_reading | GTF_writing, "which changes no mark");
	grant_unpin(&g, 9, true);
	grant_unpin(&g, 9, false);
	is_int(status[9], 0, "and then it is not");

	v2[10].transitive.trans_domid = 5;
	v2[10].transitive.gref = 1234;
	v2[10].hdr = (struct grant_entry_header){GTF_transitive, 1};
	is_int(pin(10, 1, 0, &frame), GNTST_general_error, "a transitive one is not mapped");
	is_int(grant_pin(&g, 10, 1, GRANT_COPY, &use), GNTST_okay, "but leads");
	ok(use.kind == GRANT_TRANSITIVE && use.third_domid == 5 && use.third_ref == 1234,
	   "to a third domain");
	grant_unpin(&g, 10, false);
	v2[11].full_page.frame = UINT64_C(1) << 32;
	v2[11].hdr = (struct grant_entry_header){GTF_permit_access, 1};
	is_int(pin(11, 1, 0, &frame), GNTST_bad_page, "a frame beyond all machines");
	is_int(status[11], 0, "which leaves no mark");
	grant_domain_free(&g);
	grant_domain_init(&g, 7, &(struct grant_limits){1, 1, 2, false});
	if (grow(1) || grant_set_version(&g, 2)) {
		abort();
	}
	look_up();
	v2[10].hdr = (struct grant_entry_header){GTF_transitive, 1};
	is_int(grant_pin(&g, 10, 1, GRANT_COPY, &use), GNTST_general_error,
	       "transitive ones may be switched off");
	grant_domain_free(&g);
}

static void versions(void)
{
	uint64_t before, frame;
	mfn_t marks;

	set_up(1);
	is_int(grant_set_version(&g, 3), -EINVAL, "there is no version 3");
	is_int(grant_set_version(&g, 0), -EINVAL, "or 0");
	v1[1] = (struct grant_entry_v1){GTF_permit_access, 2, 55};
	v1[8] = (struct grant_entry_v1){GTF_permit_access, 2, 56};
	is_int(pin(1, 2, GRANT_WRITE, &frame), GNTST_okay, "a reserved entry may be in use");
	is_int(grant_set_version(&g, 2), 0, "when the version changes");
	look_up();
	ok(v2[1].hdr.flags == GTF_permit_access && v2[1].hdr.domid == 2 &&
		   v2[1].full_page.frame == 55,
	   "it is still there");
	is_int(status[1], GTF_reading | GTF_writing, "and in use");
	is_int(v2[8].hdr.flags, 0, "the others are empty");
	grant_unpin(&g, 1, true);
	is_int(status[1], 0, "the use ends in the new version");
	is_int(pin(1, 2, 0, &frame), GNTST_okay, "and begins there");
	is_int(frame, 55, "of the same frame");

	marks = grant_frame(&g, GRANT_STATUS_FRAMES_V2, 0);
	ok(frame_get(marks, 7), "the domain maps the marks");
	is_int(grant_set_version(&g, 1), -EBUSY, "so version 2 stays");
	ok(frame_owner(marks) == 7 && frame_count(marks) == 3, "with all that belongs to it");
	frame_put(marks);
	v2[2].full_page.frame = UINT64_C(1) << 32;
	v2[2].hdr.flags = GTF_permit_access;
	is_int(grant_set_version(&g, 1), -ERANGE, "version 1 cannot say each frame");
	v2[2].full_page.frame = 0;
	v2[2].hdr.flags = GTF_transitive;
	is_int(grant_set_version(&g, 1), -ERANGE, "or each kind");
	v2[2].hdr.flags = 0;
	before = frame_pool_figures().free;
	is_int(grant_set_version(&g, 1), 0, "now it may go");
	is_int(frame_pool_figures().free, before + 1, "with its frame of marks");
	is_int(v1[1].flags, GTF_permit_access | GTF_reading, "the reserved entry remains in use");
	grant_unpin(&g, 1, false);
	grant_domain_free(&g);
	grant_domain_init(&g, 7, &(struct grant_limits){1, 1, 1, true});
	is_int(grant_set_version(&g, 2), -ENOSYS, "the highest version is a limit");
	grant_domain_free(&g);
}

/* With so many frames left each operation is done or refused, and the table whole. */
static bool with_little(unsigned left, unsigned *done)
{
	struct grant_handle *handle;
	uint64_t before, frame;
	mfn_t taken = MFN_NONE, mfn;
	uint32_t number;
	bool good;

	set_up(1);
	grant_domain_free(&g);
	before = frame_pool_figures().free;
	grant_domain_init(&g, 7, &limits);
	while (frame_pool_figures().free > left) {
		mfn = frame_alloc(0, 0);
		*(uint64_t *)frame_ptr(mfn) = taken.n;
		taken = mfn;
	}
	*done = 0;
	*done += grow(9) == 0;
	*done += grant_set_version(&g, 2) == 0;
	*done += grow(12) == 0;
	*done += grant_set_version(&g, 1) == 0;
	handle = grant_handle_reserve(&g, &number);
	*done += handle != NULL;
	if (handle) {
		grant_handle_publish(handle, GNTMAP_host_map);
		grant_handle_remove(&g, handle, number);
	}
	look_up();
	good = grant_frame_count(&g, GRANT_STATUS_FRAMES_V2) ==
	       (grant_version(&g) == 1 ? 0 : (grant_frame_count(&g, GRANT_SHARED_FRAMES) + 7) / 8);
	if (v1 && grant_version(&g) == 1) {
		v1[20] = (struct grant_entry_v1){GTF_permit_access, 1, 99};
		good = good && pin(20, 1, 0, &frame) == GNTST_okay && frame == 99;
	} else if (v1) {
		v2[20].full_page.frame = 99;
		v2[20].hdr = (struct grant_entry_header){GTF_permit_access, 1};
		good = good && pin(20, 1, 0, &frame) == GNTST_okay && frame == 99;
	}
	if (v1 && good) {
		grant_unpin(&g, 20, false);
	}
	while (!mfn_is_none(taken)) {
		mfn = taken;
		taken = MFN(*(uint64_t *)frame_ptr(mfn));
		frame_free(mfn, 0);
	}
	grant_domain_free(&g);
	return good && frame_pool_figures().free == before;
}

static void little_memory(void)
{
	unsigned done = 0;
	bool good = true;

	for (unsigned left = 0; left < 60 && good; left++) {
		good = with_little(left, &done);
	}
	ok(good, "with any number of frames left, what fails leaves everything as it was");
	is_int(done, 5, "and with enough of them nothing fails");
}

/* --- The model: who uses what, and what the marks say ----------------------------------------- */

static struct {
	unsigned pins, writers, grantee;
	enum grant_kind kind;
	uint64_t frame;
} model[REFS];

static uint16_t marks_of(uint32_t ref)
{
	uint16_t marks = g.version == 1 ? v1[ref].flags : status[ref];

	return marks & (GTF_reading | GTF_writing);
}

static uint16_t flags_of(uint32_t ref)
{
	return g.version == 1 ? v1[ref].flags : v2[ref].hdr.flags;
}

static bool may(uint32_t ref, unsigned grantee, unsigned how, enum grant_kind *kind)
{
	uint16_t flags = flags_of(ref);
	domid_t domid = g.version == 1 ? v1[ref].domid : v2[ref].hdr.domid;
	unsigned type = flags & GTF_type_mask;

	*kind = type == GTF_transitive			 ? GRANT_TRANSITIVE
		: g.version == 2 && flags & GTF_sub_page ? GRANT_PART
							 : GRANT_PAGE;
	return domid == grantee && !(how & GRANT_WRITE && flags & GTF_readonly) &&
	       (type == GTF_permit_access || (type == GTF_transitive && g.version == 2)) &&
	       (how & GRANT_COPY || (type == GTF_permit_access && !(flags & GTF_sub_page)));
}

static bool step_pin(uint64_t random)
{
	uint32_t ref = (uint32_t)(random % REFS);
	unsigned grantee = (unsigned)(random >> 8) % GRANTEES, how = (unsigned)(random >> 16) % 4;
	bool write = how & GRANT_WRITE, in_use = model[ref].pins;
	bool judged = !in_use || (write && !model[ref].writers) || model[ref].kind != GRANT_PAGE;
	uint64_t frame = g.version == 1 ? v1[ref].frame : v2[ref].full_page.frame;
	struct grant_use use = {.mfn = MFN_NONE};
	uint16_t marks = marks_of(ref);
	enum grant_kind kind;
	bool good = may(ref, grantee, how, &kind);
	int rc = grant_pin(&g, ref, (domid_t)grantee, how, &use);

	if (in_use) {
		kind = judged ? kind : GRANT_PAGE;
		good = (good || !judged) && model[ref].grantee == grantee &&
		       kind == model[ref].kind;
		frame = kind == GRANT_PAGE ? model[ref].frame : frame;
	}
	if (!good || (kind != GRANT_TRANSITIVE && frame >> 32)) {
		return rc < 0 && marks_of(ref) == (marks & marks_of(ref));
	}
	model[ref].kind = kind;
	model[ref].grantee = grantee;
	model[ref].frame = frame;
	model[ref].pins++;
	model[ref].writers += write;
	return rc == GNTST_okay && use.kind == kind &&
	       (kind == GRANT_TRANSITIVE || use.mfn.n == frame) &&
	       (!judged || marks_of(ref) & GTF_reading || (in_use && g.version == 1) ||
		!(marks & GTF_reading));
}

static bool step_unpin(uint64_t random)
{
	uint32_t ref = (uint32_t)(random % REFS);
	unsigned readers = model[ref].pins - model[ref].writers;
	bool write = model[ref].writers && (!readers || random >> 16 & 1);
	uint16_t before = marks_of(ref);

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
	return marks_of(ref) == before;
}

/* The owner writes what it likes, the marks too. */
static void step_write(uint64_t random)
{
	uint32_t ref = (uint32_t)(random % REFS);
	uint16_t flags = (uint16_t)((random >> 40 & 0x1f) | (random >> 45 & 1) * GTF_sub_page);
	domid_t domid = (domid_t)((random >> 48) % GRANTEES);

	if (g.version == 1) {
		v1[ref] = (struct grant_entry_v1){flags, domid, (uint32_t)(random >> 20)};
		return;
	}
	v2[ref].full_page.frame = random >> (random >> 60 ? 50 : 20);
	v2[ref].hdr = (struct grant_entry_header){flags, domid};
	if (random >> 54 & 1) {
		status[ref] = flags;
	}
}

static bool in_use_beside_reserved(void)
{
	for (uint32_t ref = GNTTAB_NR_RESERVED_ENTRIES; ref < REFS; ref++) {
		if (model[ref].pins) {
			return true;
		}
	}
	return false;
}

static unsigned long changes;

static bool step_version(unsigned version)
{
	bool same = version == g.version, busy = in_use_beside_reserved();
	int rc = grant_set_version(&g, version);

	look_up();
	changes += !same && rc == 0;
	return same ? rc == 0 : busy ? rc == -EBUSY : rc == 0 || rc == -ERANGE;
}

/* Nothing is in use for once, and nothing reserved that version 1 could not say. */
static bool pause_and_change(void)
{
	bool good = true;

	for (uint32_t ref = 0; ref < REFS; ref++) {
		while (model[ref].pins) {
			good = step_unpin(ref) && good;
		}
	}
	for (uint32_t ref = 0; g.version == 2 && ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
		memset(&v2[ref], 0, sizeof(v2[ref]));
	}
	return step_version(3 - g.version) && good;
}

static void against_model(uint64_t *seed)
{
	long steps = tap_steps(300000), step;
	bool good = true;

	set_up(1);
	for (step = 0; step < steps && good; step++) {
		uint64_t random = tap_random(seed);
		unsigned what = (random >> 32) % 64;

		if (what == 0) {
			good = step_version(1 + (random & 1));
		} else if (what == 1) {
			good = pause_and_change();
		} else if (what < 12) {
			step_write(random);
		} else {
			good = what < 36 ? step_unpin(random) : step_pin(random);
		}
	}
	ok(good, "random uses and entries agree with the model (%ld steps)", step);
	ok(changes > 100, "through %lu changes of version", changes);
	for (uint32_t ref = 0; ref < REFS; ref++) {
		while (model[ref].pins) {
			good = step_unpin(ref) && good;
		}
	}
	ok(good && g.in_use == 0, "down to the last");
	grant_domain_free(&g);
}

/* --- Handles -----------------------------------------------------------------------------------
 */

static bool used[HANDLES];

static uint32_t add(uint32_t ref)
{
	uint32_t number;
	struct grant_handle *handle = grant_handle_reserve(&g, &number);

	if (!handle) {
		return GRANT_NO_HANDLE;
	}
	if (grant_handle_take(&g, number)) {
		return HANDLES; /* what is reserved is not in use yet */
	}
	handle->ref = handle->mfn = ref;
	grant_handle_publish(handle, GNTMAP_host_map);
	return number;
}

static bool random_handle(uint64_t *seed, uint32_t step)
{
	uint32_t number = (uint32_t)(tap_random(seed) % HANDLES);
	struct grant_handle *handle = grant_handle_take(&g, number);

	if (!handle != !used[number]) {
		return false;
	}
	if (!handle) {
		number = add(step);
		if (number == GRANT_NO_HANDLE) {
			return true;
		}
		if (number >= HANDLES || used[number]) {
			return false;
		}
		return used[number] = true;
	}
	if (grant_handle_take(&g, number)) {
		return false; /* taken twice */
	}
	if (tap_random(seed) % 4) {
		grant_handle_remove(&g, handle, number);
		used[number] = false;
	} else {
		grant_handle_return(handle, 0);
	}
	return true;
}

static void handles(uint64_t *seed)
{
	uint32_t number, count = 0, seen = 0;
	struct grant_handle *handle;
	bool good = true;

	set_up(1);
	ok(!grant_handle_take(&g, 0), "without handles none is taken");
	while ((number = add(count)) != GRANT_NO_HANDLE) {
		good = good && number < HANDLES && !used[number];
		used[number] = true;
		count++;
	}
	ok(good, "each handle is given once");
	is_int(count, 8 * 256, "up to the limit");
	number = 0;
	while (grant_handle_find(&g, MFN(777), &number, 10) == 0) {
	}
	handle = grant_handle_take(&g, number);
	ok(handle && handle->mfn == 777, "one is found by its frame");
	grant_handle_return(handle, GNTMAP_host_map);
	ok(!(handle->flags & GNTMAP_host_map), "and goes back without a part of it");
	number = 0;
	is_int(grant_handle_find(&g, MFN(HANDLES), &number, HANDLES), -EINVAL, "or it is not");
	for (uint32_t step = 0; step < 100000 && good; step++) {
		good = random_handle(seed, step);
	}
	ok(good, "random takes, returns and removals agree with a list");
	for (number = 0; (handle = grant_handle_take_next(&g, &number)); seen++) {
		good = good && used[number];
		used[number] = false;
		grant_handle_remove(&g, handle, number);
	}
	for (number = 0; number < HANDLES; number++) {
		good = good && !used[number];
	}
	ok(good && seen, "going through those in use finds all of them");
	grant_domain_free(&g);
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);

	table();
	entries_of_version_2();
	versions();
	little_memory();
	against_model(&seed);
	handles(&seed);
	return done_testing();
}
