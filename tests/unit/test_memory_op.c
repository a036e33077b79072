/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op through its hypercall: more memory, less, other memory, and the maps of it. */
#include "hypercall_world.h"
#include <lib/heap.h>
#include <tap.h>

#define FRAMES 2048

/* The argument at the start of the guest's window, its lists behind. */
static union {
	struct xen_memory_reservation reservation;
	struct xen_memory_exchange exchange;
	struct xen_memory_domain domain;
	struct xen_machphys_mapping mapping;
	struct xen_machphys_mfn_list mfn_list;
	struct xen_memory_map map;
	struct xen_foreign_memory_map foreign_map;
	struct xen_pod_target pod;
	struct xen_reserved_device_memory_map rdm;
	struct xen_mem_acquire_resource resource;
	struct xen_vnuma_topology_info vnuma;
} *const arg = (void *)&guest.bytes[0];
static uint64_t *const list = &guest.words[64];
static uint64_t *const list2 = &guest.words[1100];

static long memory_op(unsigned command)
{
	return guest_calls(hypercall_memory_op, command, (uint64_t)arg, 0, 0);
}

static void set_reservation(struct xen_memory_reservation *op, uint64_t *extents, unsigned count,
			    unsigned order)
{
	*op = (struct xen_memory_reservation){
		.extent_start.p = extents,
		.nr_extents = count,
		.extent_order = order,
		.domid = DOMID_SELF,
	};
}

static long reservation_op(unsigned command, unsigned count, unsigned order)
{
	set_reservation(&arg->reservation, list, count, order);
	return memory_op(command);
}

static void test_reservation(void)
{
	uint64_t first;

	guests_start(FRAMES);
	for (unsigned i = 0; i < 100; i++) {
		list[i] = 500 + i;
	}
	fake_work_each = 1;
	is_int(reservation_op(XENMEM_populate_physmap, 100, 0), 100, "a hundred frames");
	ok(again.count == 3, "in four goes");
	fake_work_each = 0;
	is_int(guest_domain[1].memory.frame_count, 100, "are counted");
	is_int(M2P[list[7]], 507, "and in the table of machine frames");
	is_int(frame_owner(MFN(list[99])), 1, "and the guest's");
	is_int(frame_type_word(MFN(list[99])), 0, "of no type yet");
	is_int(reservation_op(XENMEM_decrease_reservation, 50, 0), 50, "half go back");
	is_int(guest_domain[1].memory.frame_count, 50, "and are not counted");
	is_int(reservation_op(XENMEM_decrease_reservation, 50, 0), 0, "not twice");
	list[0] = list[60];
	list[1] = 1;
	is_int(reservation_op(XENMEM_decrease_reservation, 3, 0), 1, "those before a wrong one");
	list[0] = 700;
	is_int(reservation_op(XENMEM_populate_physmap, 1, 4), 1, "a block");
	first = list[0];
	ok(first % 16 == 0, "is aligned");
	is_int(M2P[first + 15], 715, "and numbered");
	is_int(reservation_op(XENMEM_decrease_reservation, 1, 4), 1, "and goes back as one");
	is_int(reservation_op(XENMEM_increase_reservation, 2, 3), 2, "blocks without a number");
	is_int(reservation_op(XENMEM_populate_physmap, 1, 10), 0, "but not as large as that");
	guest_domain[1].memory.frame_limit = guest_domain[1].memory.frame_count + 3;
	is_int(reservation_op(XENMEM_populate_physmap, 9, 0), 3, "up to the limit");
	set_reservation(&arg->reservation, (uint64_t *)64, 4, 0);
	is_int(memory_op(XENMEM_populate_physmap), 0, "a wild list");
	set_reservation(&arg->reservation, list, 4, 0);
	arg->reservation.domid = 2;
	is_int(memory_op(XENMEM_populate_physmap), 0, "for another domain");
	set_reservation(&arg->reservation, list, 4, 0);
	arg->reservation.nr_extents = UINT64_MAX;
	is_int(memory_op(XENMEM_populate_physmap), 0, "too many to count");
	is_int(guest_calls(hypercall_memory_op, XENMEM_populate_physmap, 1, 0, 0), 0, "wild");
	is_int(world_audit(), 0, "all references are counted");
}

static void test_limits(void)
{
	guests_start(FRAMES);
	set_reservation(&arg->reservation, list, 1, 0);
	arg->reservation.mem_flags = XENMEMF_address_bits(12 + 8);
	is_int(memory_op(XENMEM_populate_physmap), 1, "below an address");
	ok(list[0] < 256, "is below it");
	arg->reservation.mem_flags = XENMEMF_address_bits(12);
	is_int(memory_op(XENMEM_populate_physmap), 0, "below the first frame");
	arg->reservation.mem_flags = XENMEMF_populate_on_demand;
	is_int(memory_op(XENMEM_populate_physmap), 0, "nothing comes on demand");
}

/* A frame given back while it is mapped is not lost, and not for nothing either. */
static void test_release_mapped(void)
{
	struct world_tree tree;
	mfn_t a;
	uint64_t count;

	guests_start(FRAMES);
	tree = world_tree(1);
	a = world_frame(1);
	world_pin(1, tree.l4, 4);
	world_set_l1(1, tree.l1, 0, entry_to(a, W));
	count = guest_domain[1].memory.frame_count;
	list[0] = a.n;
	is_int(reservation_op(XENMEM_decrease_reservation, 1, 0), 1, "a mapped frame");
	is_int(guest_domain[1].memory.frame_count, count, "is still paid for");
	is_int(world_audit(), 0, "all references are counted");
	world_set_l1(1, tree.l1, 0, 0);
	is_int(reservation_op(XENMEM_decrease_reservation, 1, 0), 0, "given back twice");
	is_int(guest_domain[1].memory.frame_count, count - 1, "but no more when it is unmapped");
	list[0] = tree.l4.n;
	is_int(reservation_op(XENMEM_decrease_reservation, 1, 0), 1, "a pinned root");
	ok(frame_type(tree.l4) == PAGE_L4 && frame_type_count(tree.l4) == 1, "stays one");
	is_int(world_audit(), 0, "all references are counted");
	world_drop(1);
	is_int(guest_domain[1].memory.frame_count, 0, "and goes with its domain");
}

static long exchange(unsigned in_count, unsigned in_order, unsigned out_count, unsigned out_order)
{
	memset(arg, 0, sizeof(*arg));
	set_reservation(&arg->exchange.in, list, in_count, in_order);
	set_reservation(&arg->exchange.out, list2, out_count, out_order);
	return memory_op(XENMEM_exchange);
}

static void test_exchange(void)
{
	uint64_t count, free;
	mfn_t held;

	guests_start(FRAMES);
	(void)reservation_op(XENMEM_populate_physmap, 64, 0);
	count = guest_domain[1].memory.frame_count;
	free = frame_pool_figures().free;
	list2[0] = 900;
	list2[1] = 932;
	fake_work = true;
	is_int(exchange(64, 0, 2, 5), 0, "frames for two contiguous blocks");
	fake_work = false;
	is_int(arg->exchange.nr_exchanged, 64, "all of them");
	is_int(again.count, 1, "in two goes");
	ok(list2[0] % 32 == 0 && list2[1] % 32 == 0, "blocks are aligned");
	is_int(M2P[list2[1] + 31], 963, "and numbered");
	is_int(guest_domain[1].memory.frame_count, count, "as many as before");
	is_int(frame_pool_figures().free, free, "on either side");
	is_int(world_audit(), 0, "all references are counted");

	list[0] = list2[0];
	for (unsigned i = 0; i < 32; i++) {
		list2[i] = 1000 + i;
	}
	is_int(exchange(1, 5, 32, 0), 0, "and a block for frames");
	is_int(M2P[list2[31]], 1031, "each numbered");
	memcpy(list, list2, 32 * sizeof(list[0]));
	held = MFN(list[20]);
	ok(frame_get(held, 1), "one is in use");
	world.mine[held.n].refs = 1;
	is_int(exchange(32, 0, 1, 5), -EBUSY, "then they are not exchanged");
	is_int(arg->exchange.nr_exchanged, 0, "none of them");
	is_int(world_audit(), 0, "and all are the guest's again");
	frame_put(held);
	world.mine[held.n].refs = 0;
	list[5] = 1;
	is_int(exchange(32, 0, 1, 5), -EINVAL, "not one's own");
	is_int(exchange(32, 0, 3, 5), -EINVAL, "not the same amount");
	list[0] = UINT64_MAX - 3;
	is_int(exchange(1, 5, 32, 0), -EINVAL, "not a block whose numbers wrap");
	is_int(exchange(1, 10, 1, 10), -EPERM, "too large");
	is_int(exchange(1, 19, 1, 19), -EINVAL, "much too large");
	memset(arg, 0, sizeof(*arg));
	set_reservation(&arg->exchange.in, list2, 32, 0);
	set_reservation(&arg->exchange.out, list, 1, 5);
	arg->exchange.nr_exchanged = 33;
	is_int(memory_op(XENMEM_exchange), -EINVAL, "more done than there is");
	arg->exchange.nr_exchanged = 0;
	arg->exchange.out.mem_flags = XENMEMF_address_bits(12 + 4);
	is_int(memory_op(XENMEM_exchange), -ENOMEM, "where there is no memory");
	is_int(world_audit(), 0, "nothing has changed");
	fake_fault_at = 34; /* the number of the first new frame */
	arg->exchange.out.mem_flags = 0;
	is_int(memory_op(XENMEM_exchange), -EFAULT, "a fault at the last moment");
	is_int(guest_domain[1].memory.frame_count, count, "loses no frame");
	is_int(world_audit(), 0, "all references are counted");
}

static void test_figures(void)
{
	static struct shared_info info;

	guests_start(FRAMES);
	(void)reservation_op(XENMEM_populate_physmap, 5, 0);
	arg->domain.domid = DOMID_SELF;
	is_int(memory_op(XENMEM_current_reservation), 5, "what it has");
	is_int(memory_op(XENMEM_maximum_reservation), FRAMES, "what it may have");
	is_int(memory_op(XENMEM_maximum_gpfn), 0, "no frame number is known");
	info.arch.max_pfn = 77;
	guest_domain[1].shared_info = &info;
	is_int(memory_op(XENMEM_maximum_gpfn), 76, "the largest, as the guest says");
	guest_domain[1].shared_info = NULL;
	arg->domain.domid = 2;
	is_int(memory_op(XENMEM_current_reservation), -EPERM, "others are none of its business");
	is_int(memory_op(XENMEM_maximum_ram_page), FRAMES - 1, "the last frame");
	is_int(memory_op(XENMEM_machphys_mapping), 0, "where the table is");
	ok(arg->mapping.v_start == 0xffff800000000000 && arg->mapping.v_end == 0xffff804000000000,
	   "is there");
	is_int(memory_op(XENMEM_machphys_mfn_list), -EPERM, "its frames are for tools");
	is_int(memory_op(XENMEM_machphys_compat_mfn_list), -ENOSYS, "there is no other");
	is_int(memory_op(XENMEM_get_sharing_freed_pages), 0, "nothing is shared");
	memset(arg, 0, sizeof(*arg));
	arg->vnuma.domid = DOMID_SELF;
	is_int(memory_op(XENMEM_get_vnumainfo), -EOPNOTSUPP, "no nodes");
	is_int(memory_op(XENMEM_get_vnumainfo | 1 << 6), -EINVAL, "from the first on");
	memset(arg, 0, sizeof(*arg));
	set_reservation(&arg->reservation, list, 1, 0);
	arg->reservation.mem_flags = XENMEMF_exact_node(1);
	is_int(memory_op(XENMEM_populate_physmap), 0, "nor memory of a second one");
	is_int(memory_op(XENMEM_add_to_physmap), -EACCES, "no translated map");
	is_int(memory_op(63), -ENOSYS, "an unknown command");
	memset(arg, 0, sizeof(*arg));
	arg->rdm.nr_entries = 5;
	is_int(memory_op(XENMEM_reserved_device_memory_map), 0, "what devices reserve");
	is_int(arg->rdm.nr_entries, 0, "is nothing");
	arg->rdm.flags = 2;
	is_int(memory_op(XENMEM_reserved_device_memory_map), -EINVAL, "unknown flags");

	guest_runs(0);
	memset(arg, 0, sizeof(*arg));
	memset(arg, 0, sizeof(*arg));
	arg->mfn_list.max_extents = 10;
	arg->mfn_list.extent_start.p = list;
	is_int(memory_op(XENMEM_machphys_mfn_list), 0, "tools see");
	is_int(arg->mfn_list.nr_extents, 3, "all pieces of the table");
	is_int(list[2], 0x1002, "to the last");
	arg->domain.domid = 2;
	is_int(memory_op(XENMEM_current_reservation), 0, "and others' figures");
	arg->domain.domid = 9;
	is_int(memory_op(XENMEM_current_reservation), -ESRCH, "if there are such");
	set_reservation(&arg->reservation, NULL, 100, 0);
	arg->reservation.domid = 2;
	is_int(memory_op(XENMEM_claim_pages), 0, "a claim for another");
	is_int(guest_domain[2].memory.claimed, 100, "holds");
	arg->reservation.extent_order = 1;
	is_int(memory_op(XENMEM_claim_pages), -EINVAL, "by frames only");
	memset(arg, 0, sizeof(*arg));
	arg->pod.domid = 1;
	is_int(memory_op(XENMEM_get_pod_target), 0, "on demand");
	is_int(arg->pod.tot_pages, 5, "all is there");
	arg->pod.target_pages = FRAMES + 1;
	is_int(memory_op(XENMEM_set_pod_target), -EINVAL, "more than the limit never");
	guest_runs(1);
	is_int(memory_op(XENMEM_get_pod_target), -EPERM, "which is for tools to ask");
	is_int(memory_op(XENMEM_claim_pages), -EPERM, "and so are claims");
}

static void test_maps(void)
{
	struct memory_map_entry *entries = (void *)&guest.words[512];

	guests_start(FRAMES);
	memset(arg, 0, sizeof(*arg));
	arg->map.nr_entries = 40;
	arg->map.buffer.p = entries;
	is_int(memory_op(XENMEM_memory_map), -ENOSYS, "no map has been set");
	is_int(memory_op(XENMEM_machine_memory_map), -EPERM, "the machine's is not for guests");
	for (unsigned i = 0; i < 40; i++) {
		entries[i] = (struct memory_map_entry){i * 0x1000, 0x1000, 1 + i % 2};
	}
	guest_runs(0);
	arg->foreign_map.domid = 1;
	arg->foreign_map.map.nr_entries = 40;
	arg->foreign_map.map.buffer.p = entries;
	is_int(memory_op(XENMEM_set_memory_map), 0, "a map for a guest");
	is_int(memory_op(XENMEM_set_memory_map), 0, "and another");
	arg->foreign_map.map.nr_entries = 129;
	is_int(memory_op(XENMEM_set_memory_map), -EINVAL, "but not as long as that");
	arg->foreign_map.map.nr_entries = 4;
	arg->foreign_map.map.buffer.p = (void *)8;
	is_int(memory_op(XENMEM_set_memory_map), -EFAULT, "nor from nowhere");
	guest_runs(1);
	memset(entries, 0, 40 * sizeof(*entries));
	memset(arg, 0, sizeof(*arg));
	arg->map.nr_entries = 33;
	arg->map.buffer.p = entries;
	is_int(memory_op(XENMEM_memory_map), 0, "the guest reads it");
	is_int(arg->map.nr_entries, 33, "as far as it has room");
	is_int(entries[32].start, 0x20000, "to the last");
	is_int(entries[33].start, 0, "and no further");
	arg->map.nr_entries = 100;
	is_int(memory_op(XENMEM_memory_map), 0, "with more room");
	is_int(arg->map.nr_entries, 40, "all of it");
	guest_runs(0);
	machine_memory_map.count = 17;
	machine_memory_map.entry[16].start = 0x5000;
	arg->map.buffer.p = NULL;
	is_int(memory_op(XENMEM_machine_memory_map), 0, "Dom0 asks how long the machine's is");
	is_int(arg->map.nr_entries, 17, "and is told");
	arg->map.buffer.p = entries;
	is_int(memory_op(XENMEM_machine_memory_map), 0, "and gets it");
	is_int(entries[16].start, 0x5000, "to the end");
	world_drop(1);
	ok(!guest_domain[1].memory.map, "it goes with its domain");
}

static long acquire(unsigned id, uint64_t frame, uint32_t count, bool listed)
{
	arg->resource = (struct xen_mem_acquire_resource){
		.domid = 1,
		.type = XENMEM_resource_grant_table,
		.id = id,
		.nr_frames = count,
		.frame = frame,
		.frame_list.p = listed ? list : NULL,
	};
	return memory_op(XENMEM_acquire_resource);
}

static void test_resource(void)
{
	struct domain_grants *grants = &guest_domain[1].grants;

	guests_start(FRAMES);
	is_int(acquire(0, 0, 1, true), -EPERM, "a resource is another domain's");
	guest_runs(2);
	is_int(acquire(0, 0, 1, true), -EPERM, "and for the privileged");
	guest_runs(0);
	is_int(acquire(0, 0, 0, false), 0, "who may ask");
	is_int(arg->resource.nr_frames, 20, "how many frames a table can have");
	is_int(acquire(1, 0, 0, false), 0, "and how many");
	is_int(arg->resource.nr_frames, 3, "its marks");
	is_int(acquire(0, 0, 1, false), -EINVAL, "with a list if there is a count");
	is_int(acquire(2, 0, 1, true), -EOPNOTSUPP, "nothing else");
	fake_work_each = 1;
	is_int(acquire(0, 9, 2, true), 0, "the tenth and the eleventh");
	fake_work_each = 0;
	ok(again.count, "in several goes");
	is_int(grant_frame_count(grants, GRANT_SHARED_FRAMES), 11, "are made for it");
	is_int(list[1], grant_frame(grants, GRANT_SHARED_FRAMES, 10).n, "and told");
	is_int(frame_owner(MFN(list[1])), 1, "as its domain's");
	is_int(acquire(0, 19, 2, true), -EINVAL, "not beyond the limit");
	is_int(acquire(0, UINT64_MAX, 2, true), -EINVAL, "however far");
	is_int(acquire(1, 0, 1, true), -EINVAL, "version 1 has no marks");
	is_int(grant_set_version(grants, 2), 0, "in version 2");
	is_int(acquire(1, 2, 1, true), 0, "it has");
	is_int(grant_frame_count(grants, GRANT_SHARED_FRAMES), 17, "with what they belong to");
	is_int(list[0], grant_frame(grants, GRANT_STATUS_FRAMES_V2, 2).n, "and they are told");
	is_int(acquire(1, 3, 1, true), -EINVAL, "up to the limit");
	fake_fault_at = 2;
	is_int(acquire(0, 0, 1, true), -EFAULT, "a list that is not there");
	fake_fault_at = 0;
	arg->resource.pad = 1;
	is_int(memory_op(XENMEM_acquire_resource), -EINVAL, "padding is zero");
	grant_domain_free(grants);
}

int main(void)
{
	test_reservation();
	test_limits();
	test_release_mapped();
	test_exchange();
	test_figures();
	test_maps();
	test_resource();
	return done_testing();
}
