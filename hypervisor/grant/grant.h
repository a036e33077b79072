/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants: the door to grant/, with the state that domains embed. */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include <lib/base.h>
#include <lib/lock.h>
#include <stdatomic.h>
#include <xen/grant_table.h>
#include <xen/xen.h>

/*
 * A domain grants another the use of a frame by an entry in its table, which lies in pages shared
 * with the hypervisor. The grantee names (domain, reference); what is done with the frame while it
 * is in use is counted as pins of the reference:
 *
 *	not in use -- grant_pin() --> in use: the entry's GTF_reading (and GTF_writing) are set,
 *	  grantee and frame are those of the first pin, whatever the entry says meanwhile
 *	in use -- last grant_unpin() --> not in use: the bits are cleared, the entry is read anew
 *
 * The grantee gets a handle for a mapping, which remembers what it has to unpin. The mapping itself
 * is an entry in the grantee's page tables, and holds the frame as any such entry does: so the
 * frame stays, and stays no page table, for as long as it is mapped, even when the granting domain
 * or the handle have gone. A handle with GRANT_DEVICE holds the frame by itself.
 *
 * Entries are the guest's to write at any time: each is read once, by the compare-and-swap that
 * sets the bits, which is tried a bounded number of times.
 *
 * `lock` guards the table, `handles_lock` the handles; neither is held together with another
 * domain's. grant/table.c holds the room's only other state: the number of the next generation.
 */

/* What is in use; one for each reference. */
struct grant_active {
	uint32_t mfn;
	domid_t domid; /* the grantee */
	uint32_t pins;
	uint32_t writers; /* of those */
};

#define GRANT_HANDLE_USED 0x8000 /* in .flags, beside GNTMAP_* */
#define GRANT_HANDLE_BUSY 0x4000 /* somebody is about to unmap it */

struct grant_handle {
	uint32_t ref;	     /* free: the next free handle */
	uint32_t generation; /* of the granting domain */
	uint32_t mfn;
	domid_t domid; /* the granting domain */
	uint16_t flags;
};

struct domain_grants {
	domid_t id;
	uint32_t generation; /* no two domains have the same, even of one number */

	/* Guarded by `lock`. */
	struct lock lock;
	unsigned version, version_limit;
	unsigned frame_count, frame_limit;
	void **shared;		      /* [frame_limit], null before the first is used */
	struct grant_active **active; /* [frame_limit] */

	/* Guarded by `handles_lock`. */
	struct lock handles_lock;
	unsigned handle_pages, handle_page_limit;
	uint32_t free_handle;	       /* GRANT_NO_HANDLE: none */
	struct grant_handle **handles; /* [handle_page_limit] */
};

#define GRANT_ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define GRANT_HANDLES_PER_PAGE	(PAGE_SIZE / sizeof(struct grant_handle))
#define GRANT_NO_HANDLE		UINT32_MAX

/* What a domain may have of all this. */
struct grant_limits {
	unsigned frames;       /* of its table */
	unsigned handle_pages; /* GRANT_HANDLES_PER_PAGE mappings each */
	unsigned version;      /* the highest it may choose */
	bool transitive;       /* whether such entries of it are honoured */
};

/* --- Life (table.c) ----------------------------------------------------------------------------
 */

void grant_domain_init(struct domain_grants *g, domid_t id, const struct grant_limits *limits);
void grant_domain_free(struct domain_grants *g); /* no handle is in use */

/* --- The table (table.c) -----------------------------------------------------------------------
 */

int grant_grow(struct domain_grants *g,
	       unsigned frames); /* to at least so many; -ENOSPC, -ENOMEM */
mfn_t grant_frame(struct domain_grants *g, unsigned index); /* MFN_NONE: the table ends before */
unsigned grant_frame_count(struct domain_grants *g);

/* The values are GNTST_*. */
int grant_pin(struct domain_grants *g, uint32_t ref, domid_t grantee, bool write, mfn_t *mfn);
void grant_unpin(struct domain_grants *g, uint32_t ref, bool write);
int grant_swap(struct domain_grants *g, uint32_t a, uint32_t b);

/* --- Handles (handle.c) ------------------------------------------------------------------------
 */

/* GRANT_NO_HANDLE: there are no more. */
uint32_t grant_handle_add(struct domain_grants *g, const struct grant_handle *as);

/* Takes a handle in use, which nobody else can take then; false: it is none, or taken. */
bool grant_handle_take(struct domain_grants *g, uint32_t number, struct grant_handle *copy);
void grant_handle_return(struct domain_grants *g, uint32_t number); /* it stays as it was */
void grant_handle_remove(struct domain_grants *g, uint32_t number);

/* Takes the first handle in use from *number on; false: there is none. */
bool grant_handle_take_next(struct domain_grants *g, uint32_t *number, struct grant_handle *copy);

#endif
