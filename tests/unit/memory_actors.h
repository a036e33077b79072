/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile domains: what they do to their memory, and what their processors may remember of it. */
#ifndef TESTS_MEMORY_ACTORS_H
#define TESTS_MEMORY_ACTORS_H

#include "memory_world.h"
#include <memory/mmu_update.h>

/*
 * The choices come from one function, so that the model test makes them by chance and the fuzzer by
 * its input. Domain d runs on CPU d. A processor may remember any translation that ever was in one
 * of its domain's valid tables until it flushes, and any table; a guest writes wherever such a
 * memory still lets it.
 */
#define ACTOR_FRAMES 96

static uint64_t (*actor_choose)(uint64_t below); /* a number below that */

enum { CAN_READ = 1, CAN_WRITE = 2 };

static struct {
	uint8_t tlb[WORLD_DOMAINS][ACTOR_FRAMES];
	uint8_t walks[WORLD_DOMAINS][ACTOR_FRAMES]; /* bit n: as a table of level n */
	bool used[ACTOR_FRAMES];
	const char *op;
	const char *fault;
	uint64_t fault_frame;
} actors;

/* What the test holds like grants, descriptor windows and the hypervisor do. */
enum holding_kind { HOLD_NONE, HOLD_WRITABLE, HOLD_READ, HOLD_DESCRIPTORS, HOLD_OWN, HOLD_SHARED };
#define HOLDINGS 12
static struct {
	enum holding_kind kind;
	mfn_t mfn;
	unsigned domain;
} holding[HOLDINGS];

/* How often what was tried was also done: a test in which nothing succeeds proves nothing. */
enum deed {
	DID_PIN1,
	DID_PIN2,
	DID_PIN3,
	DID_PIN4,
	DID_UNPIN,
	DID_UPDATE,
	DID_VA,
	DID_ROOT,
	DID_FOREIGN,
	DID_EMULATE,
	DID_DESCRIPTORS,
	DID_RELEASE_MAPPED,
	DID_STALE_WRITE,
	DID_RESTART,
	DID_DROP,
	DEEDS
};
static unsigned long did[DEEDS];

static inline bool chance(unsigned percent)
{
	return actor_choose(100) < percent;
}

/* --- What processors remember ------------------------------------------------------------ */

static inline void remember_table(unsigned cpu, mfn_t table, unsigned level)
{
	actors.walks[cpu][table.n] |= (uint8_t)(1 << level);
	for (unsigned i = 0; level == 1 && i < TABLE_ENTRIES; i++) {
		uint64_t entry = *word_of(table, i);
		mfn_t mfn = entry_mfn(entry);

		if (entry & P && mfn.n < ACTOR_FRAMES) {
			actors.tlb[cpu][mfn.n] |=
				entry & ENTRY_WRITE ? CAN_READ | CAN_WRITE : CAN_READ;
		}
	}
}

static inline void remember(unsigned cpu)
{
	for (uint64_t n = 1; n < ACTOR_FRAMES; n++) {
		uint64_t type = frame_type_word(MFN(n));
		unsigned level = (unsigned)(type >> TYPE_SHIFT);

		if (type & TYPE_HELD && type & TYPE_VALIDATED && level >= 1 && level <= 4 &&
		    frame_owner(MFN(n)) == cpu) {
			remember_table(cpu, MFN(n), level);
		}
	}
}

static inline void actors_flushed(unsigned cpu)
{
	if (cpu < WORLD_DOMAINS) {
		memset(actors.tlb[cpu], 0, sizeof(actors.tlb[cpu]));
		memset(actors.walks[cpu], 0, sizeof(actors.walks[cpu]));
		remember(cpu);
	}
}

static inline void fault_at(const char *what, uint64_t n)
{
	if (!actors.fault) {
		actors.fault = what;
		actors.fault_frame = n;
	}
}

static inline void check_memories(uint64_t n)
{
	uint64_t type = frame_type_word(MFN(n));
	unsigned kind = (unsigned)(type >> TYPE_SHIFT);
	bool valid = type & TYPE_HELD && type & TYPE_VALIDATED;
	bool used = frame_count(MFN(n)) != 0;

	for (unsigned cpu = 0; cpu < WORLD_DOMAINS; cpu++) {
		uint8_t tlb = actors.tlb[cpu][n], walks = actors.walks[cpu][n];

		if (used && !actors.used[n] && (tlb || walks)) {
			fault_at("a frame is used anew, and a CPU remembers it", n);
		}
		if (valid && kind >= PAGE_L1 && kind <= PAGE_DESCRIPTOR && tlb & CAN_WRITE) {
			fault_at("a table that a CPU can write to", n);
		}
		if (valid && kind == PAGE_WRITABLE && walks) {
			fault_at("a writable frame that a CPU walks as a table", n);
		}
		if (valid && kind >= PAGE_L1 && kind <= PAGE_L4 && walks & ~(1U << kind)) {
			fault_at("a table that a CPU walks at another level", n);
		}
		if (used && frame_owner(MFN(n)) == FRAME_OWNER_SELF && (tlb || walks)) {
			fault_at("a frame of the hypervisor that a CPU remembers", n);
		}
	}
	actors.used[n] = used;
}

/* After each deed. */
static inline void actors_check(void)
{
	for (uint64_t n = 1; n < ACTOR_FRAMES; n++) {
		check_memories(n);
	}
	for (unsigned cpu = 0; cpu < WORLD_DOMAINS; cpu++) {
		remember(cpu);
	}
}

/* --- Choices ----------------------------------------------------------------------------- */

static inline mfn_t some_frame(void)
{
	return MFN(1 + actor_choose(ACTOR_FRAMES - 1));
}

/* One of the domain's own, if a few tries find one. */
static inline mfn_t own_frame(unsigned d)
{
	mfn_t mfn = some_frame();

	for (unsigned tries = 0; tries < 6 && frame_owner(mfn) != d; tries++) {
		mfn = MFN(1 + mfn.n * 7 % (ACTOR_FRAMES - 1));
	}
	return mfn;
}

static inline uint64_t some_entry(unsigned d)
{
	static const uint64_t flags[] = {W, W, W | U, P, P | U, W | ENTRY_NX, W | ENTRY_AD, 0};
	uint64_t entry = flags[actor_choose(ARRAY_COUNT(flags))];
	mfn_t mfn = chance(80) ? own_frame(d) : some_frame();

	if (chance(3)) {
		mfn = MFN(ACTOR_FRAMES + actor_choose(3));
	}
	if (chance(5)) {
		entry |= BIT(actor_choose(12));
	}
	return entry_to(mfn, entry);
}

static inline unsigned some_index(void)
{
	return (unsigned)actor_choose(TABLE_ENTRIES);
}

/* An address that leads as far as the tables under a root go, and maybe further. */
static inline uint64_t some_va(mfn_t root)
{
	uint64_t va = 0;
	mfn_t table = root;

	for (unsigned level = 4; level > 0; level--) {
		unsigned index = some_index();

		for (unsigned tries = 0; level > 1 && tries < TABLE_ENTRIES; tries++) {
			if (*word_of(table, index) & P && !table_slot_is_ours(level, index)) {
				break;
			}
			index = (index + 1) % TABLE_ENTRIES;
		}
		va |= (uint64_t)index << (12 + TABLE_SHIFT * (level - 1));
		if (level > 1 &&
		    (!(*word_of(table, index) & P) || table_slot_is_ours(level, index))) {
			break;
		}
		table = entry_mfn(*word_of(table, index));
	}
	return (uint64_t)((int64_t)(va << (52 - 4 * TABLE_SHIFT)) >> (52 - 4 * TABLE_SHIFT));
}

/* --- Deeds ------------------------------------------------------------------------------- */

/* A guest writes to memory: where it is mapped writable, or where a processor still thinks so. */
static inline void do_write(unsigned d)
{
	mfn_t mfn = some_frame();

	for (unsigned tries = 0; tries < 8 && !(actors.tlb[d][mfn.n] & CAN_WRITE); tries++) {
		mfn = MFN(1 + mfn.n * 5 % (ACTOR_FRAMES - 1));
	}
	if (actors.tlb[d][mfn.n] & CAN_WRITE) {
		did[DID_STALE_WRITE] += !(frame_type_word(mfn) & TYPE_HELD);
		fake_checks_free = false;
		*word_of(mfn, some_index()) = some_entry(d);
		fake_checks_free = true;
	}
}

/* Whoever builds a domain writes to frames that are not used as anything yet. */
static inline void do_prepare(unsigned d)
{
	mfn_t mfn = own_frame(d);

	if (frame_owner(mfn) == d && !(frame_type_word(mfn) & TYPE_HELD)) {
		*word_of(mfn, some_index()) = some_entry(d);
	}
}

/* A tree from frames that are free to be tables, as a well-meaning guest makes them. */
static inline void do_tree(unsigned d)
{
	mfn_t at[5];

	for (unsigned level = 1; level <= 4; level++) {
		at[level] = own_frame(d);
		if (frame_owner(at[level]) != d || frame_type_word(at[level]) & TYPE_HELD) {
			return;
		}
		memset(frame_ptr(at[level]), 0, TABLE_ENTRIES * sizeof(uint64_t));
		if (level > 1) {
			*word_of(at[level], some_index()) = entry_to(at[level - 1], W);
			*word_of(at[level], some_index()) = entry_to(at[level - 1], W);
		}
	}
	*word_of(at[1], 0) = some_entry(d);
	for (unsigned i = 1; i < 4; i++) {
		*word_of(at[1], i) = entry_to(at[1], P); /* kernels see their own tables */
	}
	if (chance(30) && mmu_pin(world.dm[d], at[4], 4) == 0) {
		did[DID_PIN4]++;
		did[DID_ROOT] += mmu_new_kernel_root(world.dm[d], world.vcpu[d], at[4]) == 0;
	}
}

static inline void do_pin(unsigned d)
{
	mfn_t mfn = own_frame(d);
	unsigned level = 1 + (unsigned)actor_choose(4);
	int rc = mmu_pin(world.dm[d], mfn, level);

	for (unsigned tries = 0; rc == -ERESTART && tries < 40 && chance(90); tries++) {
		did[DID_RESTART]++;
		rc = mmu_pin(world.dm[d], mfn, level);
	}
	did[DID_PIN1 + level - 1] += rc == 0;
}

static inline void do_unpin(unsigned d)
{
	mfn_t mfn = own_frame(d);

	for (unsigned tries = 0; tries < 4 && !(frame_type_word(mfn) & TYPE_PINNED); tries++) {
		mfn = own_frame(d);
	}
	did[DID_UNPIN] += mmu_unpin(world.dm[d], mfn) == 0;
	if (chance(80)) {
		world_settle(d);
	}
}

static inline void do_update(unsigned d)
{
	struct mmu_update requests[4];
	unsigned count = 1 + (unsigned)actor_choose(4), other = (unsigned)actor_choose(3);
	struct domain_memory *owner = chance(80) ? world.dm[d] : world.dm[other];
	int rc;

	if (chance(3)) {
		owner = chance(50) ? &domain_memory_io : &domain_memory_xen;
	}
	for (unsigned i = 0; i < count; i++) {
		mfn_t table = chance(95) ? own_frame(d) : some_frame();

		requests[i].ptr = mfn_to_paddr(table) + some_index() * 8 + actor_choose(4);
		requests[i].val = some_entry((unsigned)owner->id < WORLD_DOMAINS ? owner->id : d);
	}
	did[DID_UPDATE] += mmu_update_batch(world.dm[d], owner, requests, count, &rc);
	did[DID_FOREIGN] += owner != world.dm[d] && rc == 0;
}

static inline void do_va(unsigned d)
{
	mfn_t root = world.vcpu[d]->kernel_root;

	if (!mfn_is_none(root)) {
		did[DID_VA] += mmu_update_va(world.dm[d], world.dm[d], root, some_va(root),
					     some_entry(d)) == 0;
	}
}

static inline void do_root(unsigned d)
{
	mfn_t mfn = own_frame(d);
	int rc;

	world.dm[d]->hides_m2p = chance(50);
	if (chance(50)) {
		rc = mmu_new_kernel_root(world.dm[d], world.vcpu[d], mfn);
	} else {
		rc = mmu_new_user_root(world.dm[d], world.vcpu[d], chance(20) ? MFN_NONE : mfn);
	}
	did[DID_ROOT] += rc == 0;
}

static inline void do_emulate(unsigned d)
{
	static const uint8_t sizes[] = {8, 8, 8, 4, 2, 1, 3};
	uint64_t expected = some_entry(d);
	struct emulated_write write = {
		.value = some_entry(d),
		.bytes = sizes[actor_choose(ARRAY_COUNT(sizes))],
		.expected = chance(50) ? &expected : NULL,
	};
	mfn_t root = world.vcpu[d]->kernel_root;
	int rc;

	if (mfn_is_none(root)) {
		return;
	}
	for (unsigned tries = 0; tries < 8; tries++) {
		const uint64_t *entry;

		write.va = some_va(root) + actor_choose(TABLE_ENTRIES * 8);
		entry = page_table_find_l1(root, write.va);
		if (entry && *entry & P && frame_exists(entry_mfn(*entry)) &&
		    frame_type(entry_mfn(*entry)) == PAGE_L1) {
			break;
		}
	}
	rc = page_table_emulated_write(world.dm[d], root, &write);
	if (rc == -EAGAIN) {
		rc = page_table_emulated_write(world.dm[d], root, &write);
	}
	did[DID_EMULATE] += rc == 0;
}

static inline void do_memory(unsigned d)
{
	mfn_t mfn;

	if (chance(50)) {
		(void)frame_alloc_for(world.dm[d], (unsigned)actor_choose(3), 0);
		return;
	}
	mfn = own_frame(d);
	did[DID_RELEASE_MAPPED] += frame_release(world.dm[d], mfn) == 0 && frame_count(mfn);
	if (chance(50)) {
		frame_reap_released(world.dm[d]);
	}
	mfn = own_frame(d);
	if (chance(30) && frame_detach(world.dm[d], mfn) == 0) {
		frame_attach(world.dm[d], mfn, 0);
	}
}

static inline void let_go(unsigned i)
{
	mfn_t mfn = holding[i].mfn;

	switch (holding[i].kind) {
	case HOLD_WRITABLE:
		if (--world.mine[mfn.n].types == 0) {
			world.mine[mfn.n].refs--;
		}
		page_type_put(mfn);
		break;
	case HOLD_READ:
		world.mine[mfn.n].refs--;
		frame_put(mfn);
		break;
	case HOLD_DESCRIPTORS:
		if (--world.mine[mfn.n].types == 0) {
			world.mine[mfn.n].refs--;
		}
		page_descriptor_put(world.dm[holding[i].domain], mfn);
		break;
	case HOLD_OWN:
		frame_free(mfn, 0);
		break;
	case HOLD_SHARED:
		world.mine[mfn.n] = (struct audit_count){0};
		frame_unshare(mfn);
		break;
	case HOLD_NONE:
		break;
	}
	holding[i].kind = HOLD_NONE;
}

static inline void hold_type(mfn_t mfn)
{
	audit_type(world.mine, mfn);
}

/* Grants, descriptor windows and the hypervisor's own frames come and go. */
static inline void do_hold(unsigned d)
{
	unsigned i = (unsigned)actor_choose(HOLDINGS);
	mfn_t mfn = own_frame(d);
	enum holding_kind kind = 1 + (enum holding_kind)actor_choose(4);

	if (holding[i].kind != HOLD_NONE) {
		let_go(i);
		return;
	}
	if (kind == HOLD_WRITABLE && page_writable_get(world.dm[d], mfn, chance(50)) == 0) {
		hold_type(mfn);
	} else if (kind == HOLD_READ && frame_get(mfn, (domid_t)d)) {
		world.mine[mfn.n].refs++;
	} else if (kind == HOLD_DESCRIPTORS && page_descriptor_get(world.dm[d], mfn) == 0) {
		hold_type(mfn);
		did[DID_DESCRIPTORS]++;
	} else if (kind == HOLD_OWN) {
		mfn = frame_alloc(0, 0);
		if (mfn_is_none(mfn)) {
			return;
		}
	} else {
		return;
	}
	holding[i].kind = kind;
	holding[i].mfn = mfn;
	holding[i].domain = d;
}

/* The end of a domain, and another of the same number. */
static inline void do_drop(unsigned d)
{
	for (unsigned i = 0; i < HOLDINGS; i++) {
		if (holding[i].domain == d && holding[i].kind == HOLD_DESCRIPTORS) {
			let_go(i); /* its vCPUs' windows end before its memory does */
		}
	}
	world_drop(d);
	if (world.dm[d]->frame_count || world.dm[d]->frames.first || world.dm[d]->released.first) {
		fault_at("a dead domain has frames", d);
	}
	world_new_domain(d);
	did[DID_DROP]++;
	for (unsigned i = 0; i < ACTOR_FRAMES / 4; i++) {
		(void)frame_alloc_for(world.dm[d], 0, 0);
	}
}

static const struct {
	const char *name;
	void (*fn)(unsigned d);
	unsigned weight;
} deeds[] = {
	{"write", do_write, 20},    {"prepare", do_prepare, 20},
	{"tree", do_tree, 6},	    {"pin", do_pin, 14},
	{"unpin", do_unpin, 6},	    {"update", do_update, 20},
	{"update_va", do_va, 8},    {"root", do_root, 6},
	{"emulate", do_emulate, 6}, {"alloc, release", do_memory, 6},
	{"hold", do_hold, 6},
};

static inline void actors_start(void)
{
	memset(&actors, 0, sizeof(actors));
	memset(holding, 0, sizeof(holding));
	world_start(ACTOR_FRAMES);
	fake_on_flush = actors_flushed;
	for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
		for (unsigned i = 0; i < ACTOR_FRAMES / 4; i++) {
			(void)frame_alloc_for(world.dm[d], 0, 0);
		}
	}
	actors_check();
}

/* One step; false: something is wrong, and actors.fault or the audit's lines say what. */
static inline bool actors_step(bool audit)
{
	unsigned d = (unsigned)actor_choose(WORLD_DOMAINS), pick, i = 0, total = 0;

	fake_cpu = d;
	for (unsigned j = 0; j < ARRAY_COUNT(deeds); j++) {
		total += deeds[j].weight;
	}
	pick = (unsigned)actor_choose(total * 64);
	if (pick < 4) {
		actors.op = "drop";
		do_drop(d);
	} else if (pick < 64) {
		actors.op = "flush";
		tlb_flush(actor_choose(8));
	} else if (pick < 128) {
		actors.op = "budget";
		fake_table_budget = 1 + (int)actor_choose(48);
	} else {
		for (pick /= 64; pick >= deeds[i].weight; i++) {
			pick -= deeds[i].weight;
		}
		actors.op = deeds[i].name;
		deeds[i].fn(d);
	}
	actors_check();
	return !actors.fault && !(audit && world_audit());
}

/* Everything ends; true if all memory is free then. */
static inline bool actors_end(void)
{
	for (unsigned i = 0; i < HOLDINGS; i++) {
		let_go(i);
	}
	for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
		world_drop(d);
	}
	fake_on_flush = NULL;
	return frame_pool_figures().free == ACTOR_FRAMES - 1;
}

#endif
