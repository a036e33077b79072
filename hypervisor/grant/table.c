/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants: a domain's table, its frames and its version. */
#include <debug/log.h>
#include <grant/entry.h>
#include <lib/error.h>
#include <lib/heap.h>
#include <lib/string.h>
#include <memory/frame_alloc.h>
#include <memory/frame_ref.h>

#define GROW_STEPS   4 /* frames that are added in one go */
#define ACTIVE_BYTES (GRANT_ACTIVE_EACH * sizeof(struct grant_active))

/* --- Life ---------------------------------------------------------------------------------- */

void grant_domain_init(struct domain_grants *g, domid_t id, const struct grant_limits *limits)
{
	static _Atomic uint32_t next_generation;

	*g = (struct domain_grants){
		.id = id,
		.generation = atomic_fetch_add(&next_generation, 1),
		.lock = LOCK_INIT(LOCK_GRANT_TABLE),
		.handles_lock = LOCK_INIT(LOCK_MAPTRACK),
		.version = 1,
		.version_limit = limits->version,
		.transitive = limits->transitive,
		.frame_limit = limits->frames,
		.handle_page_limit = limits->handle_pages,
		.free_handle = GRANT_NO_HANDLE,
	};
}

static size_t pointer_bytes(unsigned count)
{
	return count * sizeof(void *);
}

void grant_domain_free(struct domain_grants *g)
{
	for (unsigned i = 0; i < g->frame_count; i++) {
		frame_unshare(frame_of_ptr(g->shared[i]));
	}
	for (unsigned i = 0; i < g->status_count; i++) {
		frame_unshare(frame_of_ptr(g->status[i]));
	}
	for (unsigned i = 0; i < g->active_count; i++) {
		heap_free(g->active[i], ACTIVE_BYTES);
	}
	heap_free(g->shared, pointer_bytes(g->frame_limit));
	heap_free(g->active, pointer_bytes(g->frame_limit));
	heap_free(g->status, pointer_bytes(GRANT_STATUS_FRAMES(g->frame_limit)));
	for (unsigned i = 0; i < g->handle_pages; i++) {
		heap_free(g->handles[i], PAGE_SIZE);
	}
	heap_free(g->handles, pointer_bytes(g->handle_page_limit));
	g->shared = NULL;
	g->active = NULL;
	g->status = NULL;
	g->handles = NULL;
	g->frame_count = g->active_count = g->status_count = 0;
	g->handle_pages = 0;
	g->free_handle = GRANT_NO_HANDLE;
}

/* --- Frames -------------------------------------------------------------------------------- */

/* A frame that the guest may map and write. */
static void *new_shared_frame(struct domain_grants *g)
{
	mfn_t mfn = frame_alloc(0, 0);

	if (mfn_is_none(mfn)) {
		return NULL;
	}
	frame_share(mfn, g->id, true);
	return frame_ptr(mfn);
}

static bool need_array(void *array, unsigned limit)
{
	void **at = array;

	if (!*at) {
		*at = heap_alloc(pointer_bytes(limit));
	}
	return *at;
}

/* What so many frames of entries of a version need beside themselves. More than that is no harm. */
static int add_companions(struct domain_grants *g, unsigned frames, unsigned version)
{
	unsigned active = version == 1 ? frames : (frames + 1) / 2;
	unsigned status = version == 1 ? 0 : GRANT_STATUS_FRAMES(frames);

	if (!need_array(&g->active, g->frame_limit) ||
	    (status && !need_array(&g->status, GRANT_STATUS_FRAMES(g->frame_limit)))) {
		return refuse(-ENOMEM);
	}
	for (; g->active_count < active; g->active_count++) {
		g->active[g->active_count] = heap_alloc(ACTIVE_BYTES);
		if (!g->active[g->active_count]) {
			return refuse(-ENOMEM);
		}
	}
	for (; g->status_count < status; g->status_count++) {
		g->status[g->status_count] = new_shared_frame(g);
		if (!g->status[g->status_count]) {
			return refuse(-ENOMEM);
		}
	}
	return 0;
}

static int add_frame(struct domain_grants *g)
{
	void *frame;

	if (!need_array(&g->shared, g->frame_limit) ||
	    add_companions(g, g->frame_count + 1, g->version)) {
		return refuse(-ENOMEM);
	}
	frame = new_shared_frame(g);
	if (!frame) {
		return refuse(-ENOMEM);
	}
	g->shared[g->frame_count++] = frame;
	return 0;
}

int grant_grow(struct domain_grants *g, unsigned frames)
{
	int rc = 0;

	if (frames > g->frame_limit) {
		return refuse(-ENOSPC);
	}
	lock_acquire(&g->lock);
	for (unsigned i = 0; !rc && g->frame_count < frames; i++) {
		rc = i < GROW_STEPS ? add_frame(g) : -ERESTART;
	}
	lock_release(&g->lock);
	return rc;
}

static unsigned frames_there(const struct domain_grants *g, enum grant_frames which)
{
	return which == GRANT_SHARED_FRAMES ? g->frame_count : g->status_count;
}

mfn_t grant_frame(struct domain_grants *g, enum grant_frames which, unsigned index)
{
	mfn_t mfn = MFN_NONE;

	lock_acquire(&g->lock);
	if (index < frames_there(g, which)) {
		mfn = frame_of_ptr(which == GRANT_SHARED_FRAMES ? g->shared[index]
								: g->status[index]);
	}
	lock_release(&g->lock);
	return mfn;
}

unsigned grant_frame_count(struct domain_grants *g, enum grant_frames which)
{
	unsigned count;

	lock_acquire(&g->lock);
	count = frames_there(g, which);
	lock_release(&g->lock);
	return count;
}

unsigned grant_frame_limit(const struct domain_grants *g, enum grant_frames which)
{
	return which == GRANT_SHARED_FRAMES ? g->frame_limit : GRANT_STATUS_FRAMES(g->frame_limit);
}

/* --- Versions ------------------------------------------------------------------------------ */

/* The entries that outlive a change of version, as version 1 says them; flags hold the marks. */
struct reserved {
	struct grant_entry_v1 entry[GNTTAB_NR_RESERVED_ENTRIES];
};

static int save_reserved(struct domain_grants *g, struct reserved *saved)
{
	*saved = (struct reserved){0};
	for (unsigned i = 0; g->frame_count && i < GNTTAB_NR_RESERVED_ENTRIES; i++) {
		struct grant_entry_v1 *to = &saved->entry[i];
		union grant_entry_v2 from;

		if (g->version == 1) {
			*to = *find_v1(g, i);
			continue;
		}
		from = *(const volatile union grant_entry_v2 *)find_v2(g, i);
		if ((from.hdr.flags & GTF_type_mask) == GTF_invalid) {
			continue;
		}
		if ((from.hdr.flags & (GTF_type_mask | GTF_sub_page)) != GTF_permit_access ||
		    from.full_page.frame > UINT32_MAX) {
			return refuse(-ERANGE);
		}
		to->flags = from.hdr.flags | *entry_status(g, i);
		to->domid = from.hdr.domid;
		to->frame = (uint32_t)from.full_page.frame;
	}
	return 0;
}

static void restore_reserved(struct domain_grants *g, const struct reserved *saved)
{
	for (unsigned i = 0; g->frame_count && i < GNTTAB_NR_RESERVED_ENTRIES; i++) {
		struct grant_entry_v1 from = saved->entry[i];
		uint16_t marks = from.flags & (GTF_reading | GTF_writing);

		if (g->version == 1) {
			*find_v1(g, i) = from;
			continue;
		}
		find_v2(g, i)->full_page.hdr.domid = from.domid;
		find_v2(g, i)->full_page.frame = from.frame;
		find_v2(g, i)->full_page.hdr.flags = from.flags & (uint16_t)~marks;
		*entry_status(g, i) = marks;
	}
}

/* The frames of marks are ours alone again; -EBUSY: somebody has one mapped, and all stay. */
static int drop_status(struct domain_grants *g)
{
	bool alone = true;

	for (unsigned i = 0; i < g->status_count; i++) {
		frame_orphan(frame_of_ptr(g->status[i]));
		alone = frame_is_unshared(frame_of_ptr(g->status[i])) && alone;
	}
	for (unsigned i = 0; i < g->status_count; i++) {
		mfn_t mfn = frame_of_ptr(g->status[i]);

		if (alone) {
			frame_unshare(mfn);
		} else {
			frame_adopt(mfn, g->id);
		}
	}
	if (!alone) {
		return refuse(-EBUSY);
	}
	g->status_count = 0;
	return 0;
}

static int change_version(struct domain_grants *g, unsigned version)
{
	struct reserved saved;
	int rc;

	if (g->in_use) {
		return refuse(-EBUSY);
	}
	rc = save_reserved(g, &saved);
	if (!rc && g->frame_count) {
		rc = add_companions(g, g->frame_count, version);
	}
	if (!rc && version == 1) {
		rc = drop_status(g);
	} else if (rc && version == 2) {
		(void)drop_status(g); /* nobody has been told of them */
	}
	if (rc) {
		return rc;
	}
	for (unsigned i = 0; i < g->frame_count; i++) {
		frame_clear(frame_of_ptr(g->shared[i]));
	}
	g->version = version;
	restore_reserved(g, &saved);
	return 0;
}

int grant_set_version(struct domain_grants *g, unsigned version)
{
	int rc = 0;

	if (version != 1 && version != 2) {
		return refuse(-EINVAL);
	}
	lock_acquire(&g->lock);
	if (version > g->version_limit) {
		rc = refuse(-ENOSYS);
	} else if (version != g->version) {
		rc = change_version(g, version);
	}
	lock_release(&g->lock);
	return rc;
}

unsigned grant_version(struct domain_grants *g)
{
	unsigned version;

	lock_acquire(&g->lock);
	version = g->version;
	lock_release(&g->lock);
	return version;
}

/* --- Swapping ------------------------------------------------------------------------------ */

static int swap_locked(struct domain_grants *g, uint32_t a, uint32_t b)
{
	union grant_entry_v2 *at[2], copy[2];
	size_t size = (size_t)1 << entry_shift(g);

	if (a >= entry_count(g) || b >= entry_count(g)) {
		return refuse(GNTST_bad_gntref);
	}
	if (find_active(g, a)->pins || find_active(g, b)->pins) {
		return refuse(GNTST_eagain);
	}
	at[0] = entry_at(g, a);
	at[1] = entry_at(g, b);
	memcpy(&copy[0], at[0], size);
	memcpy(&copy[1], at[1], size);
	memcpy(at[0], &copy[1], size);
	memcpy(at[1], &copy[0], size);
	return GNTST_okay;
}

int grant_swap(struct domain_grants *g, uint32_t a, uint32_t b)
{
	int status;

	lock_acquire(&g->lock);
	status = swap_locked(g, a, b);
	lock_release(&g->lock);
	return status;
}
