/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants, version 2, given to oneself: changing the version, marks in frames of their own, parts of
 * pages, transitive entries, and what version 1 cannot say.
 * run: mem=512
 */
#include "guest.h"
#include <pv/grant.h>

#define ME  0
#define REF 20

static page_t table_page, marks_page, granted, window, other;
static volatile union grant_entry_v2 *entries = (void *)table_page;
static volatile grant_status_t *marks = (void *)marks_page;

static long set_version(uint32_t version, uint32_t *now)
{
	struct gnttab_set_version op = {.version = version};
	long rc = pv_grant_table_op(GNTTABOP_set_version, &op, 1);

	*now = op.version;
	return rc;
}

static int status_frames(unsigned int count, uint64_t *list)
{
	struct gnttab_get_status_frames op = {
		.nr_frames = count, .dom = DOMID_SELF, .frame_list = {list}};
	long rc = pv_grant_table_op(GNTTABOP_get_status_frames, &op, 1);

	return rc ? (int)rc : op.status;
}

static void map_own(void *page)
{
	pv_update_va_mapping((unsigned long)page, PTE(pv_virt_to_mfn(page), PTE_KERNEL_RW),
			     UVMF_INVLPG);
}

static void check_versions(void)
{
	struct gnttab_get_version get = {.dom = DOMID_SELF};
	uint64_t frame = 0;
	uint32_t now;

	is(pv_grants_start(table_page), 0, "a grant table");
	is(set_version(3, &now), -XEN_EINVAL, "there is no version 3");
	is(now, 1, "and the one in use is told");
	is(set_version(0, &now), -XEN_EINVAL, "nor version 0");
	is(status_frames(1, &frame), GNTST_general_error, "version 1 has no frames of marks");
	is(status_frames(0, &frame), GNTST_okay, "of which nobody gets none");
	pv_grant_access(1, ME, 0x1234, 1);
	pv_grant_access(REF, ME, 0x5678, 0);
	is(set_version(2, &now), 0, "version 2");
	is(now, 2, "is the one in use");
	is(pv_grant_table_op(GNTTABOP_get_version, &get, 1), 0, "as everybody");
	is(get.version, 2, "is told");
	is(pv_grant_table_op(GNTTABOP_get_version, &get, 0), 0, "whatever they count");
	is(entries[1].hdr.flags, GTF_permit_access | GTF_readonly, "a reserved entry is kept");
	is(entries[1].hdr.domid, ME, "with its domain");
	is(entries[1].full_page.frame, 0x1234, "and frame");
	is(entries[REF].hdr.flags, 0, "the others are empty");
	is(status_frames(1, &frame), GNTST_okay, "version 2 has a frame of marks");
	is(pv_update_va_mapping((unsigned long)marks_page, PTE(frame, PTE_KERNEL_RW), UVMF_INVLPG),
	   0, "which one may map");
	is(status_frames(100, &frame), GNTST_general_error, "not a hundred");
	is(set_version(2, &now), 0, "version 2 again is no change");
}

static int map_at(void *where, uint32_t flags, grant_handle_t *handle)
{
	struct gnttab_map_grant_ref map = {
		.host_addr = (unsigned long)where, .flags = flags, .ref = REF, .dom = ME};
	long rc = pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);

	*handle = map.handle;
	return rc ? (int)rc : map.status;
}

static int unmap_at(void *where, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref unmap = {.host_addr = (unsigned long)where, .handle = handle};
	long rc = pv_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);

	return rc ? (int)rc : unmap.status;
}

static void grant(unsigned int flags)
{
	entries[REF].full_page.frame = pv_virt_to_mfn(granted);
	entries[REF].hdr.domid = ME;
	__atomic_store_n(&entries[REF].hdr.flags, (uint16_t)flags, __ATOMIC_RELEASE);
}

static void check_map(void)
{
	grant_handle_t handle, reader;
	uint32_t now;

	grant(GTF_permit_access);
	*(volatile uint64_t *)granted = 0x4444;
	is(map_at(window, GNTMAP_host_map, &handle), GNTST_okay, "a page is mapped");
	is(*(volatile uint64_t *)window, 0x4444, "it shows");
	is(marks[REF], GTF_reading | GTF_writing, "the marks are where they belong");
	is(entries[REF].hdr.flags, GTF_permit_access, "and not in the entry");
	is(map_at(other, GNTMAP_host_map | GNTMAP_readonly, &reader), GNTST_okay, "once more");
	is(set_version(1, &now), -XEN_EBUSY, "while it is in use the version stays");
	is(now, 2, "and that is told");
	is(unmap_at(window, handle), GNTST_okay, "the writer goes");
	is(marks[REF], GTF_reading, "its mark, too");
	is(unmap_at(other, reader), GNTST_okay, "the reader goes");
	is(marks[REF], 0, "nothing is left");
	map_own(window);
	map_own(other);
	grant(GTF_permit_access | GTF_readonly);
	is(map_at(window, GNTMAP_host_map, &handle), GNTST_general_error, "read-only means that");
	grant(GTF_permit_access | GTF_sub_page);
	is(map_at(window, GNTMAP_host_map, &handle), GNTST_general_error, "parts are not mapped");
	grant(GTF_transitive);
	is(map_at(window, GNTMAP_host_map, &handle), GNTST_general_error,
	   "transitive ones are not, either");
	is(marks[REF], 0, "none of which leaves a mark");
	entries[REF].full_page.frame = 1UL << 33;
	entries[REF].hdr.flags = GTF_permit_access;
	ok(map_at(window, GNTMAP_host_map, &handle) < 0, "a frame beyond the machine");
	is(marks[REF], 0, "leaves none as well");
}

static int copy(unsigned int ref, unsigned int from, unsigned int length)
{
	struct gnttab_copy op = {.len = (uint16_t)length, .flags = GNTCOPY_source_gref};
	long rc;

	op.source.u.ref = ref;
	op.source.domid = ME;
	op.source.offset = (uint16_t)from;
	op.dest.u.gmfn = pv_virt_to_mfn(other);
	op.dest.domid = DOMID_SELF;
	rc = pv_grant_table_op(GNTTABOP_copy, &op, 1);
	return rc ? (int)rc : op.status;
}

static int copy_to(unsigned int ref, unsigned int at, unsigned int length)
{
	struct gnttab_copy op = {.len = (uint16_t)length, .flags = GNTCOPY_dest_gref};
	long rc;

	op.dest.u.ref = ref;
	op.dest.domid = ME;
	op.dest.offset = (uint16_t)at;
	op.source.u.gmfn = pv_virt_to_mfn(other);
	op.source.domid = DOMID_SELF;
	rc = pv_grant_table_op(GNTTABOP_copy, &op, 1);
	return rc ? (int)rc : op.status;
}

static void check_parts(void)
{
	for (unsigned int i = 0; i < PAGE_SIZE; i++) {
		granted[i] = (uint8_t)(i / 16);
	}
	entries[REF].sub_page.page_off = 256;
	entries[REF].sub_page.length = 128;
	grant(GTF_permit_access | GTF_sub_page);
	is(copy(REF, 256, 128), GNTST_okay, "a part is copied");
	is(memcmp(other, granted + 256, 128), 0, "and arrives");
	is(copy(REF, 300, 10), GNTST_okay, "a part of it as well");
	is(copy(REF, 255, 1), GNTST_general_error, "not what is before");
	is(copy(REF, 256, 129), GNTST_general_error, "or behind it");
	is(copy(REF, 0, 4096), GNTST_general_error, "or all of it");
	is(copy(REF, 4000, 97), GNTST_bad_copy_arg, "or what is no page");
	memset(other, 0xee, PAGE_SIZE);
	is(copy_to(REF, 260, 4), GNTST_okay, "a part is written");
	is(granted[260], 0xee, "where it is");
	is(granted[264], 264 / 16, "and no further");
	is(copy_to(REF, 252, 8), GNTST_general_error, "not across its beginning");
	is(marks[REF], 0, "copies leave no mark");
	entries[REF].sub_page.page_off = 4000;
	entries[REF].sub_page.length = 0xffff;
	is(copy(REF, 4000, 96), GNTST_okay, "a length beyond the page ends with it");
	entries[REF].sub_page.page_off = 0;
	entries[REF].sub_page.length = 0;
	is(copy(REF, 0, 0), GNTST_okay, "nothing of nothing");
	is(copy(REF, 0, 1), GNTST_general_error, "but no byte of it");
}

static void check_transitive(void)
{
	grant(GTF_permit_access);
	entries[REF + 1].transitive.trans_domid = ME;
	entries[REF + 1].transitive.gref = REF;
	entries[REF + 1].hdr.domid = ME;
	entries[REF + 1].hdr.flags = GTF_transitive;
	is(copy(REF + 1, 0, 16), GNTST_general_error, "a transitive entry does not lead back");
	entries[REF + 1].transitive.trans_domid = 99;
	is(copy(REF + 1, 0, 16), GNTST_general_error, "or to a domain that is not there");
	is(marks[REF], 0, "no mark is left");
	is(marks[REF + 1], 0, "on either");
	entries[REF + 1].hdr.flags = 0;
}

static void check_swap(void)
{
	struct gnttab_swap_grant_ref swap = {REF, REF + 2, 0};

	grant(GTF_permit_access);
	entries[REF + 2].hdr.flags = GTF_permit_access | GTF_readonly;
	entries[REF + 2].full_page.frame = 1UL << 40;
	is(pv_grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1), 0, "two entries change places");
	is(swap.status, GNTST_okay, "as they may");
	is(entries[REF].full_page.frame, 1UL << 40, "wholly");
	is(entries[REF + 2].hdr.flags, GTF_permit_access, "both");
	swap.ref_b = 100000;
	pv_grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1);
	is(swap.status, GNTST_bad_gntref, "not with one that is not there");
}

static void check_back(void)
{
	uint32_t now;

	for (unsigned int i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; i++) {
		entries[i].full_page.frame = 0x100 + i;
		entries[i].hdr.domid = (domid_t)i;
		entries[i].hdr.flags = GTF_permit_access;
	}
	is(set_version(1, &now), -XEN_EBUSY, "while its frames are mapped, version 2 stays");
	map_own(marks_page);
	entries[2].full_page.frame = 1UL << 32;
	is(set_version(1, &now), -XEN_ERANGE, "version 1 cannot say every frame");
	entries[2].full_page.frame = 0x102;
	entries[3].hdr.flags = GTF_transitive;
	is(set_version(1, &now), -XEN_ERANGE, "or kind");
	entries[3].hdr.flags = GTF_permit_access;
	is(set_version(1, &now), 0, "but these");
	is(now, 1, "so it is version 1");
	is(pv_grants[3].flags, GTF_permit_access, "the reserved entries are kept");
	is(pv_grants[3].frame, 0x103, "in its form");
	is(pv_grants[2 * REF].flags, 0, "the others are empty");
	is(pv_grants[2 * (REF + 2)].flags, 0, "all of them");
	pv_grants[4].flags = 0;
	is(set_version(2, &now), 0, "and back");
	is(set_version(1, &now), 0, "with an empty one among them");
}

static void guest_main(void)
{
	check_versions();
	check_map();
	check_parts();
	check_transitive();
	check_swap();
	check_back();
}
