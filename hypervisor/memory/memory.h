/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door of memory/: what a domain and a vCPU embed, and their life from birth to last frame. */
#ifndef MEMORY_MEMORY_H
#define MEMORY_MEMORY_H

#include <lib/base.h>
#include <lib/lock.h>
#include <stdatomic.h>
#include <xen/xen.h>

/*
 * Where to look:
 *   memory/frame.h       the record of a frame, its two words
 *   memory/frame_alloc.h free frames; frames for the hypervisor and for domains
 *   memory/frame_ref.h   references to frames
 *   memory/page_type.h   types of frames: the essay of the whole room
 *   memory/page_table.h  guests' page tables: validate, change, take apart
 *   memory/mmu_update.h  what mmu_update, mmuext_op and update_va_mapping perform
 *   memory/mmio.h        which machine addresses that are not RAM a domain may map
 */

/* Frames linked through their cold records; frame 0 is never on a list and so stands for "none". */
struct frame_list {
	uint32_t first;
};

#define TABLE_LEVELS 4

enum table_walk_mode { WALK_IDLE, WALK_BUILD, WALK_UNWIND };

/*
 * One validation (build) or devalidation (unwind) of a tree of page tables that has not come to
 * its end yet. It goes depth first, so at any time it is inside at most one table of each level.
 */
struct table_walk {
	enum table_walk_mode mode;
	int budget;	/* entries it may look at until the lock is let go */
	int failed;	/* why a build was turned into an unwind, while its caller is away */
	unsigned level; /* the lowest table it is in */
	unsigned root;	/* the level of the highest */
	struct {
		mfn_t table;
		unsigned next; /* entries below this one hold their references */
	} at[TABLE_LEVELS + 1];
};

/* What became of a build that somebody else brought to its end; 0 comes with a type reference. */
struct table_parked {
	mfn_t table; /* or MFN_NONE */
	unsigned level;
	int rc;
};

#define PARKED_MAX 4

struct mmio_ranges;

/* An entry as the BIOS gives it, and as guests are told. */
struct memory_map_entry {
	uint64_t start;
	uint64_t bytes;
	uint32_t type;
} __attribute__((packed));

#define MEMORY_MAP_MAX 128

struct memory_map {
	unsigned count;
	struct memory_map_entry entry[MEMORY_MAP_MAX];
};

/*
 * The machine's own map, for Dom0. Start-up fills it: RAM as firmware told it, the hypervisor's
 * included, and what no driver may use as an address of its own (APICs) as reserved.
 */
extern struct memory_map machine_memory_map;

/* What a domain embeds. */
struct domain_memory {
	domid_t id;
	bool hardware; /* Dom0's: may use the low reserve and all I/O memory that is not withheld */
	bool guards_absent; /* its entries that are not present must not name memory */
	bool hides_m2p;	    /* vm_assist m2p_strict: not even read-only for the guest's programs */

	/* CPUs that may hold translations of this domain. The CPU itself adds and removes itself.
	 */
	_Atomic cpu_mask_t cached_on;

	/* Guarded by `tables`: every page table of the domain, and these. */
	struct lock tables;
	bool dying;	 /* no table or root may be taken any more */
	uint64_t unseen; /* and so many of its frames were not looked at yet */
	struct table_walk walk;
	struct table_parked parked[PARKED_MAX];
	unsigned parked_next;
	struct memory_map *map; /* what its toolstack says it has, on the heap; or null */

	/* Guarded by `frames_lock`. */
	struct lock frames_lock;
	struct frame_list frames;   /* what it was given */
	struct frame_list released; /* what it gave back while somebody still referred to it */
	uint64_t frame_count;	    /* of both lists: what it is charged for */
	uint64_t frame_limit;
	uint64_t claimed; /* promised, not yet allocated; guarded by LOCK_FRAME_POOL */

	struct mmio_ranges *mmio; /* null: none but what `hardware` gives; see memory/mmio.h */
};

/* What a vCPU embeds: its page-table roots, each holding a type reference, or MFN_NONE. */
struct vcpu_memory {
	mfn_t kernel_root;
	mfn_t user_root;
};

/*
 * Owners that are no domain: I/O memory below the end of RAM, and the hypervisor's own frames that
 * it lets others read. They have no page tables and no lists.
 */
extern struct domain_memory domain_memory_io, domain_memory_xen;

void domain_memory_init(struct domain_memory *dm, domid_t id);
void vcpu_memory_init(struct vcpu_memory *vm);

/*
 * Takes a domain's memory apart, once none of its vCPUs runs any more. First its vCPUs' roots, each
 * by vcpu_memory_drop(); then domain_memory_drop() until it returns 0. Both return -ERESTART after
 * a bounded number of steps. Frames that others still map stay until those let go, but they belong
 * to nobody then: the domain can be freed at once.
 */
int vcpu_memory_drop(struct domain_memory *dm, struct vcpu_memory *vm);
int domain_memory_drop(struct domain_memory *dm);

/* What is left: rights and maps that somebody gave to a domain that was already dying. */
void domain_memory_free(struct domain_memory *dm);

/* How many frames it may have; nobody sets that for a domain that dies. From here on, any number:
 * it is what Xen has for "no limit" and its tools look for. */
#define FRAMES_NO_LIMIT UINT32_MAX
void domain_memory_limit(struct domain_memory *dm, uint64_t frames);

#endif
