/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's memory from birth to its last frame. */
#include <debug/log.h>
#include <lib/heap.h>
#include <memory/frame_alloc.h>
#include <memory/frame_list.h>
#include <memory/memory.h>
#include <memory/mmio.h>
#include <memory/page_table.h>

#define DROP_STEPS    1024 /* of some 40 instructions */
#define ABANDON_STEPS 8

struct memory_map machine_memory_map;
struct domain_memory domain_memory_io = {.id = DOMID_IO}, domain_memory_xen = {.id = DOMID_XEN};

void domain_memory_init(struct domain_memory *dm, domid_t id)
{
	*dm = (struct domain_memory){
		.id = id,
		.guards_absent = absent_entries_leak(id),
		.tables = LOCK_INIT(LOCK_PAGE_TABLES),
		.frames_lock = LOCK_INIT(LOCK_FRAME_LIST),
	};
	for (unsigned i = 0; i < PARKED_MAX; i++) {
		dm->parked[i].table = MFN_NONE;
	}
}

void vcpu_memory_init(struct vcpu_memory *vm)
{
	*vm = (struct vcpu_memory){.kernel_root = MFN_NONE, .user_root = MFN_NONE};
}

int vcpu_memory_drop(struct domain_memory *dm, struct vcpu_memory *vm)
{
	mfn_t *const roots[] = {&vm->kernel_root, &vm->user_root};
	int rc;

	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	for (unsigned i = 0; i < ARRAY_COUNT(roots) && rc == 0; i++) {
		if (!mfn_is_none(*roots[i])) {
			page_table_put(dm, *roots[i]);
			*roots[i] = MFN_NONE;
			rc = page_tables_settle(dm);
		}
	}
	page_tables_unlock(dm);
	return rc;
}

static bool is_alone(const struct domain_memory *dm, mfn_t mfn)
{
	return frame_ref_word(mfn) == FRAME_REF(dm->id, FRAME_ALLOCATED | 1);
}

/* Steps over frames that are referred to, once: perhaps by page tables further on in the list. */
static void step_over(struct domain_memory *dm, uint64_t *steps)
{
	for (; dm->unseen && dm->frames.first && *steps < DROP_STEPS; dm->unseen--, ++*steps) {
		mfn_t mfn = frame_list_first(&dm->frames);

		if (is_alone(dm, mfn) || frame_type_word(mfn) & TYPE_PINNED) {
			break;
		}
		dm->frames.first = FRAME_LINKS[mfn.n].next;
	}
}

/* A frame of the domain's lists; none is added any more, because the limit is zero. */
static mfn_t next_frame(struct domain_memory *dm, uint64_t *steps)
{
	mfn_t mfn;

	lock_acquire(&dm->frames_lock);
	dm->frame_limit = 0;
	step_over(dm, steps);
	mfn = frame_list_first(&dm->frames);
	if (mfn_is_none(mfn)) {
		mfn = frame_list_first(&dm->released);
	}
	lock_release(&dm->frames_lock);
	return mfn;
}

/* Those who still refer to the frame keep it, but it has no owner from now on. */
static void abandon_frame(struct domain_memory *dm, mfn_t mfn)
{
	uint64_t word;
	bool ours;

	lock_acquire(&dm->frames_lock);
	word = frame_ref_word(mfn);
	/* A privileged domain may have given it back in the dying one's name meanwhile. */
	ours = word >> FRAME_OWNER_SHIFT == dm->id && word & (FRAME_ALLOCATED | FRAME_RELEASED);
	if (ours) {
		frame_list_remove(word & FRAME_RELEASED ? &dm->released : &dm->frames, mfn);
		dm->frame_count--;
		frame_orphan(mfn);
	}
	lock_release(&dm->frames_lock);
	if (ours) {
		frame_put(mfn);
	}
}

/* What ends with the domain besides its frames. */
static int drop_parked(struct domain_memory *dm)
{
	int rc = page_tables_settle(dm);

	for (unsigned i = 0; i < PARKED_MAX && rc == 0; i++) {
		struct table_parked *parked = &dm->parked[i];
		mfn_t table = parked->table;

		parked->table = MFN_NONE;
		if (!mfn_is_none(table) && parked->rc == 0) {
			page_table_put(dm, table);
			rc = page_tables_settle(dm);
		}
	}
	return rc;
}

void domain_memory_free(struct domain_memory *dm)
{
	mmio_drop(dm);
	heap_free(dm->map, sizeof(*dm->map));
	dm->map = NULL;
}

void domain_memory_limit(struct domain_memory *dm, uint64_t frames)
{
	lock_acquire(&dm->frames_lock);
	dm->frame_limit = MIN(frames, (uint64_t)FRAMES_NO_LIMIT);
	lock_release(&dm->frames_lock);
}

/* One frame, or many that lie side by side; *steps says how much work it was. */
static int drop_frame(struct domain_memory *dm, mfn_t mfn, uint64_t *steps)
{
	uint64_t freed;

	if (frame_type_word(mfn) & TYPE_PINNED) {
		return page_table_unpin(dm, mfn);
	}
	freed = is_alone(dm, mfn) ? frame_free_run(dm) : 0;
	*steps += freed;
	if (freed) {
		return 0;
	}
	abandon_frame(dm, mfn);
	*steps += ABANDON_STEPS;
	return page_tables_settle(dm);
}

int domain_memory_drop(struct domain_memory *dm)
{
	uint64_t steps = 0;
	mfn_t mfn;
	int rc;

	page_tables_lock(dm);
	dm->unseen = dm->dying ? dm->unseen : dm->frame_count;
	dm->dying = true;
	rc = drop_parked(dm);
	while (rc == 0) {
		mfn = next_frame(dm, &steps);
		if (mfn_is_none(mfn)) {
			break;
		}
		rc = drop_frame(dm, mfn, &steps);
		if (rc == 0 && (steps >= DROP_STEPS || dm->walk.budget <= 0)) {
			rc = -ERESTART;
		}
	}
	page_tables_unlock(dm);
	if (rc == 0) {
		(void)frame_claim(dm, 0);
		domain_memory_free(dm);
	}
	return rc;
}
