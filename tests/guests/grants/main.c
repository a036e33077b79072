/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants, version 1, given to oneself: mapping, unmapping, copying, and what must not work.
 * run: mem=512
 */
#include "guest.h"
#include <pv/grant.h>

#define ME 0

static page_t table_page, granted, window, other;

static struct gnttab_map_grant_ref map_at(const void *where, grant_ref_t ref, uint32_t flags)
{
	struct gnttab_map_grant_ref map = {
		.host_addr = (unsigned long)where, .flags = flags, .ref = ref, .dom = ME};
	long rc = pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);

	if (rc) {
		map.status = (int16_t)rc;
	}
	return map;
}

static int unmap_at(const void *where, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref unmap = {.host_addr = (unsigned long)where, .handle = handle};
	long rc = pv_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);

	return rc ? (int)rc : unmap.status;
}

static volatile uint64_t *word_of(void *page)
{
	return (volatile uint64_t *)page;
}

static void check_table(void)
{
	struct gnttab_query_size size = {.dom = DOMID_SELF};
	struct gnttab_get_version version = {.dom = DOMID_SELF};

	is(pv_grants_start(table_page), 0, "a grant table");
	is(pv_grant_table_op(GNTTABOP_query_size, &size, 1), 0, "its size is told");
	ok(size.status == GNTST_okay && size.nr_frames >= 1 && size.max_nr_frames >= size.nr_frames,
	   "%u frames of %u", size.nr_frames, size.max_nr_frames);
	is(pv_grant_table_op(GNTTABOP_get_version, &version, 1), 0, "its version is told");
	is(version.version, 1, "and is 1");
	is(pv_grants[20].flags, 0, "entries start empty");
}

static void check_map(void)
{
	struct gnttab_map_grant_ref map;

	*word_of(granted) = 0x1234;
	pv_grant_access(20, ME, pv_virt_to_mfn(granted), 0);
	map = map_at(window, 20, GNTMAP_host_map);
	is(map.status, GNTST_okay, "a grant is mapped");
	is(map.dev_bus_addr, (long)pv_virt_to_machine(granted), "where its frame is");
	is(*word_of(window), 0x1234, "its memory shows");
	*word_of(window) = 0x5678;
	is(*word_of(granted), 0x5678, "both ways");
	is(pv_grants[20].flags & (GTF_reading | GTF_writing), GTF_reading | GTF_writing,
	   "the entry says that it is used");
	is(pv_grant_end(20), 0, "so it cannot be taken back");
	is(unmap_at(window, map.handle), GNTST_okay, "it is unmapped");
	TRY("mov (%0), %%rax", : : "r"(window) : "rax", "memory");
	ok(caught(PV_VECTOR_PF), "and gone");
	is(pv_grants[20].flags & (GTF_reading | GTF_writing), 0, "the entry is free");
	is(unmap_at(window, map.handle), GNTST_bad_handle, "once");
	ok(pv_grant_end(20), "and can be taken back");
	pv_update_va_mapping((unsigned long)window, PTE(pv_virt_to_mfn(window), PTE_KERNEL_RW),
			     UVMF_INVLPG);
}

static void check_read_only(void)
{
	struct gnttab_map_grant_ref map;

	pv_grant_access(20, ME, pv_virt_to_mfn(granted), 1);
	is(map_at(window, 20, GNTMAP_host_map).status, GNTST_general_error,
	   "a read-only grant is not mapped writable");
	map = map_at(window, 20, GNTMAP_host_map | GNTMAP_readonly);
	is(map.status, GNTST_okay, "but read-only");
	TRY("movl $1, (%0)", : : "r"(window) : "memory");
	ok(caught(PV_VECTOR_PF), "and is that");
	is(unmap_at(window, map.handle), GNTST_okay, "it is unmapped");
	pv_update_va_mapping((unsigned long)window, PTE(pv_virt_to_mfn(window), PTE_KERNEL_RW),
			     UVMF_INVLPG);
	pv_grant_end(20);
}

static void check_bad(void)
{
	struct gnttab_map_grant_ref map = {.host_addr = (unsigned long)window,
					   .flags = GNTMAP_host_map,
					   .ref = 20,
					   .dom = 0x1234};

	is(map_at(window, 21, GNTMAP_host_map).status < 0, 1, "an empty entry");
	is(map_at(window, 0xffffff, GNTMAP_host_map).status, GNTST_bad_gntref,
	   "a reference beyond the table");
	is(map_at(window, 0xffffffff, GNTMAP_host_map).status, GNTST_bad_gntref, "the last number");
	pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
	is(map.status, GNTST_bad_domain, "a domain that is not there");
	pv_grant_access(20, ME + 5, pv_virt_to_mfn(granted), 0);
	is(map_at(window, 20, GNTMAP_host_map).status < 0, 1, "a grant to somebody else");
	pv_grant_end(20);
	pv_grant_access(20, ME, 0x101, 0);
	is(map_at(window, 20, GNTMAP_host_map).status < 0, 1, "a grant of another's frame");
	pv_grant_end(20);
	pv_grant_access(20, ME, 0xffffffff, 0);
	is(map_at(window, 20, GNTMAP_host_map).status < 0, 1, "of one that is not there");
	pv_grant_end(20);
	pv_grant_access(20, ME, pv_virt_to_mfn(pv_root), 0);
	is(map_at(window, 20, GNTMAP_host_map).status < 0, 1, "of a page table, writable");
	pv_grant_end(20);
	pv_grant_access(20, ME, pv_virt_to_mfn(granted), 0);
	is(map_at((void *)(HYPERVISOR_VIRT_END - PAGE_SIZE), 20, GNTMAP_host_map).status < 0, 1,
	   "mapped over the hypervisor");
	is(map_at((void *)0x7f00000000, 20, GNTMAP_host_map).status < 0, 1,
	   "where there is no table");
	is(map_at(window, 20, 0).status < 0, 1, "nowhere");
	ok(pv_grant_end(20), "none of which leaves the entry in use");
	is(unmap_at(window, 0xffffffff), GNTST_bad_handle, "a handle that is not there");
	is(pv_grant_table_op(99, &map, 1), -XEN_ENOSYS, "an unknown operation");
	is(pv_grant_table_op(GNTTABOP_map_grant_ref, (void *)0x7f00000000, 1), -XEN_EFAULT,
	   "an argument that is not there");
	is(*word_of(window), 0, "our window is as it was");
}

static int copy(struct gnttab_copy *op)
{
	long rc = pv_grant_table_op(GNTTABOP_copy, op, 1);

	return rc ? (int)rc : op->status;
}

static void check_copy(void)
{
	struct gnttab_copy op = {.len = 100, .flags = GNTCOPY_source_gref};

	op.source.u.ref = 20;
	op.source.domid = ME;
	op.source.offset = 8;
	op.dest.u.gmfn = pv_virt_to_mfn(other);
	op.dest.domid = DOMID_SELF;
	op.dest.offset = 4000;
	op.len = 96;
	pv_grant_access(20, ME, pv_virt_to_mfn(granted), 1);
	memset(granted, 0x77, PAGE_SIZE);
	memset(other, 0, PAGE_SIZE);
	is(copy(&op), GNTST_okay, "a copy from a grant");
	is(memcmp(other + 4000, granted + 8, 96), 0, "is there");
	is(other[3999], 0, "and nothing before it");
	op.dest.offset = 4001;
	ok(copy(&op) < 0, "across the end of the page is refused");
	op.dest.offset = 0;
	op.source.offset = 4090;
	ok(copy(&op) < 0, "from across the end, too");
	op.source.offset = 0;
	op.dest.u.gmfn = pv_virt_to_mfn(pv_root);
	ok(copy(&op) < 0, "into a page table is refused");
	op.dest.u.gmfn = 0x101;
	ok(copy(&op) < 0, "or into another's frame");
	op.flags = GNTCOPY_dest_gref;
	op.dest.u.ref = 20;
	op.dest.domid = ME;
	op.source.u.gmfn = pv_virt_to_mfn(other);
	op.source.domid = DOMID_SELF;
	ok(copy(&op) < 0, "or into a read-only grant");
	pv_grant_end(20);
	pv_grant_access(20, ME, pv_virt_to_mfn(granted), 0);
	is(copy(&op), GNTST_okay, "into a writable one it is done");
	ok(pv_grant_end(20), "and leaves the entry free");
}

static void guest_main(void)
{
	check_table();
	check_map();
	check_read_only();
	check_bad();
	check_copy();
}
