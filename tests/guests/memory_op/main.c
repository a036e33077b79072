/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_op: giving frames back and getting others, exchange, maps, the machine-to-physical table.
 * run: mem=512
 */
#include "guest.h"

static page_t pages[2];
#define a pages[0]
#define b pages[1]

static long reservation(unsigned int cmd, xen_pfn_t *list, unsigned long n, unsigned int order)
{
	struct xen_memory_reservation r = {.extent_start = {list},
					   .nr_extents = n,
					   .extent_order = order,
					   .domid = DOMID_SELF};

	return pv_memory_op(cmd, &r);
}

static void check_balloon(void)
{
	xen_pfn_t mfn = pv_virt_to_mfn(a), pfn = pv_virt_to_pfn(a), got;
	domid_t self = DOMID_SELF;
	long before = pv_memory_op(XENMEM_current_reservation, &self);

	is(before, (long)guest.start->nr_pages, "we have what the start info says");
	*(volatile uint64_t *)a = 0x1234;
	ok(reservation(XENMEM_decrease_reservation, &mfn, 1, 0) <= 1, "a mapped frame given back");
	is(pv_mfn_to_pfn(mfn), (long)pfn, "stays ours in the table");
	pv_update_va_mapping((unsigned long)a, 0, UVMF_INVLPG);
	got = pfn;
	is(reservation(XENMEM_populate_physmap, &got, 1, 0), 1, "a frame is got");
	ok(got != pfn, "its number comes back");
	is(pv_mfn_to_pfn(got), (long)pfn, "the table says which one it is");
	pv_p2m[pfn] = got;
	is(pv_update_va_mapping((unsigned long)a, PTE(got, PTE_KERNEL_RW), UVMF_INVLPG), 0,
	   "it can be mapped");
	is(pv_memory_op(XENMEM_current_reservation, &self), before, "we have as much as before");
	mfn = pv_virt_to_mfn(pv_root);
	ok(reservation(XENMEM_decrease_reservation, &mfn, 1, 0) <= 1, "the root given back");
	is(pv_xen_version(XENVER_version, NULL), 4 << 16 | 17, "is still there");
	mfn = 0x101;
	is(reservation(XENMEM_decrease_reservation, &mfn, 1, 0), 0,
	   "another's frame is not ours to give");
	mfn = 0xffffffffff;
	is(reservation(XENMEM_decrease_reservation, &mfn, 1, 0), 0, "nor one that is not there");
	is(reservation(XENMEM_populate_physmap, &got, 0, 0), 0, "none at all is none");
	ok(reservation(XENMEM_populate_physmap, (void *)0x7f00000000, 1, 0) <= 0,
	   "a list that is not there");
	ok(reservation(XENMEM_populate_physmap, &got, 1, 60) <= 0, "an order beyond all");
	ok(reservation(XENMEM_increase_reservation, &got, 1, 0) <= 1, "increase_reservation");
}

static void check_limits(void)
{
	domid_t self = DOMID_SELF, nobody = 0x1234;
	long ram = pv_memory_op(XENMEM_maximum_ram_page, NULL);

	ok(pv_memory_op(XENMEM_maximum_reservation, &self) >= (long)guest.start->nr_pages,
	   "the limit is above what we have");
	ok(ram > 0x1000 && ram < 0x10000000, "the last frame of the machine is said: 0x%lx", ram);
	is(pv_memory_op(XENMEM_current_reservation, &nobody), -XEN_ESRCH,
	   "of a domain that is not there nothing is");
	is(pv_memory_op(XENMEM_current_reservation, (void *)0x7f00000000), -XEN_EFAULT,
	   "nor by an argument that is not");
	ok(pv_memory_op(63, &self) < 0, "an unknown operation");
}

struct e820 {
	uint64_t addr, size;
	uint32_t type;
} __attribute__((packed));

static unsigned int check_map(unsigned int cmd, const char *what)
{
	static struct e820 map[128];
	struct xen_memory_map argument = {.nr_entries = 128, .buffer = {map}};
	uint64_t ram = 0, overlaps = 0;

	is(pv_memory_op(cmd, &argument), 0, "%s is told", what);
	ok(argument.nr_entries >= 1 && argument.nr_entries <= 128, "with %u entries",
	   argument.nr_entries);
	for (unsigned int i = 0; i < argument.nr_entries && i < 128; i++) {
		ram += map[i].type == 1 ? map[i].size : 0;
		overlaps += i > 0 && map[i].addr < map[i - 1].addr + map[i - 1].size;
	}
	is(overlaps, 0, "in order and apart");
	ok(ram >= guest.start->nr_pages << 12 || cmd == XENMEM_memory_map, "RAM there is: %lu MiB",
	   ram >> 20);
	argument.nr_entries = 1;
	ok(pv_memory_op(cmd, &argument) <= 0, "a short buffer is no harm");
	is(argument.nr_entries <= 1, 1, "and is not overrun");
	return argument.nr_entries;
}

static void check_maps(void)
{
	struct xen_memory_map argument = {.nr_entries = 128, .buffer = {(void *)0x7f00000000}};
	long rc;

	check_map(XENMEM_machine_memory_map, "the machine's map");
	rc = pv_memory_op(XENMEM_memory_map, &argument);
	ok(rc == -XEN_EFAULT || rc == -XEN_ENOSYS,
	   "the first domain has no map of its own, or one we cannot take");
	is(pv_memory_op(XENMEM_machine_memory_map, &argument), -XEN_EFAULT,
	   "a buffer that is not there");
}

static void check_machphys(void)
{
	struct xen_machphys_mapping mapping;
	xen_pfn_t frames[8] = {0};
	struct xen_machphys_mfn_list list = {.max_extents = 8, .extent_start = {frames}};
	unsigned int wrong = 0;

	is(pv_memory_op(XENMEM_machphys_mapping, &mapping), 0, "where the table is");
	is(mapping.v_start, MACH2PHYS_VIRT_START, "at its fixed place");
	ok(mapping.max_mfn * 8 <= mapping.v_end - mapping.v_start, "with room for all frames");
	for (unsigned long pfn = 0; pfn < guest.start->nr_pages; pfn++) {
		wrong += pv_p2m[pfn] <= mapping.max_mfn && pv_mfn_to_pfn(pv_p2m[pfn]) != pfn;
	}
	is(wrong, 0, "for each frame of ours it says which one it is");
	is(pv_memory_op(XENMEM_machphys_mfn_list, &list), 0, "the frames of the table are listed");
	ok(list.nr_extents >= 1 && frames[0] != 0, "at least one");
}

static void check_exchange(void)
{
	xen_pfn_t in[2] = {pv_virt_to_mfn(a), pv_virt_to_mfn(b)},
		  out[2] = {pv_virt_to_pfn(a), pv_virt_to_pfn(b)};
	struct xen_memory_exchange exchange = {
		.in = {.extent_start = {in}, .nr_extents = 2, .domid = DOMID_SELF},
		.out = {.extent_start = {out},
			.nr_extents = 2,
			.mem_flags = XENMEMF_address_bits(32),
			.domid = DOMID_SELF},
	};
	domid_t self = DOMID_SELF;
	long before = pv_memory_op(XENMEM_current_reservation, &self), rc;

	pv_update_va_mapping((unsigned long)a, 0, UVMF_INVLPG);
	pv_update_va_mapping((unsigned long)b, 0, UVMF_INVLPG);
	is(pv_memory_op(XENMEM_exchange, &exchange), 0, "two frames for two others below 4 GiB");
	is(exchange.nr_exchanged, 2, "both done");
	ok(out[0] < 0x100000 && out[1] < 0x100000, "they are below");
	is(pv_mfn_to_pfn(out[0]), (long)pv_virt_to_pfn(a), "the table knows the first");
	is(pv_mfn_to_pfn(out[1]), (long)pv_virt_to_pfn(b), "and the second");
	pv_p2m[pv_virt_to_pfn(a)] = out[0];
	pv_p2m[pv_virt_to_pfn(b)] = out[1];
	is(pv_remap(a, PTE_KERNEL_RW) | pv_remap(b, PTE_KERNEL_RW), 0, "they can be mapped");
	is(pv_memory_op(XENMEM_current_reservation, &self), before, "we have as much as before");

	exchange.nr_exchanged = 0;
	in[0] = 0x101;
	rc = pv_memory_op(XENMEM_exchange, &exchange);
	ok(rc < 0, "another's frame is not exchanged");
	exchange.nr_exchanged = 3;
	ok(pv_memory_op(XENMEM_exchange, &exchange) < 0, "nor is more done than asked");
	exchange.nr_exchanged = 0;
	exchange.out.nr_extents = 1;
	is(pv_memory_op(XENMEM_exchange, &exchange), -XEN_EINVAL, "unequal sizes are refused");
	exchange.out.extent_order = 40;
	ok(pv_memory_op(XENMEM_exchange, &exchange) < 0, "as are sizes beyond all");
}

/* A block whose numbers wrap has no frames to give; were it done, there would be eight for none. */
static void check_wrapping_exchange(void)
{
	xen_pfn_t in[1] = {-4UL}, out[8] = {0};
	struct xen_memory_exchange exchange = {
		.in = {.extent_start = {in},
		       .nr_extents = 1,
		       .extent_order = 3,
		       .domid = DOMID_SELF},
		.out = {.extent_start = {out}, .nr_extents = 8, .domid = DOMID_SELF},
	};

	ok(pv_memory_op(XENMEM_exchange, &exchange) < 0, "frames beyond all are not exchanged");
	is(exchange.nr_exchanged, 0, "none of them");
	is(out[0] | out[7], 0, "and none is got for them");
}

/* Two single frames for one block of two, as DMA needs it. */
static void check_contiguous(void)
{
	xen_pfn_t in[2] = {pv_virt_to_mfn(a), pv_virt_to_mfn(b)}, out[1] = {pv_virt_to_pfn(a)};
	struct xen_memory_exchange exchange = {
		.in = {.extent_start = {in}, .nr_extents = 2, .domid = DOMID_SELF},
		.out = {.extent_start = {out},
			.nr_extents = 1,
			.extent_order = 1,
			.domid = DOMID_SELF},
	};

	if (pv_virt_to_pfn(b) != pv_virt_to_pfn(a) + 1) {
		skip("a block of two", "the pages are not neighbours");
		return;
	}
	pv_update_va_mapping((unsigned long)a, 0, UVMF_INVLPG);
	pv_update_va_mapping((unsigned long)b, 0, UVMF_INVLPG);
	is(pv_memory_op(XENMEM_exchange, &exchange), 0, "two frames for a block of two");
	is(out[0] & 1, 0, "aligned");
	is(pv_mfn_to_pfn(out[0] + 1), (long)pv_virt_to_pfn(b), "the table knows its second half");
	pv_p2m[pv_virt_to_pfn(a)] = out[0];
	pv_p2m[pv_virt_to_pfn(b)] = out[0] + 1;
	is(pv_remap(a, PTE_KERNEL_RW) | pv_remap(b, PTE_KERNEL_RW), 0, "they can be mapped");
}

static void guest_main(void)
{
	check_limits();
	check_balloon();
	check_maps();
	check_machphys();
	check_exchange();
	check_wrapping_exchange();
	check_contiguous();
}
