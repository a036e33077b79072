/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual NUMA through its hypercalls: tables of all sizes, faults anywhere, another one meanwhile.
 */
#include "hypercall_world.h"
#include <domain/vnuma.h>
#include <fake_heap.h>
#include <hypercall/domctl.h>
#include <hypercall/memory_op.h>
#include <stdlib.h>
#include <tap.h>

#define FRAMES 2048
#define VCPUS  100

/* The caller's window: the structure of the call, and two rooms for tables. */
static struct xen_vnuma_topology_info *const arg = (void *)&guest.bytes[0];
struct tables {
	struct xen_vmemrange range[VNUMA_RANGES_MAX];
	uint32_t distance[512], node_of_vcpu[VCPUS], machine_node[VNUMA_NODES_MAX];
};
static struct tables *const in = (void *)&guest.bytes[64], *const out = (void *)(in + 1);
_Static_assert(64 + 2 * sizeof(struct tables) <= sizeof(guest), "all of it");

static struct xen_domctl op;
static size_t before; /* of the heap in use */

static void start(void)
{
	fake_heap_fail_at = 0;
	guests_start(FRAMES);
	lock_init(&guest_domain[1].lock, LOCK_DOMAIN);
	guest_domain[1].vcpu_max = VCPUS;
	guest_domain[1].vnuma = NULL;
	before = fake_heap_bytes;
}

static void prepare(unsigned nodes, unsigned ranges)
{
	for (unsigned i = 0; i < ranges; i++) {
		in->range[i] = (struct xen_vmemrange){.start = (uint64_t)rand(),
						      .end = (uint64_t)rand(),
						      .nid = (unsigned)rand() % nodes};
	}
	for (unsigned i = 0; i < nodes * nodes && i < ARRAY_COUNT(in->distance); i++) {
		in->distance[i] = (uint32_t)rand();
	}
	for (unsigned i = 0; i < VCPUS; i++) {
		in->node_of_vcpu[i] = (uint32_t)rand() % nodes;
	}
	for (unsigned i = 0; i < nodes; i++) {
		in->machine_node[i] = (uint32_t)rand() % MACHINE_NODES_MAX;
	}
	op.u.vnuma = (struct xen_domctl_vnuma){.nr_vnodes = nodes,
					       .nr_vmemranges = ranges,
					       .nr_vcpus = VCPUS,
					       .vdistance.p = in->distance,
					       .vcpu_to_vnode.p = in->node_of_vcpu,
					       .vnode_to_pnode.p = in->machine_node,
					       .vmemrange.p = in->range};
}

static int set(void)
{
	return domctl_set_vnuma(&guest_domain[1], &op);
}

static int get(unsigned nodes, unsigned vcpus, unsigned ranges)
{
	memset(out, 0xee, sizeof(*out));
	*arg = (struct xen_vnuma_topology_info){.domid = DOMID_SELF,
						.nr_vnodes = nodes,
						.nr_vcpus = vcpus,
						.nr_vmemranges = ranges,
						.vdistance.h.p = out->distance,
						.vcpu_to_vnode.h.p = out->node_of_vcpu,
						.vmemrange.h.p = out->range};
	return vnuma_tell((uint64_t)arg);
}

/* What was prepared has come out, and not a byte more. */
static bool same(unsigned nodes, unsigned ranges)
{
	return memcmp(out->range, in->range, ranges * sizeof(in->range[0])) == 0 &&
	       memcmp(out->distance, in->distance, nodes * nodes * sizeof(uint32_t)) == 0 &&
	       memcmp(out->node_of_vcpu, in->node_of_vcpu, sizeof(in->node_of_vcpu)) == 0 &&
	       (ranges == VNUMA_RANGES_MAX || out->range[ranges].nid == 0xeeeeeeee) &&
	       out->distance[nodes * nodes] == 0xeeeeeeee && out->machine_node[0] == 0xeeeeeeee;
}

static void end(void)
{
	vnuma_put(guest_domain[1].vnuma);
	guest_domain[1].vnuma = NULL;
	is_int(fake_heap_bytes, before, "nothing is left of it");
}

static void test_sizes(void)
{
	unsigned wrong = 0;

	start();
	is_int(get(1, VCPUS, 1), -EOPNOTSUPP, "no nodes at first");
	for (unsigned round = 0; round < 3000; round++) {
		unsigned nodes = 1 + (unsigned)rand() % 20, ranges = (unsigned)rand() % 171;
		unsigned room = (unsigned)rand() % 24, room_ranges = (unsigned)rand() % 200;
		unsigned vcpus = VCPUS - 2 + (unsigned)rand() % 5;
		bool fits = room >= nodes && room_ranges >= ranges && vcpus >= VCPUS;
		int rc;

		prepare(nodes, ranges);
		wrong += set() != 0;
		rc = get(room, vcpus, room_ranges);
		wrong += rc != (fits ? 0 : -ENOBUFS) || (fits && !same(nodes, ranges)) ||
			 arg->nr_vnodes != nodes || arg->nr_vcpus != VCPUS ||
			 arg->nr_vmemranges != ranges;
	}
	is_int(wrong, 0, "each is read as it was set, if there is room");
	end();
}

static void test_refusals(void)
{
	unsigned refused = 0;

	start();
	prepare(2, 3);
	is_int(set(), 0, "two nodes");
	for (unsigned nodes = VNUMA_NODES_MAX + 1; nodes; nodes <<= 1) {
		op.u.vnuma.nr_vnodes = nodes;
		refused += set() == -EINVAL;
	}
	is_int(refused, 32, "too many nodes, up to where their square wraps");
	op.u.vnuma.nr_vnodes = 2;
	op.u.vnuma.nr_vmemranges = VNUMA_RANGES_MAX + 1;
	is_int(set(), -EINVAL, "too many ranges");
	op.u.vnuma.nr_vmemranges = 3;
	op.u.vnuma.nr_vcpus = VCPUS - 1;
	is_int(set(), -EINVAL, "not all of its vCPUs");
	op.u.vnuma.nr_vcpus = VCPUS;
	in->node_of_vcpu[VCPUS - 1] += 2;
	is_int(set(), -E2BIG, "a node that is not there");
	in->node_of_vcpu[VCPUS - 1] -= 2;
	in->machine_node[1] += MACHINE_NODES_MAX;
	is_int(set(), -E2BIG, "of the machine");
	in->machine_node[1] -= MACHINE_NODES_MAX;
	in->range[2].flags = 1;
	is_int(set(), -EINVAL, "flags");
	in->range[2].flags = 0;
	for (unsigned i = 1; i <= 4; i++) {
		fake_fault_at = i;
		is_int(set(), -EFAULT, "a fault at table %u", i);
	}
	fake_fault_at = 0;
	fake_heap_fail_at = 1;
	is_int(set(), -ENOMEM, "no memory");
	fake_heap_fail_at = 0;
	is_int(get(2, VCPUS, 3), 0, "and after all of that");
	ok(same(2, 3), "there are the two");
	for (unsigned i = 1; i <= 5; i++) {
		fake_fault_at = 0;
		(void)get(2, VCPUS, 3);
		fake_fault_at = i;
		is_int(vnuma_tell((uint64_t)arg), -EFAULT, "a fault at read %u", i);
	}
	fake_fault_at = 0;
	end();
}

static void test_who_may(void)
{
	start();
	prepare(2, 3);
	(void)set();
	(void)get(2, VCPUS, 3);
	arg->pad = 1;
	is_int(vnuma_tell((uint64_t)arg), -EINVAL, "padding is zero");
	arg->pad = 0;
	arg->domid = 1;
	is_int(vnuma_tell((uint64_t)arg), 0, "its own, by number");
	guest_runs(0);
	is_int(vnuma_tell((uint64_t)arg), 0, "Dom0 may ask, too");
	arg->domid = 9;
	is_int(vnuma_tell((uint64_t)arg), -ESRCH, "if there is such a domain");
	guest_runs(2);
	arg->domid = 1;
	is_int(vnuma_tell((uint64_t)arg), -EPERM, "and nobody else");
	guest_runs(1);
	end();
}

/* Who reads one while another takes its place keeps what it reads. */
static void test_replaced(void)
{
	struct vnuma *reader;
	size_t both;

	start();
	prepare(4, 10);
	(void)set();
	reader = vnuma_get(&guest_domain[1]);
	is_int(reader->range[9].end, in->range[9].end, "one that is being read");
	prepare(2, 3);
	is_int(set(), 0, "is replaced");
	both = fake_heap_bytes;
	is_int(reader->node_count, 4, "and still there");
	is_int(get(2, VCPUS, 3), 0, "who comes now");
	ok(same(2, 3), "reads the other one");
	vnuma_put(reader);
	ok(fake_heap_bytes < both, "then it goes");
	end();
}

static void test_memory(void)
{
	struct domain *d = &guest_domain[1];

	start();
	ok(vnuma_can_allocate(d, 0) && vnuma_can_allocate(d, XENMEMF_exact_node(0)), "node 0");
	ok(!vnuma_can_allocate(d, XENMEMF_exact_node(1)), "has all the memory");
	ok(vnuma_can_allocate(d, XENMEMF_node(63)) && !vnuma_can_allocate(d, XENMEMF_node(64)),
	   "wishes name a node");
	ok(vnuma_can_allocate(d, XENMEMF_vnode | XENMEMF_node(200)), "which means nothing");
	prepare(2, 3);
	in->machine_node[0] = 1;
	in->machine_node[1] = 0;
	(void)set();
	ok(!vnuma_can_allocate(d, XENMEMF_vnode | XENMEMF_node(2)), "unless there are nodes");
	ok(vnuma_can_allocate(d, XENMEMF_vnode | XENMEMF_exact_node(1)), "of the machine's first");
	ok(!vnuma_can_allocate(d, XENMEMF_vnode | XENMEMF_exact_node(0)), "or second");
	end();
}

int main(int argc, char **argv)
{
	srand((unsigned)tap_seed(argc, argv));
	test_sizes();
	test_refusals();
	test_who_may();
	test_replaced();
	test_memory();
	return done_testing();
}
