/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three domains that have grants of each other: their birth and death, and what must hold. */
#ifndef TESTS_GRANT_WORLD_H
#define TESTS_GRANT_WORLD_H

#include "hypercall_world.h"
#include <domain/grants.h>

/*
 * The choices come from one function, so that the model test makes them by chance and the fuzzer by
 * its input. After each step the actors' own record of what is mapped where is held against the
 * page tables, the pins of each reference against the handles that are left, and all frames' counts
 * against an audit.
 */
#define ACTOR_FRAMES  400
#define ACTOR_DATA    4	 /* frames of its own that a domain grants and maps */
#define ACTOR_SLOTS   6	 /* addresses that it maps at */
#define ACTOR_REFS    14 /* the reserved ones among them */
#define ACTOR_HANDLES 512

static uint64_t (*actor_choose)(uint64_t below);

static struct {
	struct world_tree tree;
	mfn_t data[ACTOR_DATA];
	uint64_t slot[ACTOR_SLOTS]; /* what its entry must say: frame and right to write, or 0 */
	bool alive;
} actor[WORLD_DOMAINS];

static struct {
	const char *op;
	const char *fault;
} actors;

/* How often what was tried was also done. */
enum grant_deed {
	DID_MAP,
	DID_MAP_BY_ENTRY,
	DID_MAP_DEVICE,
	DID_UNMAP,
	DID_UNMAP_PART,
	DID_REPLACE,
	DID_OVERWRITE_GRANT,
	DID_COPY,
	DID_COPY_PART,
	DID_COPY_TRANSITIVE,
	DID_VERSION,
	DID_SWAP,
	DID_RELEASE,
	DID_RESTART,
	DID_DIE_MAPPED,
	DID_DIE_MAPPING,
	GRANT_DEEDS
};
static unsigned long did[GRANT_DEEDS];

static union {
	struct gnttab_map_grant_ref map[4];
	struct gnttab_unmap_grant_ref unmap[4];
	struct gnttab_unmap_and_replace replace;
	struct gnttab_copy copy[2];
	struct gnttab_set_version version;
	struct gnttab_swap_grant_ref swap;
	struct gnttab_cache_flush flush;
} *const actor_arg = (void *)&guest.bytes[0];

static inline bool chance(unsigned percent)
{
	return actor_choose(100) < percent;
}

static inline void fault(const char *what)
{
	actors.fault = actors.fault ? actors.fault : what;
}

struct domain *domain_get(domid_t id)
{
	return id < WORLD_DOMAINS && actor[id].alive ? &guest_domain[id] : NULL;
}

static inline long grant_call(unsigned command, unsigned count)
{
	return guest_calls(hypercall_grant_table_op, command, (uint64_t)actor_arg, count, 0);
}

/* --- Life and death ------------------------------------------------------------------------ */

static inline void actor_born(unsigned d)
{
	world_new_domain(d);
	guest_domain[d].id = (domid_t)d;
	grant_domain_init(&guest_domain[d].grants, (domid_t)d,
			  &(struct grant_limits){2, 2, 2, true});
	actor[d].tree = world_tree(d);
	for (unsigned i = 0; i < ACTOR_DATA; i++) {
		actor[d].data[i] = world_frame(d);
	}
	memset(actor[d].slot, 0, sizeof(actor[d].slot));
	actor[d].alive = true;
	world.vcpu[d]->kernel_root = actor[d].tree.l4;
	if (WORLD_RETRY(world.dm[d], page_table_get(world.dm[d], actor[d].tree.l4, 4)) ||
	    grant_grow(&guest_domain[d].grants, 1) ||
	    grant_set_version(&guest_domain[d].grants, 1 + (unsigned)actor_choose(2))) {
		fault("a domain could not be made");
	}
}

static inline bool has_handles(unsigned d, int of)
{
	struct domain_grants *g = &guest_domain[d].grants;

	for (uint32_t n = 0; n < g->handle_pages * GRANT_HANDLES_PER_PAGE; n++) {
		const struct grant_handle *h =
			&g->handles[n / GRANT_HANDLES_PER_PAGE][n % GRANT_HANDLES_PER_PAGE];

		if (h->flags & GRANT_HANDLE_USED && (of < 0 || h->domid == of)) {
			return true;
		}
	}
	return false;
}

/* Who takes domains apart; it has nothing itself. */
static struct domain undertaker = {.id = WORLD_DOMAINS};
static struct vcpu undertaker_vcpu = {.domain = &undertaker};

static inline void actor_dies(unsigned d)
{
	did[DID_DIE_MAPPING] += has_handles(d, -1);
	for (unsigned other = 0; other < WORLD_DOMAINS; other++) {
		did[DID_DIE_MAPPED] +=
			other != d && actor[other].alive && has_handles(other, (int)d);
	}
	fake_current = &undertaker_vcpu;
	world_drop(d);
	while (grants_release_all(&guest_domain[d]) == -ERESTART) {
	}
	actor[d].alive = false;
	grant_domain_free(&guest_domain[d].grants);
}

/* --- What must hold ------------------------------------------------------------------------ */

static inline uint64_t actor_entry(unsigned d, unsigned slot)
{
	return *word_of(actor[d].tree.l1, slot) & (ENTRY_FRAME | ENTRY_PRESENT | ENTRY_WRITE);
}

static inline void count_shared(mfn_t mfn)
{
	world.mine[mfn.n].refs++;
	audit_type(world.mine, mfn);
}

/* Adds up what handles hold, and takes their pins off a list of all. */
static inline void count_handles(unsigned d, int (*pins)[ACTOR_REFS], int (*writers)[ACTOR_REFS])
{
	struct domain_grants *g = &guest_domain[d].grants;

	for (uint32_t n = 0; n < g->handle_pages * GRANT_HANDLES_PER_PAGE; n++) {
		const struct grant_handle *h =
			&g->handles[n / GRANT_HANDLES_PER_PAGE][n % GRANT_HANDLES_PER_PAGE];
		bool write = !(h->flags & GNTMAP_readonly);

		if (!(h->flags & GRANT_HANDLE_USED)) {
			continue;
		}
		if (h->flags & GRANT_HANDLE_BUSY) {
			fault("a handle is busy");
		}
		if (h->flags & GNTMAP_device_map && write) {
			audit_type(world.mine, MFN(h->mfn));
		} else if (h->flags & GNTMAP_device_map) {
			world.mine[h->mfn].refs++;
		}
		if (actor[h->domid].alive &&
		    guest_domain[h->domid].grants.generation == h->generation) {
			pins[h->domid][h->ref]--;
			writers[h->domid][h->ref] -= write;
		}
	}
}

static inline void check_all(void)
{
	int pins[WORLD_DOMAINS][ACTOR_REFS] = {0}, writers[WORLD_DOMAINS][ACTOR_REFS] = {0};

	memset(world.mine, 0, sizeof(world.mine));
	for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
		struct domain_grants *g = &guest_domain[d].grants;

		for (unsigned i = 0; actor[d].alive && i < ACTOR_SLOTS; i++) {
			if (actor_entry(d, i) != actor[d].slot[i]) {
				fault("an entry is not what it should be");
			}
		}
		for (unsigned i = 0; i < g->frame_count; i++) {
			count_shared(frame_of_ptr(g->shared[i]));
		}
		for (unsigned i = 0; i < g->status_count; i++) {
			count_shared(frame_of_ptr(g->status[i]));
		}
		for (uint32_t ref = 0; g->frame_count && ref < ACTOR_REFS; ref++) {
			pins[d][ref] += (int)g->active[0][ref].pins;
			writers[d][ref] += (int)g->active[0][ref].writers;
		}
	}
	for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
		count_handles(d, pins, writers);
	}
	for (unsigned i = 0; i < WORLD_DOMAINS * ACTOR_REFS; i++) {
		if (pins[i / ACTOR_REFS][i % ACTOR_REFS] ||
		    writers[i / ACTOR_REFS][i % ACTOR_REFS]) {
			fault("pins and handles differ");
		}
	}
	if (world_audit()) {
		fault("the audit differs");
	}
}

#endif
