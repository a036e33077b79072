/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl and memory_op: virtual NUMA, as a toolstack sets it and as a guest reads it. */
#include <domain/vnuma.h>
#include <hypercall/domctl.h>
#include <hypercall/memory_op.h>
#include <lib/index.h>

/* --- Set by the toolstack -------------------------------------------------------------------- */

static bool in_limits(const struct domain *d, const struct xen_domctl_vnuma *from)
{
	return from->nr_vnodes && from->nr_vnodes <= VNUMA_NODES_MAX &&
	       from->nr_vmemranges <= VNUMA_RANGES_MAX && from->nr_vcpus == d->vcpu_max &&
	       !from->pad;
}

static bool read_tables(struct vnuma *v, const struct xen_domctl_vnuma *from)
{
	size_t nodes = v->node_count * sizeof(uint32_t), vcpus = v->vcpu_count * sizeof(uint32_t);

	return guest_read(v->distance, GUEST_VA(from->vdistance.p), v->node_count * nodes) == 0 &&
	       guest_read(v->range, GUEST_VA(from->vmemrange.p),
			  v->range_count * sizeof(v->range[0])) == 0 &&
	       guest_read(v->node_of_vcpu, GUEST_VA(from->vcpu_to_vnode.p), vcpus) == 0 &&
	       guest_read(v->machine_node, GUEST_VA(from->vnode_to_pnode.p), nodes) == 0;
}

static int check_tables(const struct vnuma *v)
{
	for (unsigned i = 0; i < v->vcpu_count; i++) {
		if (v->node_of_vcpu[i] >= v->node_count) {
			return -E2BIG;
		}
	}
	for (unsigned i = 0; i < v->node_count; i++) {
		if (v->machine_node[i] >= MACHINE_NODES_MAX) {
			return -E2BIG;
		}
	}
	for (unsigned i = 0; i < v->range_count; i++) {
		if (v->range[i].flags) { /* none has a meaning yet */
			return -EINVAL;
		}
	}
	return 0;
}

/* What the domain had stays, unless all of the new one is good. */
int domctl_set_vnuma(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vnuma *from = &op->u.vnuma;
	struct vnuma *v;
	int rc;

	if (!in_limits(d, from)) {
		return refuse(-EINVAL);
	}
	v = vnuma_alloc(from->nr_vnodes, from->nr_vcpus, from->nr_vmemranges);
	if (!v) {
		return -ENOMEM;
	}
	rc = read_tables(v, from) ? check_tables(v) : -EFAULT;
	if (rc) {
		vnuma_put(v);
		return refuse(rc);
	}
	vnuma_set(d, v);
	return 0;
}

/* --- Read by the guest ----------------------------------------------------------------------- */

static bool write_tables(const struct vnuma *v, const struct xen_vnuma_topology_info *to)
{
	return guest_write(GUEST_VA(to->vmemrange.pad), v->range,
			   v->range_count * sizeof(v->range[0])) == 0 &&
	       guest_write(GUEST_VA(to->vdistance.pad), v->distance,
			   (size_t)v->node_count * v->node_count * sizeof(uint32_t)) == 0 &&
	       guest_write(GUEST_VA(to->vcpu_to_vnode.pad), v->node_of_vcpu,
			   v->vcpu_count * sizeof(uint32_t)) == 0;
}

/* All, or how much room there must be. */
static int tell(const struct vnuma *v, struct xen_vnuma_topology_info *op)
{
	bool room = op->nr_vnodes >= v->node_count && op->nr_vcpus >= v->vcpu_count &&
		    op->nr_vmemranges >= v->range_count;

	if (room && !write_tables(v, op)) {
		return -EFAULT;
	}
	op->nr_vnodes = v->node_count;
	op->nr_vcpus = v->vcpu_count;
	op->nr_vmemranges = v->range_count;
	return room ? 0 : -ENOBUFS;
}

int vnuma_tell(uint64_t arg)
{
	struct xen_vnuma_topology_info op;
	struct domain *d;
	struct vnuma *v;
	int rc = memory_op_read(&op, arg, sizeof(op));

	if (rc == 0 && op.pad) {
		rc = refuse(-EINVAL);
	}
	rc = rc ? rc : memory_op_target(op.domid, &d);
	if (rc) {
		return rc;
	}
	v = vnuma_get(d);
	domain_put(d);
	if (!v) {
		return -EOPNOTSUPP;
	}
	rc = tell(v, &op);
	vnuma_put(v);
	if (rc != -EFAULT && guest_write(GUEST_VA(arg), &op, sizeof(op))) {
		rc = -EFAULT;
	}
	return rc ? refuse(rc) : 0;
}

/* --- Where its memory comes from ------------------------------------------------------------- */

#define NO_NODE 0xff /* XENMEMF_get_node() of flags that name none */

/* One of the domain's own nodes as a node of the machine; any, if it was told of none. */
static bool translate(struct domain *d, unsigned *node)
{
	struct vnuma *v = vnuma_get(d);
	uint64_t at = *node;
	bool found = !v || index_ok(&at, v->node_count);

	if (!v) {
		*node = NO_NODE;
	} else if (found) {
		*node = v->machine_node[at];
	}
	vnuma_put(v);
	return found;
}

/* All memory is node 0: what comes from there is good enough, but for who wants another one. */
bool vnuma_can_allocate(struct domain *d, unsigned mem_flags)
{
	unsigned node = XENMEMF_get_node(mem_flags);

	if (mem_flags & XENMEMF_vnode && !translate(d, &node)) {
		return false;
	}
	if (mem_flags & XENMEMF_exact_node_request) {
		return node == 0 || node == NO_NODE;
	}
	return node < MACHINE_NODES_MAX || node == NO_NODE;
}
