/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine-to-physical table has a number for each frame, but not whose it is; the hypervisor
 * says that of a list of frames, with their types. So all frames that have a number are asked for.
 */
#include <errno.h>
#include <lib/error.h>
#include <lib/foreign.h>
#include <lib/frames.h>
#include <stdlib.h>
#include <string.h>
#include <xen/memory.h>

#define PIECE_BYTES (2u << 20) /* of the table, one frame number stands for */
#define PIECE_PAGES (PIECE_BYTES / FOREIGN_PAGE)
#define PIECE_COUNT (PIECE_BYTES / sizeof(uint64_t))
#define PIECES_MAX  8192 /* 8 TiB of RAM */
#define ASK_MAX	    1024 /* frames that the hypervisor tells of at once */

#define PFN_LIMIT ((uint64_t)1 << 40) /* above are marks, not numbers */

/* The first frames of the table's pieces; how many. */
static int table_pieces(xen_pfn_t *pieces)
{
	struct xen_machphys_mfn_list list = {.max_extents = PIECES_MAX};
	size_t bytes = PIECES_MAX * sizeof(*pieces);
	xen_pfn_t *memory = hypercall_memory(bytes);
	long rc;

	if (!memory) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	list.extent_start.p = memory;
	rc = hypercall_struct(__HYPERVISOR_memory_op, XENMEM_machphys_mfn_list, &list,
			      sizeof(list));
	memcpy(pieces, memory, bytes);
	hypercall_memory_free(memory, bytes);
	return rc < 0 ? fail_errno((int)-rc, "the machine-to-physical table")
		      : (int)list.nr_extents;
}

/* Those of the list that are the domain's are appended. */
static int ask(domid_t domid, const struct domain_frame *asked, size_t count,
	       struct domain_frames *found)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_getpageframeinfo3, .domain = domid};
	size_t bytes = ASK_MAX * sizeof(xen_pfn_t);
	xen_pfn_t *list = hypercall_memory(bytes);
	int rc;

	if (!list) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	for (size_t i = 0; i < count; i++) {
		list[i] = asked[i].mfn;
	}
	op.u.getpageframeinfo3.num = count;
	set_xen_guest_handle(op.u.getpageframeinfo3.array, list);
	rc = hypercall_domctl(&op);
	for (size_t i = 0; rc >= 0 && i < count; i++) {
		if ((list[i] & XEN_DOMCTL_PFINFO_LTAB_MASK) < XEN_DOMCTL_PFINFO_BROKEN) {
			found->frames[found->count++] = asked[i];
		}
	}
	hypercall_memory_free(list, bytes);
	return rc < 0 ? rc : 0;
}

/* One piece of the table, which begins with this frame. */
static int look_at_piece(domid_t domid, const uint64_t *table, uint64_t first,
			 struct domain_frames *found)
{
	struct domain_frame asked[ASK_MAX];
	size_t count = 0, bytes = (found->count + PIECE_COUNT) * sizeof(*found->frames);
	struct domain_frame *frames = realloc(found->frames, bytes);
	int rc = 0;

	if (!frames) {
		return fail(ENOMEM, "no memory for the frames of domain %u", domid);
	}
	found->frames = frames;
	for (size_t i = 0; !rc && i < PIECE_COUNT; i++) {
		if (table[i] < PFN_LIMIT) {
			asked[count++] = (struct domain_frame){.pfn = table[i], .mfn = first + i};
		}
		if (count == ASK_MAX || (count && i == PIECE_COUNT - 1)) {
			rc = ask(domid, asked, count, found);
			count = 0;
		}
	}
	return rc;
}

static int compare(const void *left, const void *right)
{
	const struct domain_frame *a = left, *b = right;

	return a->pfn < b->pfn ? -1 : a->pfn > b->pfn;
}

int frames_find(domid_t domid, struct domain_frames *found)
{
	static xen_pfn_t pieces[PIECES_MAX];
	int rc = table_pieces(pieces);
	int count = rc;

	*found = (struct domain_frames){.frames = NULL};
	for (int i = 0; rc >= 0 && i < count; i++) {
		uint64_t frames[PIECE_PAGES];
		const uint64_t *table;

		for (unsigned int page = 0; page < PIECE_PAGES; page++) {
			frames[page] = pieces[i] + page;
		}
		table = foreign_map_readonly(DOMID_XEN, frames, PIECE_PAGES);
		rc = table ? look_at_piece(domid, table, (uint64_t)i * PIECE_COUNT, found) : -EIO;
		if (table) {
			foreign_unmap(table, PIECE_PAGES);
		}
	}
	if (rc >= 0 && found->count) {
		qsort(found->frames, found->count, sizeof(*found->frames), compare);
	}
	return rc < 0 ? rc : 0;
}

void frames_free(struct domain_frames *found)
{
	free(found->frames);
	*found = (struct domain_frames){.frames = NULL};
}
