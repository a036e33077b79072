/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual NUMA: a toolstack sets it, the domain reads it, and neither gets more than is there.
 * run: mem=256 timeout=300
 */
#include "child.h"

#define VCPUS	   2
#define NODES_MAX  32
#define RANGES_MAX 170
#define ABSENT	   ((void *)0x7f00000000)
#define MARK	   0xeeeeeeeeU

static struct child child;

/* What is set; the index of a number and what it is about can be told from it. */
static unsigned int distance[NODES_MAX * NODES_MAX], node_of_vcpu[VCPUS], machine_node[64];
static struct xen_vmemrange range[RANGES_MAX + 1];
static struct xen_domctl setting;

/* What is read. */
static unsigned int seen_distance[NODES_MAX * NODES_MAX + 1], seen_node[VCPUS + 1];
static struct xen_vmemrange seen_range[RANGES_MAX + 1];
static struct xen_vnuma_topology_info seen;

static void prepare(unsigned int nodes, unsigned int ranges)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(distance); i++) {
		distance[i] = 10 + i;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(range); i++) {
		range[i] = (struct xen_vmemrange){
			.start = i * 0x200000UL, .end = (i + 1) * 0x200000UL, .nid = i % nodes};
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(machine_node); i++) {
		machine_node[i] = 0;
	}
	node_of_vcpu[0] = 0;
	node_of_vcpu[1] = nodes - 1;
	setting = (struct xen_domctl){.u.vnuma = {.nr_vnodes = nodes,
						  .nr_vmemranges = ranges,
						  .nr_vcpus = VCPUS,
						  .vdistance = {distance},
						  .vcpu_to_vnode = {node_of_vcpu},
						  .vnode_to_pnode = {machine_node},
						  .vmemrange = {range}}};
}

/* What was prepared, with its changes; the next begins from what is good. */
static long set(void)
{
	long rc = pv_domctl(XEN_DOMCTL_setvnumainfo, child.id, &setting);

	prepare(2, 2);
	return rc;
}

static void prepare_to_read(domid_t whose)
{
	memset(seen_distance, 0xee, sizeof(seen_distance));
	memset(seen_node, 0xee, sizeof(seen_node));
	memset(seen_range, 0xee, sizeof(seen_range));
	seen = (struct xen_vnuma_topology_info){.domid = whose,
						.nr_vnodes = NODES_MAX,
						.nr_vcpus = VCPUS,
						.nr_vmemranges = RANGES_MAX,
						.vdistance.h = {seen_distance},
						.vcpu_to_vnode.h = {seen_node},
						.vmemrange.h = {seen_range}};
}

static long read(void)
{
	return pv_memory_op(XENMEM_get_vnumainfo, &seen);
}

static bool nothing_written(void)
{
	return seen_distance[0] == MARK && seen_node[0] == MARK && seen_range[0].nid == MARK;
}

/* As prepare() makes it, to the last, and nothing behind. */
static bool is_as_prepared(unsigned int nodes, unsigned int ranges)
{
	bool good = seen.nr_vnodes == nodes && seen.nr_vcpus == VCPUS &&
		    seen.nr_vmemranges == ranges && seen_node[0] == 0 &&
		    seen_node[1] == nodes - 1 && seen_node[VCPUS] == MARK &&
		    seen_distance[nodes * nodes] == MARK && seen_range[ranges].nid == MARK;

	for (unsigned int i = 0; i < nodes * nodes; i++) {
		good &= seen_distance[i] == 10 + i;
	}
	for (unsigned int i = 0; i < ranges; i++) {
		good &= seen_range[i].start == i * 0x200000UL &&
			seen_range[i].end == (i + 1) * 0x200000UL && seen_range[i].flags == 0 &&
			seen_range[i].nid == i % nodes;
	}
	return good;
}

/* --- In the child ---------------------------------------------------------------------------- */

static void child_main(struct child_letter *letter)
{
	struct xen_domctl op = setting;

	prepare_to_read(DOMID_SELF);
	if (read() || !is_as_prepared(2, 2)) {
		letter->failed = __LINE__;
	}
	prepare_to_read((domid_t)letter->argument);
	if (read() || !is_as_prepared(2, 2)) {
		letter->failed = __LINE__;
	}
	prepare_to_read(0);
	if (read() != -XEN_EPERM || !nothing_written()) {
		letter->failed = __LINE__;
	}
	prepare_to_read(DOMID_SELF);
	seen.vmemrange.h.p = (struct xen_vmemrange *)MACH2PHYS_VIRT_START;
	if (read() != -XEN_EFAULT) {
		letter->failed = __LINE__;
	}
	if (pv_domctl(XEN_DOMCTL_setvnumainfo, DOMID_SELF, &op) >= 0) {
		letter->failed = __LINE__;
	}
	letter->state = 1;
	for (;;) {
		pv_sched_op(SCHEDOP_block, NULL);
	}
}

/* --- In the parent --------------------------------------------------------------------------- */

static void check_none(void)
{
	prepare_to_read(child.id);
	is(read(), -XEN_EOPNOTSUPP, "a domain that was told of no nodes has none");
	is(seen.nr_vnodes, NODES_MAX, "and no number of them");
	seen.pad = 1;
	is(read(), -XEN_EINVAL, "padding is zero");
	prepare_to_read(0x1234);
	is(read(), -XEN_ESRCH, "nobody has none");
	is(pv_memory_op(XENMEM_get_vnumainfo, ABSENT), -XEN_EFAULT, "it is told where somebody is");
	is(pv_memory_op(XENMEM_get_vnumainfo | 64, &seen), -XEN_EINVAL, "and in one go");
}

static void check_limits(void)
{
	static const unsigned int many_nodes[] = {0, 33, 65536, 65537, 0x10000001, 0xffffffff},
				  many_ranges[] = {171, 0x0aaaaaab, 0x10000000, 0xffffffff};

	prepare(2, 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(many_nodes); i++) {
		setting.u.vnuma.nr_vnodes = many_nodes[i];
		is(set(), -XEN_EINVAL, "%u nodes", many_nodes[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(many_ranges); i++) {
		setting.u.vnuma.nr_vmemranges = many_ranges[i];
		is(set(), -XEN_EINVAL, "%u ranges", many_ranges[i]);
	}
	for (unsigned int vcpus = 0; vcpus < 4; vcpus++) {
		setting.u.vnuma.nr_vcpus = vcpus;
		is(set(), vcpus == VCPUS ? 0 : -XEN_EINVAL, "%u vCPUs of %u", vcpus, VCPUS);
	}
	setting.u.vnuma.pad = 1;
	is(set(), -XEN_EINVAL, "padding is zero");
	is(pv_domctl(XEN_DOMCTL_setvnumainfo, 0x1234, &setting), -XEN_ESRCH, "nobody's");
}

static void check_contents(void)
{
	node_of_vcpu[1] = 2;
	is(set(), -XEN_E2BIG, "a vCPU's node is one of them");
	node_of_vcpu[0] = ~0U;
	is(set(), -XEN_E2BIG, "always");
	machine_node[1] = 64;
	is(set(), -XEN_E2BIG, "no machine has a node 64");
	machine_node[1] = ~0U;
	is(set(), -XEN_E2BIG, "nor beyond");
	machine_node[1] = 63;
	is(set(), 0, "but 63");
	range[1].flags = 1;
	is(set(), -XEN_EINVAL, "a range has no flags");
	setting.u.vnuma.vdistance.p = ABSENT;
	is(set(), -XEN_EFAULT, "distances from nowhere");
	setting.u.vnuma.vcpu_to_vnode.p = ABSENT;
	is(set(), -XEN_EFAULT, "vCPUs' nodes");
	setting.u.vnuma.vnode_to_pnode.p = ABSENT;
	is(set(), -XEN_EFAULT, "the machine's");
	setting.u.vnuma.vmemrange.p = ABSENT;
	is(set(), -XEN_EFAULT, "and ranges");
	prepare_to_read(child.id);
	is(read(), 0, "what was good");
	ok(is_as_prepared(2, 2), "is still there");
}

/* With that much room. */
static void check_room(unsigned int nodes, unsigned int vcpus, unsigned int ranges, long want)
{
	prepare_to_read(child.id);
	seen.nr_vnodes = nodes;
	seen.nr_vcpus = vcpus;
	seen.nr_vmemranges = ranges;
	is(read(), want, "room for %u nodes, %u vCPUs, %u ranges", nodes, vcpus, ranges);
	ok(seen.nr_vnodes == 2 && seen.nr_vcpus == VCPUS && seen.nr_vmemranges == 3,
	   "is told how much there is");
	ok(want ? nothing_written() : is_as_prepared(2, 3), "%s", want ? "but no more" : "and all");
}

static void check_reading(void)
{
	prepare(2, 3);
	is(set(), 0, "a third range");
	check_room(0, 0, 0, -XEN_ENOBUFS);
	check_room(1, VCPUS, 3, -XEN_ENOBUFS);
	check_room(2, 1, 3, -XEN_ENOBUFS);
	check_room(2, VCPUS, 2, -XEN_ENOBUFS);
	check_room(2, VCPUS, 3, 0);
	check_room(~0U, ~0U, ~0U, 0);
	prepare_to_read(child.id);
	seen.vdistance.h.p = ABSENT;
	is(read(), -XEN_EFAULT, "distances go nowhere");
	prepare_to_read(child.id);
	seen.vcpu_to_vnode.h.p = ABSENT;
	is(read(), -XEN_EFAULT, "nor do vCPUs' nodes");
	prepare_to_read(child.id);
	seen.vmemrange.h.p = ABSENT;
	is(read(), -XEN_EFAULT, "nor ranges");
	ok(nothing_written(), "which come first");
}

static void check_most(void)
{
	prepare(NODES_MAX, RANGES_MAX);
	is(set(), 0, "as many nodes and ranges as there may be");
	prepare_to_read(child.id);
	is(read(), 0, "are told");
	ok(is_as_prepared(NODES_MAX, RANGES_MAX), "all of them");
	setting.u.vnuma.nr_vmemranges = 0;
	is(set(), 0, "nodes without memory");
	prepare_to_read(child.id);
	is(read(), 0, "are told");
	is(seen.nr_vmemranges, 0, "as such");
	range[0] = (struct xen_vmemrange){.start = 5, .end = 4, .nid = 77};
	is(set(), 0, "ranges are the toolstack's word");
	prepare_to_read(child.id);
	is(read(), 0, "and are told");
	ok(seen_range[0].start == 5 && seen_range[0].end == 4 && seen_range[0].nid == 77,
	   "as they came");
}

/* --- Memory of a node ------------------------------------------------------------------------ */

/* A frame more for the child, which goes at once; how many there were. */
static long take(unsigned int flags)
{
	unsigned long list = CHILD_PAGES;
	struct xen_memory_reservation r = {
		.extent_start = {&list}, .nr_extents = 1, .mem_flags = flags, .domid = child.id};
	long rc = pv_memory_op(XENMEM_populate_physmap, &r);

	r.mem_flags = 0;
	if (rc == 1) {
		pv_memory_op(XENMEM_decrease_reservation, &r);
	}
	return rc;
}

static void check_memory(bool told)
{
	is(take(XENMEMF_exact_node(0)), 1, "memory of the machine's first node");
	is(take(XENMEMF_exact_node(1)), 0, "of a second one there is none");
	is(take(XENMEMF_node(63)), 1, "which matters to some only");
	is(take(XENMEMF_node(64)), 0, "but there is no such node");
	is(take(XENMEMF_exact_node_request), 1, "no node in particular");
	is(take(XENMEMF_vnode | XENMEMF_exact_node(1)), 1, "its own second node's");
	is(take(XENMEMF_vnode | XENMEMF_node(2)), !told, "of two");
	is(take(XENMEMF_vnode), !told, "one of them");
}

static void check_nodes_memory(void)
{
	is(pv_domain_set_memory(child.id, (CHILD_PAGES + 1) * 4), 0, "it may have more memory");
	check_memory(false);
	prepare(2, 2);
	is(set(), 0, "it is told of nodes");
	check_memory(true);
	machine_node[1] = 1;
	is(set(), 0, "one of a machine's second");
	is(take(XENMEMF_vnode | XENMEMF_exact_node(1)), 0, "has no memory here");
	is(take(XENMEMF_vnode | XENMEMF_node(1)), 1, "unless any will do");
	is(set(), 0, "and another one");
}

static void check_child(void)
{
	struct child_letter *letter = child_read_letter(&child);

	letter->argument = child.id;
	is(child_run(&child), 0, "it runs");
	ok(child_wait_state(letter, 1), "and reads");
	is(letter->failed, 0, "its own, and nobody else's");
	distance[0] = 99;
	is(set(), 0, "it is told anew");
	prepare_to_read(child.id);
	is(read(), 0, "while it runs");
	is(seen_distance[0], 99, "and that is what there is now");
	child_forget_letter();
	is(child_destroy(&child), 0, "it is destroyed");
	prepare_to_read(child.id);
	is(read(), -XEN_ESRCH, "and its nodes with it");
}

static void guest_main(void)
{
	child_vcpus = VCPUS;
	prepare(2, 2);
	is(child_build(&child, 0), 0, "a child is built");
	check_none();
	check_nodes_memory();
	check_limits();
	check_contents();
	check_reading();
	check_most();
	is(set(), 0, "two nodes again");
	check_child();
}
