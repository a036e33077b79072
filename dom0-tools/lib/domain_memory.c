/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Populating new domains. */
#include <errno.h>
#include <lib/domain_memory.h>
#include <lib/error.h>
#include <lib/host.h>
#include <xen/memory.h>

#define LARGE_ORDER 9
#define BATCH	    512 /* extents a call: one page of frame numbers */

static long memory_op(unsigned int operation, struct xen_memory_reservation *reservation)
{
	return hypercall_struct(__HYPERVISOR_memory_op, operation, reservation,
				sizeof(*reservation));
}

/* While memory is claimed nobody else gets it; a claim of 0 ends it. */
static int claim(domid_t domid, uint64_t pages)
{
	struct xen_memory_reservation reservation = {.nr_extents = pages, .domid = domid};
	struct xen_sysctl_physinfo host;
	long rc = memory_op(XENMEM_claim_pages, &reservation);

	if (rc >= 0 || rc == -ENOSYS || !pages) {
		return 0;
	}
	if (rc == -ENOMEM && host_physinfo(&host) == 0) {
		return fail(
			ENOMEM,
			"not enough memory: it needs %lu MiB, and of the machine's %lu MiB %lu are free, %lu of these "
			"claimed ('pvx list' and 'pvx claims' tell by whom the rest is held)",
			(unsigned long)(pages >> 8), (unsigned long)(host.total_pages >> 8),
			(unsigned long)(host.free_pages >> 8),
			(unsigned long)(host.outstanding_pages >> 8));
	}
	return fail_errno((int)-rc, "claiming %lu MiB of memory", (unsigned long)(pages >> 8));
}

/* So many extents from page `first` on; how many there were. */
static long populate_batch(domid_t domid, xen_pfn_t *list, uint64_t first, uint64_t count,
			   unsigned int order)
{
	struct xen_memory_reservation reservation = {
		.nr_extents = count, .extent_order = order, .domid = domid};

	for (uint64_t i = 0; i < count; i++) {
		list[i] = first + (i << order);
	}
	set_xen_guest_handle(reservation.extent_start, list);
	return memory_op(XENMEM_populate_physmap, &reservation);
}

static int populate(domid_t domid, xen_pfn_t *list, uint64_t *frames, uint64_t pages)
{
	unsigned int order = LARGE_ORDER;
	uint64_t done = 0;

	while (done < pages) {
		uint64_t wanted = (pages - done) >> order;
		long got;

		wanted = wanted < BATCH ? wanted : BATCH;
		got = wanted ? populate_batch(domid, list, done, wanted, order) : 0;
		for (long i = 0; i < got; i++) {
			for (uint64_t j = 0; j < UINT64_C(1) << order; j++) {
				frames[done++] = list[i] + j;
			}
		}
		if (got < (long)wanted || !wanted) { /* no large run is left, or wanted */
			if (!order) {
				return fail(ENOMEM, "out of memory at %lu of %lu MiB",
					    (unsigned long)(done >> 8),
					    (unsigned long)(pages >> 8));
			}
			order = 0;
		}
	}
	return 0;
}

int domain_memory_populate(domid_t domid, uint64_t *frames, uint64_t pages)
{
	xen_pfn_t *list = hypercall_memory(BATCH * sizeof(*list));
	int rc = list ? claim(domid, pages) : fail(ENOMEM, "no memory for a hypercall");

	rc = rc ? rc : populate(domid, list, frames, pages);
	if (list) {
		claim(domid, 0);
		hypercall_memory_free(list, BATCH * sizeof(*list));
	}
	return rc;
}

int domain_memory_limit(domid_t domid, uint64_t kib)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_max_mem, .domain = domid};

	op.u.max_mem.max_memkb = kib;
	return hypercall_domctl(&op);
}

/* As the BIOS's E820 lists memory. */
#define RAM 1
struct map_entry {
	uint64_t address, bytes;
	uint32_t type;
} __attribute__((packed));

int domain_memory_map(domid_t domid, uint64_t kib)
{
	struct xen_foreign_memory_map op = {.domid = domid, .map = {.nr_entries = 1}};
	struct map_entry *entry = hypercall_memory(sizeof(*entry));
	long rc;

	if (!entry) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	*entry = (struct map_entry){.bytes = kib << 10, .type = RAM};
	set_xen_guest_handle(op.map.buffer, entry);
	rc = hypercall_struct(__HYPERVISOR_memory_op, XENMEM_set_memory_map, &op, sizeof(op));
	hypercall_memory_free(entry, sizeof(*entry));
	return rc < 0 ? fail_errno((int)-rc, "the memory map of domain %u", domid) : 0;
}
