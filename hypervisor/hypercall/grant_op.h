/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of grant_table_op share. */
#ifndef HYPERCALL_GRANT_OP_H
#define HYPERCALL_GRANT_OP_H

#include <debug/log.h>
#include <domain/grants.h>
#include <lib/error.h>
#include <xen/grant_table.h>

/*
 * Mappings that are out of the page tables, but not yet out of the TLBs: only when they have left
 * those too does the granting domain hear that its frame is not in use any more.
 */
#define UNMAPPED_MAX 16

struct copy_ends;

/* A hypercall in progress. */
struct grant_call {
	uint32_t count, done; /* entries */
	struct copy_ends *ends;
	uint64_t cursor; /* how far an operation had come when it was interrupted; 0: it begins */
	unsigned unmapped_count;
	bool flush_all; /* else the address of the only one will do */
	uint64_t va;
	struct {
		struct grant_handle *handle;
		uint32_t number;
		unsigned parts; /* GNTMAP_host_map, GNTMAP_device_map: which of the two has gone */
	} unmapped[UNMAPPED_MAX];
};

/*
 * An operation on one entry of the caller's list, which it may change. 0: its status is in it;
 * -ERESTART: nothing was done yet; else the whole call ends so, with this entry.
 */
typedef int grant_op_fn(void *entry, struct grant_call *call);

grant_op_fn grant_op_copy, grant_op_cache_flush; /* grant_copy_op.c */
grant_op_fn grant_op_setup_table, grant_op_query_size, grant_op_set_version, grant_op_get_version,
	grant_op_get_status_frames, grant_op_swap; /* grant_table_op.c */

/* One end of a copy: a frame, held, and what has to be given back. */
struct copy_end {
	bool held, by_ref, write;
	domid_t domid; /* this and .name are what the guest called it */
	uint64_t name;
	mfn_t mfn;
	uint32_t offset, end; /* the bytes that may be copied */
	struct {
		struct domain *d; /* null: no reference */
		grant_ref_t ref;
	} pin[2]; /* the second is what a transitive entry stands for */
};

/* The next copy of a list is often from or to the same place as the one before. */
struct copy_ends {
	struct copy_end from, to;
};

void grant_copy_begin(struct copy_ends *ends);
void grant_copy_end(struct copy_ends *ends);

/* The current domain stays while we are here; it needs no reference, and gets none. */
static inline struct domain *grant_find_domain(domid_t id)
{
	struct domain *own = current_domain();

	return id == own->id ? own : domain_get(id);
}

static inline void grant_leave_domain(struct domain *d)
{
	if (d != current_domain()) {
		domain_put(d);
	}
}

#endif
