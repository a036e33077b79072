/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants given to oneself, mapped in every way, and unmapped in every order: by virtual address, by
 * entry, for devices, replaced, overwritten behind the hypervisor's back, in batches.
 * run: mem=512
 */
#include "guest.h"
#include <pv/grant.h>
#include <xen/memory.h>

#define ME  0
#define REF 20

static page_t table_page, granted, window, second, spare;
static page_t windows[40];

static struct gnttab_map_grant_ref map_at(uint64_t where, uint32_t flags)
{
	struct gnttab_map_grant_ref map = {
		.host_addr = where, .flags = flags, .ref = REF, .dom = ME, .handle = 0xffffffff};
	long rc = pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);

	if (rc) {
		map.status = (int16_t)rc;
	}
	return map;
}

static uint64_t va(const void *page)
{
	return (unsigned long)page;
}

static int unmap_at(uint64_t host, uint64_t device, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref unmap = {
		.host_addr = host, .dev_bus_addr = device, .handle = handle};
	long rc = pv_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);

	return rc ? (int)rc : unmap.status;
}

static int replace_at(uint64_t host, uint64_t by, grant_handle_t handle)
{
	struct gnttab_unmap_and_replace op = {.host_addr = host, .new_addr = by, .handle = handle};
	long rc = pv_grant_table_op(GNTTABOP_unmap_and_replace, &op, 1);

	return rc ? (int)rc : op.status;
}

static void map_own(void *page)
{
	pv_update_va_mapping(va(page), PTE(pv_virt_to_mfn(page), PTE_KERNEL_RW), UVMF_INVLPG);
}

static volatile uint64_t *word_of(void *page)
{
	return (volatile uint64_t *)page;
}

static unsigned int marks(void)
{
	return pv_grants[REF].flags & (GTF_reading | GTF_writing);
}

static void grant(int read_only)
{
	pv_grant_access(REF, ME, pv_virt_to_mfn(granted), read_only);
}

static bool is_gone(void *page)
{
	TRY("mov (%0), %%rax", : : "r"(page) : "rax", "memory");
	return caught(PV_VECTOR_PF);
}

static void check_by_entry(void)
{
	uint64_t entry = pv_virt_to_machine(pv_entry(va(window), 1));
	struct gnttab_map_grant_ref map;

	grant(0);
	*word_of(granted) = 0x1111;
	map = map_at(entry, GNTMAP_host_map | GNTMAP_contains_pte);
	is(map.status, GNTST_okay, "mapped by the address of an entry");
	pv_mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0);
	is(*word_of(window), 0x1111, "it shows");
	is(unmap_at(va(window), 0, map.handle), GNTST_general_error,
	   "not unmapped by a virtual address");
	is(unmap_at(entry, 0, map.handle), GNTST_okay, "but by the entry");
	ok(is_gone(window), "it is gone");
	is(map_at(entry + 1, GNTMAP_host_map | GNTMAP_contains_pte).status, GNTST_general_error,
	   "an address that is no entry's");
	is(map_at(pv_virt_to_machine(spare), GNTMAP_host_map | GNTMAP_contains_pte).status,
	   GNTST_general_error, "a frame that is no table");
	is(map_at(pv_virt_to_machine(pv_root), GNTMAP_host_map | GNTMAP_contains_pte).status,
	   GNTST_general_error, "a table of another level");
	is(marks(), 0, "no use is left");
	map_own(window);
}

static void check_device(void)
{
	struct gnttab_map_grant_ref map;
	uint64_t machine = pv_virt_to_machine(granted);

	grant(0);
	map = map_at(0, GNTMAP_device_map);
	is(map.status, GNTST_okay, "mapped for devices only");
	is(map.dev_bus_addr, machine, "at its frame");
	is(unmap_at(0, machine + PAGE_SIZE, map.handle), GNTST_bad_dev_addr, "another's address");
	is(unmap_at(0, 0, map.handle), GNTST_okay, "unmapping nothing is done");
	is(marks(), GTF_reading | GTF_writing, "and leaves everything as it was");
	is(unmap_at(0, machine, map.handle), GNTST_okay, "unmapped");
	is(marks(), 0, "and free");
	is(unmap_at(0, machine, map.handle), GNTST_bad_handle, "once");

	map = map_at(va(window), GNTMAP_device_map | GNTMAP_host_map | GNTMAP_readonly);
	is(map.status, GNTST_okay, "for devices and processors, read-only");
	is(marks(), GTF_reading, "it is read");
	is(unmap_at(va(window), 0, map.handle), GNTST_okay, "the processor's part goes");
	ok(is_gone(window), "it is gone");
	is(marks(), GTF_reading, "the device's stays");
	is(unmap_at(va(window), 0, map.handle), GNTST_okay, "what has gone is not looked for");
	is(unmap_at(0, machine, map.handle), GNTST_okay, "then that");
	is(marks(), 0, "and nothing is left");

	map = map_at(va(window), GNTMAP_device_map | GNTMAP_host_map);
	is(unmap_at(va(window), machine, map.handle), GNTST_okay, "both at once");
	is(marks(), 0, "are both gone");
	map_own(window);
}

static void check_replace(void)
{
	struct gnttab_map_grant_ref map;

	grant(0);
	map_own(window);
	map_own(second);
	*word_of(second) = 0x2222;
	map = map_at(va(window), GNTMAP_host_map);
	is(map.status, GNTST_okay, "mapped, to be replaced");
	is(replace_at(va(window), 0x7f00000000, map.handle), GNTST_general_error,
	   "by nothing, where no table is");
	is(replace_at(va(window), va(second), 0xffff), GNTST_bad_handle, "no handle");
	is(replace_at(va(window), va(second), map.handle), GNTST_okay, "replaced by another page");
	is(*word_of(window), 0x2222, "which is there now");
	ok(is_gone(second), "and not where it was");
	is(marks(), 0, "the grant is free");
	map = map_at(va(window), GNTMAP_host_map);
	is(map.status, GNTST_okay, "mapped over the page that was there");
	is(replace_at(va(window), 0, map.handle), GNTST_okay, "replaced by nothing");
	ok(is_gone(window), "is unmapped");
	map_own(window);
	map_own(second);
}

static void check_overwritten(void)
{
	struct gnttab_map_grant_ref map, other;

	grant(0);
	map_own(window);
	map = map_at(va(window), GNTMAP_host_map);
	map_own(window);
	is(unmap_at(va(window), 0, map.handle), GNTST_general_error,
	   "overwritten, it is not where it was mapped");
	is(marks(), GTF_reading | GTF_writing, "and remains in use");
	other = map_at(va(window), GNTMAP_host_map);
	ok(other.handle != map.handle, "mapped once more");
	is(unmap_at(va(window), 0, map.handle), GNTST_okay, "by which the first can be unmapped");
	is(marks(), GTF_reading | GTF_writing, "the second is still in use");
	is(unmap_at(va(window), 0, other.handle), GNTST_general_error, "and has no mapping now");
	pv_update_va_mapping(va(window), PTE(pv_virt_to_mfn(granted), PTE_KERNEL_RW), UVMF_INVLPG);
	is(unmap_at(va(window), 0, other.handle), GNTST_okay, "until there is one again");
	is(marks(), 0, "then nothing is left");
	map = map_at(va(window), GNTMAP_host_map | GNTMAP_readonly);
	other = map_at(va(second), GNTMAP_host_map);
	is(unmap_at(va(second), 0, map.handle), GNTST_general_error, "of another right");
	is(unmap_at(va(second), 0, other.handle), GNTST_okay, "the writer goes first");
	is(marks(), GTF_reading, "the reader stays");
	is(unmap_at(va(window), 0, map.handle), GNTST_okay, "the reader goes");
	is(marks(), 0, "and it is free");
	map_own(window);
	map_own(second);
}

static void check_batches(void)
{
	static struct gnttab_map_grant_ref maps[40];
	static struct gnttab_unmap_grant_ref unmaps[40];
	unsigned int good = 0;

	grant(0);
	for (unsigned int i = 0; i < 40; i++) {
		maps[i] = (struct gnttab_map_grant_ref){.host_addr = va(windows[i]),
							.flags = GNTMAP_host_map,
							.ref = REF,
							.dom = ME};
	}
	maps[7].ref = REF + 1;
	is(pv_grant_table_op(GNTTABOP_map_grant_ref, maps, 40), 0, "forty at once");
	for (unsigned int i = 0; i < 40; i++) {
		good += maps[i].status == GNTST_okay;
		unmaps[i] = (struct gnttab_unmap_grant_ref){.host_addr = va(windows[i]),
							    .handle = maps[i].handle};
	}
	is(good, 39, "of which one is refused");
	unmaps[7].handle = 0xffffffff;
	*word_of(granted) = 0x3333;
	is(*word_of(windows[39]), 0x3333, "the last one shows");
	is(pv_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, 40), 0, "unmapped at once");
	good = 0;
	for (unsigned int i = 0; i < 40; i++) {
		good += unmaps[i].status == GNTST_okay && is_gone(windows[i]);
		map_own(windows[i]);
	}
	is(good, 39, "all of them are gone");
	is(marks(), 0, "and nothing is left");
	is(pv_grant_table_op(GNTTABOP_map_grant_ref, maps, 0), 0, "none at all is no error");
	is(pv_grant_table_op(GNTTABOP_map_grant_ref, maps, 0x80000000), -XEN_EINVAL,
	   "too many are");
}

static void check_flags(void)
{
	struct gnttab_map_grant_ref map = {
		.host_addr = va(window), .flags = GNTMAP_host_map, .ref = REF, .dom = DOMID_SELF};

	grant(0);
	pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
	is(map.status, GNTST_bad_domain, "one names oneself by number");
	map = map_at(va(window), GNTMAP_host_map | 1 << 5);
	is(map.status, GNTST_okay, "a flag of later versions means nothing");
	unmap_at(va(window), 0, map.handle);
	map = map_at(va(window), GNTMAP_host_map | GNTMAP_application_map | 5U << 16);
	is(map.status, GNTST_okay, "bits of the guest's own");
	is(*pv_entry(va(window), 1) & (PTE_AVAIL | PTE_US), 5UL << 9 | PTE_US, "are in the entry");
	unmap_at(va(window), 0, map.handle);
	pv_grants[REF].flags |= GTF_PCD | GTF_PWT;
	map = map_at(va(window), GNTMAP_host_map);
	is(map.status, GNTST_okay, "what a grant says of caches");
	is(*pv_entry(va(window), 1) & (PTE_PCD | PTE_PWT), 0, "is not for memory");
	unmap_at(va(window), 0, map.handle);
	map_own(window);
}

static long flush(uint64_t machine, unsigned int offset, unsigned int length, unsigned int op)
{
	struct gnttab_cache_flush flush = {.a.dev_bus_addr = machine,
					   .offset = (uint16_t)offset,
					   .length = (uint16_t)length,
					   .op = op};

	return pv_grant_table_op(GNTTABOP_cache_flush, &flush, 1);
}

static void check_caches(void)
{
	uint64_t machine = pv_virt_to_machine(granted);

	is(flush(machine, 0, 4096, GNTTAB_CACHE_CLEAN), 0, "one's own caches are cleaned");
	is(flush(machine, 16, 16, GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL), 0, "and emptied");
	is(flush(machine, 16, 16, GNTTAB_CACHE_INVAL), -XEN_EOPNOTSUPP, "but not thrown away");
	is(flush(machine, 16, 0, GNTTAB_CACHE_CLEAN), 0, "no bytes");
	is(flush(machine, 16, 16, 0), 0, "nothing to do");
	is(flush(machine, 4095, 2, GNTTAB_CACHE_CLEAN), -XEN_EINVAL, "across the end");
	is(flush(machine, 0, 16, 4), -XEN_EINVAL, "something else");
	is(flush(machine, 0, 16, GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_SOURCE_GREF), -XEN_EINVAL,
	   "by reference");
	is(flush(0x101000, 0, 16, GNTTAB_CACHE_CLEAN), -XEN_EPERM, "another's frame");
	is(flush(1UL << 45, 0, 16, GNTTAB_CACHE_CLEAN), -XEN_EINVAL, "no frame");
}

static void check_resource(void)
{
	struct xen_mem_acquire_resource op = {.domid = ME, .type = XENMEM_resource_grant_table};

	is(pv_memory_op(XENMEM_acquire_resource, &op), -XEN_EPERM, "a resource of one's own");
	op.domid = 77;
	is(pv_memory_op(XENMEM_acquire_resource, &op), -XEN_ESRCH, "of a domain that is not there");
	op.pad = 1;
	is(pv_memory_op(XENMEM_acquire_resource, &op), -XEN_EINVAL, "padding that is not zero");
}

static void guest_main(void)
{
	is(pv_grants_start(table_page), 0, "a grant table");
	check_by_entry();
	check_device();
	check_replace();
	check_overwritten();
	check_batches();
	check_flags();
	check_caches();
	check_resource();
	if (on_parvus()) {
		is(pv_grant_table_op(GNTTABOP_transfer, windows, 1), -XEN_EOPNOTSUPP,
		   "no transfer");
	}
}
