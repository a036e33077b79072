/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual NUMA, to the hypervisor. */
#include <errno.h>
#include <lib/error.h>
#include <lib/vnuma.h>
#include <string.h>

/* As the hypervisor reads them: the distances without gaps. */
struct tables {
	xen_vmemrange_t range[VNUMA_NODES_MAX];
	unsigned int distance[VNUMA_NODES_MAX * VNUMA_NODES_MAX];
	unsigned int machine_node[VNUMA_NODES_MAX];
	unsigned int node_of_vcpu[VNUMA_VCPUS_MAX];
};

static void fill(struct tables *to, const struct vnuma *v)
{
	uint64_t at = 0;

	memcpy(to->machine_node, v->machine_node, sizeof(to->machine_node));
	memcpy(to->node_of_vcpu, v->node_of_vcpu, sizeof(to->node_of_vcpu));
	for (unsigned int i = 0; i < v->count; i++) {
		memcpy(&to->distance[i * v->count], v->distance[i],
		       v->count * sizeof(to->distance[0]));
		to->range[i] =
			(xen_vmemrange_t){.start = at, .end = at + (v->kib[i] << 10), .nid = i};
		at = to->range[i].end;
	}
}

int vnuma_set(domid_t domid, const struct vnuma *vnuma, unsigned int vcpus)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_setvnumainfo, .domain = domid};
	struct tables *tables = hypercall_memory(sizeof(*tables));
	int rc;

	if (!tables) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	fill(tables, vnuma);
	op.u.vnuma.nr_vnodes = op.u.vnuma.nr_vmemranges = vnuma->count;
	op.u.vnuma.nr_vcpus = vcpus;
	set_xen_guest_handle(op.u.vnuma.vdistance, tables->distance);
	set_xen_guest_handle(op.u.vnuma.vcpu_to_vnode, tables->node_of_vcpu);
	set_xen_guest_handle(op.u.vnuma.vnode_to_pnode, tables->machine_node);
	set_xen_guest_handle(op.u.vnuma.vmemrange, tables->range);
	rc = hypercall_domctl(&op);
	hypercall_memory_free(tables, sizeof(*tables));
	return rc < 0 ? fail_in(rc, "the %u nodes of vnuma", vnuma->count) : 0;
}
