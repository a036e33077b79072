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
 *	not in use -- grant_pin() --> in use: the entry is marked as read (and written); grantee and
 *	  kind of entry are those of the first pin, whatever the entry says meanwhile
 *	in use -- last grant_unpin() --> not in use: the marks are cleared, the entry is read anew
 *
 * THE TABLE has one of two versions, which the domain chooses while nothing but its reserved
 * entries is in use. In version 1 the marks are bits of the entry's own flags; in version 2 they
 * are in frames of their own, of which one serves eight frames of entries:
 *
 *	version 1   | flags, domain, frame |                            8 bytes, 512 a frame
 *	version 2   | flags, domain, part of the frame, frame |        16 bytes, 256 a frame
 *	            | marks |                                           2 bytes, 2048 a frame
 *
 * There are three kinds of entries: for a whole PAGE; for a PART of one, which can only be copied;
 * and TRANSITIVE ones, which stand for what a third domain has granted to this one, and can only be
 * copied as well. All uses of a page are of the frame that the first was of. Copies are short: each
 * of a part, or by a transitive entry, goes by what the entry says at its time.
 *
 * Entries are the guest's to write at any time: each is judged by one word, flags and domain, which
 * is found unchanged when the marks are set, in a bounded number of tries; what else it says is
 * read once, after that.
 *
 * A MAPPING gives the grantee a handle, which remembers what has to be unpinned. The mapping itself
 * is an entry in the grantee's page tables, and holds the frame as any such entry does: so the
 * frame stays, and stays no page table, for as long as it is mapped, even when the granting domain
 * or the handle have gone, and whoever overwrites the entry instead of unmapping it keeps the pin,
 * but not the frame. A handle with GNTMAP_device_map holds the frame by itself.
 *
 * `lock` guards the table, `handles_lock` the list of free handles; neither is held together with
 * another domain's. A handle in use belongs to him who takes it: that is a compare-and-swap of its
 * flags. grant/table.c holds the room's only other state: the number of the next generation.
 */

enum grant_kind { GRANT_PAGE, GRANT_PART, GRANT_TRANSITIVE };

/* What is in use; one for each reference. */
struct grant_active {
	uint32_t mfn;  /* of a page */
	domid_t domid; /* the grantee */
	uint16_t kind;
	uint32_t pins;
	uint32_t writers; /* of those */
};

#define GRANT_HANDLE_USED 0x8000 /* in .flags, beside GNTMAP_* */
#define GRANT_HANDLE_BUSY 0x4000 /* somebody has taken it */

struct grant_handle {
	uint32_t ref;	     /* free: the next free handle */
	uint32_t generation; /* of the granting domain */
	uint32_t mfn;
	domid_t domid; /* the granting domain */
	_Atomic uint16_t flags;
};

struct domain_grants {
	domid_t id;
	uint32_t generation; /* no two domains have the same, even of one number */

	/* Guarded by `lock`. */
	struct lock lock;
	unsigned version, version_limit;
	bool transitive; /* such entries are honoured */
	unsigned frame_count, frame_limit;
	unsigned active_count, status_count;
	unsigned in_use;	      /* references with pins, the reserved ones aside */
	void **shared;		      /* [frame_limit], null before the first is used */
	struct grant_active **active; /* [frame_limit], of GRANT_ACTIVE_EACH references */
	grant_status_t **status;      /* [GRANT_STATUS_FRAMES(frame_limit)], version 2 */

	/* Guarded by `handles_lock`; pages once there stay, and are found without it. */
	struct lock handles_lock;
	_Atomic unsigned handle_pages;
	unsigned handle_page_limit;
	uint32_t free_handle;	       /* GRANT_NO_HANDLE: none */
	struct grant_handle **handles; /* [handle_page_limit] */
};

#define GRANT_ACTIVE_EACH	   512
#define GRANT_STATUS_EACH	   (PAGE_SIZE / sizeof(grant_status_t))
#define GRANT_HANDLES_PER_PAGE	   (PAGE_SIZE / sizeof(struct grant_handle))
#define GRANT_STATUS_FRAMES(count) (((count) + 7) / 8) /* for so many frames of entries */
#define GRANT_NO_HANDLE		   UINT32_MAX

/* What a domain may have of all this. */
struct grant_limits {
	unsigned frames;       /* of its table */
	unsigned handle_pages; /* GRANT_HANDLES_PER_PAGE mappings each */
	unsigned version;      /* the highest it may choose */
	bool transitive;       /* whether such entries of it are honoured */
};

/* --- Life (table.c) ------------------------------------------------------------------------- */

void grant_domain_init(struct domain_grants *g, domid_t id, const struct grant_limits *limits);
void grant_domain_free(struct domain_grants *g); /* no handle is in use */

/* --- The table (table.c) -------------------------------------------------------------------- */

/*
 * At least so many frames: -ENOSPC, -ENOMEM; -ERESTART after some, to be called again. Version 2
 * has its frames of marks with them.
 */
int grant_grow(struct domain_grants *g, unsigned frames);

enum grant_frames { GRANT_SHARED_FRAMES, GRANT_STATUS_FRAMES_V2 };

mfn_t grant_frame(struct domain_grants *g, enum grant_frames which, unsigned index); /* MFN_NONE */
unsigned grant_frame_count(struct domain_grants *g, enum grant_frames which);
unsigned grant_frame_limit(const struct domain_grants *g, enum grant_frames which);

/*
 * All entries but the reserved are empty afterwards. -EINVAL: no such version; -ENOSYS: not for
 * this domain; -EBUSY: entries are in use, or the frames of marks are mapped; -ERANGE: version 1
 * cannot say what a reserved entry says; -ENOMEM.
 */
int grant_set_version(struct domain_grants *g, unsigned version);
unsigned grant_version(struct domain_grants *g);

int grant_swap(struct domain_grants *g, uint32_t a, uint32_t b); /* GNTST_* */

/* --- Entries (entry.c) ---------------------------------------------------------------------- */

#define GRANT_WRITE 1U
#define GRANT_COPY  2U /* parts and transitive entries will do */

/* What the user of a reference may use. */
struct grant_use {
	enum grant_kind kind;
	mfn_t mfn;		 /* page, part */
	uint32_t offset, length; /* page, part: these bytes of the frame */
	domid_t third_domid;	 /* transitive: pin this one, as the grantee of .third_ref */
	grant_ref_t third_ref;
};

/* The values are GNTST_*. */
int grant_pin(struct domain_grants *g, uint32_t ref, domid_t grantee, unsigned how,
	      struct grant_use *use);
void grant_unpin(struct domain_grants *g, uint32_t ref, bool write);

/* --- Handles (handle.c) --------------------------------------------------------------------- */

/* One for a mapping that is about to be made, and its number. Null: there are no more. */
struct grant_handle *grant_handle_reserve(struct domain_grants *g, uint32_t *number);

/* What was reserved, and is filled in now, is in use from here on. */
static inline void grant_handle_publish(struct grant_handle *handle, unsigned flags)
{
	atomic_store_explicit(&handle->flags, (uint16_t)(flags | GRANT_HANDLE_USED),
			      memory_order_release);
}

/* What was reserved, or taken, is free again. */
void grant_handle_remove(struct domain_grants *g, struct grant_handle *handle, uint32_t number);

/*
 * Takes a handle in use, which nobody else can take then; null: it is none, or taken. It ends by
 * grant_handle_remove(), or grant_handle_return(), without some of its GNTMAP_* flags.
 */
struct grant_handle *grant_handle_take(struct domain_grants *g, uint32_t number);
void grant_handle_return(struct grant_handle *handle, unsigned less);

/* Takes the first handle in use from *number on; null: there is none. */
struct grant_handle *grant_handle_take_next(struct domain_grants *g, uint32_t *number);

/*
 * Looks for a handle in use of this frame among so many from *number on. 1: it is *number; 0: not
 * yet, call again; -EINVAL: there is none.
 */
int grant_handle_find(struct domain_grants *g, mfn_t mfn, uint32_t *number, unsigned steps);

#endif
