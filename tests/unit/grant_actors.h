/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What three domains do with grants: they map, copy, overwrite, lie and die. */
#ifndef TESTS_GRANT_ACTORS_H
#define TESTS_GRANT_ACTORS_H

#include "grant_world.h"

/* --- Granting ------------------------------------------------------------------------------ */

/* Its own frame, a table of its own, another's, or none at all. */
static inline uint64_t some_frame(unsigned d)
{
	unsigned other = (unsigned)actor_choose(WORLD_DOMAINS);

	switch (actor_choose(8)) {
	case 0:
		return actor[d].tree.l1.n;
	case 1:
		return actor[other].data[actor_choose(ACTOR_DATA)].n;
	case 2:
		return actor_choose(2) ? actor_choose(ACTOR_FRAMES)
				       : UINT64_C(1) << actor_choose(64);
	default:
		return actor[d].data[actor_choose(ACTOR_DATA)].n;
	}
}

static inline union grant_entry_v2 *v2_entry(unsigned d, uint32_t ref)
{
	return (union grant_entry_v2 *)guest_domain[d].grants.shared[0] + ref;
}

static inline struct grant_entry_v1 *v1_entry(unsigned d, uint32_t ref)
{
	return (struct grant_entry_v1 *)guest_domain[d].grants.shared[0] + ref;
}

static inline void give_page(unsigned d, uint32_t ref, domid_t to)
{
	uint64_t frame = actor[d].data[0].n;

	if (guest_domain[d].grants.version == 1) {
		*v1_entry(d, ref) = (struct grant_entry_v1){GTF_permit_access, to, (uint32_t)frame};
	} else {
		v2_entry(d, ref)->full_page.frame = frame;
		v2_entry(d, ref)->hdr = (struct grant_entry_header){GTF_permit_access, to};
	}
}

static inline void write_entry(unsigned d)
{
	uint32_t ref = (uint32_t)actor_choose(ACTOR_REFS);
	uint16_t flags = chance(80) ? GTF_permit_access : (uint16_t)actor_choose(4);
	domid_t domid = (domid_t)actor_choose(WORLD_DOMAINS);
	uint64_t frame = some_frame(d);

	flags |= chance(30) ? GTF_readonly : 0;
	flags |= chance(20) ? GTF_sub_page : 0;
	flags |= chance(10) ? GTF_reading | GTF_writing : 0;
	if (guest_domain[d].grants.version == 1) {
		*v1_entry(d, ref) = (struct grant_entry_v1){flags, domid, (uint32_t)frame};
		return;
	}
	v2_entry(d, ref)->hdr = (struct grant_entry_header){flags, domid};
	if ((flags & GTF_type_mask) == GTF_transitive) {
		domid_t third = (domid_t)actor_choose(WORLD_DOMAINS + 1);

		v2_entry(d, ref)->transitive.trans_domid = third;
		ref = v2_entry(d, ref)->transitive.gref = (grant_ref_t)actor_choose(ACTOR_REFS);
		if (chance(80) && domain_get(third)) {
			give_page(third, ref, (domid_t)d); /* so that it leads somewhere */
		}
		return;
	}
	v2_entry(d, ref)->sub_page.page_off = (uint16_t)(actor_choose(8) * 512);
	v2_entry(d, ref)->sub_page.length = (uint16_t)(actor_choose(16) * 512);
	v2_entry(d, ref)->full_page.frame = frame;
}

/* What an entry admits, as anybody would read it while nothing changes. */
struct reading {
	uint16_t flags;
	domid_t domid;
	uint64_t frame;
	unsigned first, end;
};

static inline struct reading read_entry(unsigned d, uint32_t ref)
{
	struct reading r = {.end = PAGE_SIZE};

	if (guest_domain[d].grants.version == 1) {
		const struct grant_entry_v1 *e = v1_entry(d, ref);

		return (struct reading){e->flags, e->domid, e->frame, 0, PAGE_SIZE};
	}
	r.flags = v2_entry(d, ref)->hdr.flags;
	r.domid = v2_entry(d, ref)->hdr.domid;
	r.frame = v2_entry(d, ref)->full_page.frame;
	if (r.flags & GTF_sub_page && (r.flags & GTF_type_mask) == GTF_permit_access) {
		r.first = v2_entry(d, ref)->sub_page.page_off;
		r.end = r.first + v2_entry(d, ref)->sub_page.length;
	}
	return r;
}

/* A reference, mostly one of those that are granted to d. */
static inline void some_grant(unsigned d, domid_t *granter, grant_ref_t *ref)
{
	unsigned start = (unsigned)actor_choose(WORLD_DOMAINS * ACTOR_REFS);
	bool any = chance(15);

	for (unsigned i = 0; i < WORLD_DOMAINS * ACTOR_REFS; i++) {
		unsigned at = (start + i) % (WORLD_DOMAINS * ACTOR_REFS);

		*granter = (domid_t)(at / ACTOR_REFS);
		*ref = at % ACTOR_REFS;
		if (any || (actor[*granter].alive && read_entry(*granter, *ref).domid == d &&
			    read_entry(*granter, *ref).flags & GTF_type_mask)) {
			return;
		}
	}
}

/* --- Mapping ------------------------------------------------------------------------------- */

static inline bool may_map(unsigned d, unsigned granter, uint32_t ref, bool write)
{
	struct reading r = read_entry(granter, ref);
	const struct grant_active *a = &guest_domain[granter].grants.active[0][ref];

	if (a->pins && (a->domid != d || a->kind != GRANT_PAGE)) {
		return false;
	}
	if (a->pins && (!write || a->writers)) {
		return true; /* that was judged when the first use began */
	}
	return (r.flags & (GTF_type_mask | GTF_sub_page)) == GTF_permit_access && r.domid == d &&
	       !(write && r.flags & GTF_readonly);
}

static inline void do_map(unsigned d)
{
	unsigned slot = (unsigned)actor_choose(ACTOR_SLOTS);
	struct gnttab_map_grant_ref *op = &actor_arg->map[0];
	bool by_entry = chance(20);
	grant_ref_t ref;
	domid_t granter;

	some_grant(d, &granter, &ref);
	*op = (struct gnttab_map_grant_ref){
		.flags = (chance(90) ? GNTMAP_host_map : 0) | (chance(20) ? GNTMAP_device_map : 0) |
			 (chance(40) ? GNTMAP_readonly : 0) | (by_entry ? GNTMAP_contains_pte : 0),
		.ref = ref,
		.dom = granter,
		.host_addr = by_entry ? (actor[d].tree.l1.n << PAGE_SHIFT) + slot * 8
				      : (uint64_t)slot << PAGE_SHIFT,
	};
	bool write = !(op->flags & GNTMAP_readonly), alive = actor[granter].alive;
	bool may = alive && may_map(d, granter, op->ref, write);

	if (grant_call(GNTTABOP_map_grant_ref, 1)) {
		fault("mapping is no call");
	}
	if (op->status != GNTST_okay) {
		return;
	}
	if (!may || !(op->flags & (GNTMAP_host_map | GNTMAP_device_map)) ||
	    frame_owner(paddr_to_mfn(op->dev_bus_addr)) != granter) {
		fault("mapped what was not granted");
	}
	if (op->flags & GNTMAP_host_map) {
		actor[d].slot[slot] = op->dev_bus_addr | (write ? W : P);
		did[DID_MAP]++;
		did[DID_MAP_BY_ENTRY] += by_entry;
	}
	did[DID_MAP_DEVICE] += (op->flags & GNTMAP_device_map) != 0;
}

/* --- Unmapping ----------------------------------------------------------------------------- */

/* Mostly one that is in use. */
static inline uint32_t some_handle(unsigned d)
{
	struct domain_grants *g = &guest_domain[d].grants;
	uint32_t n = (uint32_t)actor_choose(24);

	for (uint32_t i = 0; g->handle_pages && i < 24; i++) {
		if (g->handles[0][(n + i) % 24].flags & GRANT_HANDLE_USED) {
			return (n + i) % 24;
		}
	}
	return chance(50) ? n : ACTOR_HANDLES + n;
}

static inline unsigned handle_flags(unsigned d, uint32_t n)
{
	struct domain_grants *g = &guest_domain[d].grants;

	return n < g->handle_pages * GRANT_HANDLES_PER_PAGE
		       ? g->handles[n / GRANT_HANDLES_PER_PAGE][n % GRANT_HANDLES_PER_PAGE].flags
		       : 0;
}

static inline uint32_t handle_mfn(unsigned d, uint32_t n)
{
	return handle_flags(d, n) ? guest_domain[d].grants.handles[0][n].mfn : 0;
}

/* Mostly the slot that maps what the handle is for. */
static inline unsigned slot_for(unsigned d, uint32_t n)
{
	unsigned start = (unsigned)actor_choose(ACTOR_SLOTS);

	for (unsigned i = 0; i < ACTOR_SLOTS && handle_flags(d, n); i++) {
		uint64_t entry = actor[d].slot[(start + i) % ACTOR_SLOTS];

		if (entry & P && entry_mfn(entry).n == handle_mfn(d, n)) {
			return (start + i) % ACTOR_SLOTS;
		}
	}
	return start;
}

static inline uint64_t host_addr(unsigned d, unsigned slot, unsigned flags)
{
	return flags & GNTMAP_contains_pte ? (actor[d].tree.l1.n << PAGE_SHIFT) + slot * 8
					   : (uint64_t)slot << PAGE_SHIFT;
}

/* The record follows what a good unmapping must have done; slot 0's address 0 says "no host part".
 */
static inline void unmapped_slot(unsigned d, unsigned slot, unsigned flags, uint32_t mfn,
				 uint64_t by)
{
	uint64_t *at = &actor[d].slot[slot];

	if (*at != (mfn_to_paddr(MFN(mfn)) | (flags & GNTMAP_readonly ? P : W))) {
		fault("unmapped what is not mapped");
	}
	*at = by;
}

static inline void do_unmap(unsigned d)
{
	unsigned count = 1 + (unsigned)actor_choose(3), flags[4], slot[4];
	uint32_t mfn[4];
	unsigned flushed = fake_counts.flushes + fake_counts.flushes_va, expected = 0;

	for (unsigned i = 0; i < count; i++) {
		uint32_t n = some_handle(d);

		flags[i] = handle_flags(d, n);
		mfn[i] = handle_mfn(d, n);
		slot[i] = slot_for(d, n);
		actor_arg->unmap[i] = (struct gnttab_unmap_grant_ref){
			.host_addr = chance(90) ? host_addr(d, slot[i], flags[i]) : 0,
			.dev_bus_addr = chance(40) ? mfn_to_paddr(MFN(chance(90) ? mfn[i] : 5)) : 0,
			.handle = n,
		};
	}
	fake_work_each = chance(30);
	did[DID_RESTART] += fake_work_each;
	if (grant_call(GNTTABOP_unmap_grant_ref, count)) {
		fault("unmapping is no call");
	}
	fake_work_each = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct gnttab_unmap_grant_ref *op = &actor_arg->unmap[i];

		/* The flags are those of before the batch, in which a handle may stand twice. */
		if (op->status != GNTST_okay || !op->host_addr || !(flags[i] & GNTMAP_host_map)) {
			continue;
		}
		for (unsigned k = 0; k < i; k++) {
			if (actor_arg->unmap[k].handle == op->handle) {
				flags[i] = 0;
			}
		}
		if (!flags[i]) {
			actor[d].slot[slot[i]] = actor_entry(d, slot[i]);
			continue;
		}
		unmapped_slot(d, slot[i], flags[i], mfn[i], 0);
		expected++;
		did[DID_UNMAP]++;
		did[DID_UNMAP_PART] += flags[i] & GNTMAP_device_map && !op->dev_bus_addr;
	}
	if (expected && fake_counts.flushes + fake_counts.flushes_va == flushed) {
		fault("unmapped without a flush");
	}
}

static inline void do_replace(unsigned d)
{
	uint32_t n = some_handle(d);
	unsigned flags = handle_flags(d, n), slot = slot_for(d, n);
	unsigned from = (unsigned)actor_choose(ACTOR_SLOTS);
	uint64_t by = actor[d].slot[from];
	uint32_t mfn = handle_mfn(d, n);

	actor_arg->replace = (struct gnttab_unmap_and_replace){
		.host_addr = host_addr(d, slot, flags),
		.new_addr = host_addr(d, from, 0),
		.handle = n,
	};
	if (grant_call(GNTTABOP_unmap_and_replace, 1)) {
		fault("replacing is no call");
	}
	if (actor_arg->replace.status != GNTST_okay || !actor_arg->replace.host_addr ||
	    !(flags & GNTMAP_host_map)) {
		return;
	}
	unmapped_slot(d, slot, flags, mfn, from ? by : 0);
	if (from) {
		actor[d].slot[from] = 0;
	}
	did[DID_REPLACE]++;
}

/* An entry of its own over whatever is there, without a word to the grants. */
static inline void do_overwrite(unsigned d)
{
	unsigned slot = (unsigned)actor_choose(ACTOR_SLOTS);
	mfn_t mfn = actor[d].data[actor_choose(ACTOR_DATA)];
	uint64_t entry = chance(40) ? 0 : entry_to(mfn, chance(70) ? W : P);
	uint64_t before = actor[d].slot[slot];

	if (world_set_l1(d, actor[d].tree.l1, slot, entry) == 0) {
		did[DID_OVERWRITE_GRANT] += before & P && frame_owner(entry_mfn(before)) != d;
		actor[d].slot[slot] = entry;
	}
}

/* --- Copying ------------------------------------------------------------------------------- */

/* Where a copy's end is, if anybody would admit it. */
static inline bool find_end(unsigned d, const struct gnttab_copy_ptr *ptr, bool by_ref, bool write,
			    unsigned length, mfn_t *mfn, enum grant_kind *kind)
{
	unsigned owner = ptr->domid, grantee = d, steps = 0;
	uint32_t ref = ptr->u.ref;
	struct reading r;

	*kind = GRANT_PAGE;
	if (!by_ref) {
		*mfn = MFN(ptr->u.gmfn);
		return ptr->domid == DOMID_SELF && frame_exists(*mfn) && frame_owner(*mfn) == d;
	}
	for (;; steps++) {
		struct grant_active *a;

		if (owner >= WORLD_DOMAINS || !actor[owner].alive || steps == 2 ||
		    ref >= ACTOR_REFS) {
			return false;
		}
		a = &guest_domain[owner].grants.active[0][ref];
		r = read_entry(owner, ref);
		if (a->pins) {
			if (a->domid != grantee) {
				return false;
			}
			if (!write || a->writers) {
				*mfn = MFN(a->mfn);
				return frame_exists(*mfn) && frame_owner(*mfn) == owner;
			}
		}
		if (r.domid != grantee || (write && r.flags & GTF_readonly)) {
			return false;
		}
		if (guest_domain[owner].grants.version == 1 ||
		    (r.flags & GTF_type_mask) != GTF_transitive) {
			break;
		}
		if (steps || a->pins || v2_entry(owner, ref)->transitive.trans_domid == owner) {
			return false;
		}
		*kind = GRANT_TRANSITIVE;
		grantee = owner;
		owner = v2_entry(grantee, ref)->transitive.trans_domid;
		ref = v2_entry(grantee, ref)->transitive.gref;
	}
	if (*kind == GRANT_PAGE && guest_domain[owner].grants.version == 2 &&
	    r.flags & GTF_sub_page) {
		*kind = GRANT_PART;
		if (guest_domain[owner].grants.active[0][ref].pins) {
			return false; /* in use as a page */
		}
	}
	if (guest_domain[owner].grants.active[0][ref].pins) {
		r.frame = guest_domain[owner].grants.active[0][ref].mfn;
	}
	*mfn = MFN(r.frame);
	return (r.flags & GTF_type_mask) == GTF_permit_access && ptr->offset >= r.first &&
	       ptr->offset + length <= r.end && r.frame < frame_end && frame_owner(*mfn) == owner;
}

static inline struct gnttab_copy_ptr some_end(unsigned d, bool by_ref)
{
	struct gnttab_copy_ptr ptr = {.domid = DOMID_SELF};

	ptr.offset = (uint16_t)(actor_choose(10) * 500);
	if (by_ref) {
		some_grant(d, &ptr.domid, &ptr.u.ref);
	} else {
		ptr.u.gmfn = some_frame(d);
	}
	return ptr;
}

static inline void do_copy(unsigned d)
{
	static uint8_t before[PAGE_SIZE];
	struct gnttab_copy *op = &actor_arg->copy[0];
	enum grant_kind from_kind, to_kind;
	unsigned count = 1;
	mfn_t from, to;
	bool may;

	op->flags = (uint16_t)actor_choose(4);
	op->source = some_end(d, op->flags & GNTCOPY_source_gref);
	op->dest = some_end(d, op->flags & GNTCOPY_dest_gref);
	op->len = (uint16_t)(actor_choose(6) * 300);
	may = find_end(d, &op->source, op->flags & GNTCOPY_source_gref, false, op->len, &from,
		       &from_kind);
	may = find_end(d, &op->dest, op->flags & GNTCOPY_dest_gref, true, op->len, &to, &to_kind) &&
	      may;
	if (may && op->source.offset + op->len <= PAGE_SIZE) {
		memcpy(before, (char *)frame_ptr(from) + op->source.offset, op->len);
	}
	if (may && from.n != to.n && chance(50)) { /* what one copy holds the next one may use */
		count = 2;
		fake_work_each = chance(30);
		actor_arg->copy[1] = *op;
	}
	if (grant_call(GNTTABOP_copy, count)) {
		fault("copying is no call");
	}
	fake_work_each = 0;
	if (count == 2 && actor_arg->copy[0].status != actor_arg->copy[1].status) {
		fault("a copy is not like the one before");
	}
	if (op->status != GNTST_okay) {
		return;
	}
	if (!may) {
		fault("copied what was not granted");
		return;
	}
	if (frame_type(to) != PAGE_WRITABLE ||
	    memcmp(before, (char *)frame_ptr(to) + op->dest.offset, op->len)) {
		fault("a copy did not arrive");
	}
	did[DID_COPY]++;
	did[DID_COPY_PART] += from_kind == GRANT_PART || to_kind == GRANT_PART;
	did[DID_COPY_TRANSITIVE] += from_kind == GRANT_TRANSITIVE || to_kind == GRANT_TRANSITIVE;
}

/* --- The rest ------------------------------------------------------------------------------ */

static inline void do_version(unsigned d)
{
	unsigned before = guest_domain[d].grants.version;

	/* A guest that means it has nothing reserved that version 1 could not say. */
	for (unsigned i = 0; before == 2 && chance(70) && i < GNTTAB_NR_RESERVED_ENTRIES; i++) {
		v2_entry(d, i)->hdr.flags = 0;
	}
	actor_arg->version.version = (uint32_t)actor_choose(4);
	grant_call(GNTTABOP_set_version, 1);
	if (actor_arg->version.version != guest_domain[d].grants.version) {
		fault("told another version");
	}
	did[DID_VERSION] += before != guest_domain[d].grants.version;
}

static inline void do_swap(unsigned d)
{
	actor_arg->swap = (struct gnttab_swap_grant_ref){
		.ref_a = (grant_ref_t)actor_choose(ACTOR_REFS),
		.ref_b = (grant_ref_t)actor_choose(ACTOR_REFS),
	};
	grant_call(GNTTABOP_swap_grant_ref, 1);
	did[DID_SWAP] += actor_arg->swap.status == GNTST_okay;
}

/* Gives a frame back, granted or mapped or not, and takes another, which may have been anybody's.
 */
static inline void do_release(unsigned d)
{
	unsigned i = (unsigned)actor_choose(ACTOR_DATA);

	if (frame_release(world.dm[d], actor[d].data[i]) == 0) {
		did[DID_RELEASE]++;
		frame_reap_released(world.dm[d]);
		actor[d].data[i] = world_frame(d);
		if (mfn_is_none(actor[d].data[i])) {
			fault("out of memory");
		}
	}
}

static inline void do_flush(unsigned d)
{
	actor_arg->flush =
		(struct gnttab_cache_flush){.a.dev_bus_addr = some_frame(d) << PAGE_SHIFT,
					    .length = 16,
					    .op = GNTTAB_CACHE_CLEAN};
	grant_call(GNTTABOP_cache_flush, 1);
}

static inline void may_die(unsigned d)
{
	if (chance(20)) {
		actor_dies(d);
	}
}

static const struct {
	const char *name;
	unsigned share; /* of 100 */
	void (*act)(unsigned d);
} actor_ops[] = {
	{"write an entry", 25, write_entry},
	{"map", 27, do_map},
	{"unmap", 20, do_unmap},
	{"replace", 4, do_replace},
	{"overwrite", 5, do_overwrite},
	{"copy", 10, do_copy},
	{"version", 3, do_version},
	{"swap", 2, do_swap},
	{"release", 2, do_release},
	{"flush", 1, do_flush},
	{"die", 1, may_die},
};

static inline void actors_start(void)
{
	guests_start(ACTOR_FRAMES);
	memset(actor, 0, sizeof(actor));
	actors.fault = NULL;
	for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
		actor_born(d);
	}
}

/* False: actors.fault says what is wrong after actors.op. */
static inline bool actors_step(bool check)
{
	unsigned d = (unsigned)actor_choose(WORLD_DOMAINS), what = (unsigned)actor_choose(100),
		 i = 0;

	if (!actor[d].alive) {
		actors.op = "be born";
		if (chance(20)) {
			actor_born(d);
		}
	} else {
		while (what >= actor_ops[i].share) {
			what -= actor_ops[i++].share;
		}
		actors.op = actor_ops[i].name;
		guest_runs(d);
		actor_ops[i].act(d);
	}
	if (check) {
		check_all();
	}
	return !actors.fault;
}

/* All die; false: something is left over. */
static inline bool actors_end(void)
{
	for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
		if (actor[d].alive) {
			actor_dies(d);
		}
	}
	memset(world.mine, 0, sizeof(world.mine));
	return !actors.fault && world_audit() == 0;
}

#endif
