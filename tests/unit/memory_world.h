/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few domains with a vCPU each on a small fake machine, for the tests of memory/. */
#ifndef TESTS_MEMORY_WORLD_H
#define TESTS_MEMORY_WORLD_H

#include <fake.h>
#include <memory/audit.h>
#include <memory/frame_alloc.h>
#include <memory/frame_ref.h>
#include <memory/page_table.h>

#define WORLD_DOMAINS	 3
#define WORLD_FRAMES_MAX 4096

#define P (ENTRY_PRESENT)
#define W (ENTRY_PRESENT | ENTRY_WRITE)
#define U (ENTRY_USER)

static struct {
	uint64_t frames;
	struct domain_memory *dm[WORLD_DOMAINS];
	struct vcpu_memory *vcpu[WORLD_DOMAINS];
	struct audit_count counts[WORLD_FRAMES_MAX];
	/* References that the test itself holds; world_audit() takes them into account. */
	struct audit_count mine[WORLD_FRAMES_MAX];
} world;

/* Where the domains' memory is: here, unless a test has whole domains and says so. */
static struct domain_memory world_own_dm[WORLD_DOMAINS], *world_dm_at[WORLD_DOMAINS];
static struct vcpu_memory world_own_vcpu[WORLD_DOMAINS], *world_vcpu_at[WORLD_DOMAINS];

static inline void world_new_domain(unsigned i)
{
	world.dm[i] = world_dm_at[i] ? world_dm_at[i] : &world_own_dm[i];
	world.vcpu[i] = world_vcpu_at[i] ? world_vcpu_at[i] : &world_own_vcpu[i];
	domain_memory_init(world.dm[i], (domid_t)i);
	vcpu_memory_init(world.vcpu[i]);
	world.dm[i]->frame_limit = world.frames;
	atomic_store(&world.dm[i]->cached_on, BIT(i));
}

static inline void world_start(uint64_t frames)
{
	fake_reset();
	frame_init(frames);
	fake_checks_free = true;
	frame_add_ram(1, frames - 1);
	memset(&world, 0, sizeof(world));
	world.frames = frames;
	for (unsigned i = 0; i < WORLD_DOMAINS; i++) {
		world_new_domain(i);
	}
}

static inline unsigned world_audit(void)
{
	memcpy(world.counts, world.mine, sizeof(world.counts));
	for (unsigned i = 0; i < WORLD_DOMAINS; i++) {
		audit_domain(world.counts, world.dm[i]);
		audit_vcpu(world.counts, world.vcpu[i]);
	}
	return audit_compare(world.counts);
}

static inline mfn_t world_frame(unsigned domain)
{
	return frame_alloc_for(world.dm[domain], 0, 0);
}

static inline uint64_t *word_of(mfn_t table, unsigned index)
{
	return (uint64_t *)frame_ptr(table) + index;
}

static inline uint64_t entry_to(mfn_t mfn, uint64_t flags)
{
	return mfn.n << PAGE_SHIFT | flags;
}

/* One of the calls that may have to be made again. */
#define WORLD_RETRY(dm, call)                                    \
	({                                                       \
		int world_rc;                                    \
		do {                                             \
			page_tables_lock(dm);                    \
			world_rc = page_tables_settle(dm);       \
			world_rc = world_rc ? world_rc : (call); \
			page_tables_unlock(dm);                  \
		} while (world_rc == -ERESTART);                 \
		world_rc;                                        \
	})

static inline int world_pin(unsigned domain, mfn_t mfn, unsigned level)
{
	return WORLD_RETRY(world.dm[domain], page_table_pin(world.dm[domain], mfn, level));
}

static inline void world_settle(unsigned domain)
{
	(void)WORLD_RETRY(world.dm[domain], 0);
}

static inline int world_unpin(unsigned domain, mfn_t mfn)
{
	int rc = WORLD_RETRY(world.dm[domain], page_table_unpin(world.dm[domain], mfn));

	world_settle(domain);
	return rc;
}

static inline int world_set_l1(unsigned domain, mfn_t table, unsigned index, uint64_t entry)
{
	struct domain_memory *dm = world.dm[domain];

	return WORLD_RETRY(dm, page_table_set_l1(dm, dm, word_of(table, index), entry, false));
}

static inline int world_set_upper(unsigned domain, mfn_t table, unsigned index, uint64_t entry)
{
	struct domain_memory *dm = world.dm[domain];
	unsigned level = frame_type(table);
	int rc = WORLD_RETRY(dm,
			     page_table_set_upper(dm, level, word_of(table, index), entry, false));

	world_settle(domain);
	return rc;
}

/* L4 -> L3 -> L2 -> L1 by their first entries, not validated. */
struct world_tree {
	mfn_t l4, l3, l2, l1;
};

static inline struct world_tree world_tree(unsigned domain)
{
	struct world_tree t = {world_frame(domain), world_frame(domain), world_frame(domain),
			       world_frame(domain)};

	*word_of(t.l4, 0) = entry_to(t.l3, W);
	*word_of(t.l3, 0) = entry_to(t.l2, W);
	*word_of(t.l2, 0) = entry_to(t.l1, W);
	return t;
}

/* Ends a domain; the same number may be used again. */
static inline void world_drop(unsigned domain)
{
	while (vcpu_memory_drop(world.dm[domain], world.vcpu[domain]) == -ERESTART) {
	}
	while (domain_memory_drop(world.dm[domain]) == -ERESTART) {
	}
}

#endif
