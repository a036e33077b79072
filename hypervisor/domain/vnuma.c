/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual NUMA: counted, so that it is read without a lock while another one takes its place. */
#include <domain/vnuma.h>
#include <lib/heap.h>

static size_t bytes_of(unsigned nodes, unsigned vcpus, unsigned ranges)
{
	return sizeof(struct vnuma) + ranges * sizeof(struct xen_vmemrange) +
	       ((size_t)nodes * nodes + vcpus + nodes) * sizeof(uint32_t);
}

struct vnuma *vnuma_alloc(unsigned nodes, unsigned vcpus, unsigned ranges)
{
	struct vnuma *v = heap_alloc(bytes_of(nodes, vcpus, ranges));

	if (v) {
		atomic_init(&v->references, 1);
		v->node_count = nodes;
		v->vcpu_count = vcpus;
		v->range_count = ranges;
		v->distance = (uint32_t *)(void *)&v->range[ranges];
		v->node_of_vcpu = v->distance + (size_t)nodes * nodes;
		v->machine_node = v->node_of_vcpu + vcpus;
	}
	return v;
}

struct vnuma *vnuma_get(struct domain *d)
{
	struct vnuma *v;

	lock_acquire(&d->lock);
	v = d->vnuma;
	if (v) {
		atomic_fetch_add_explicit(&v->references, 1, memory_order_relaxed);
	}
	lock_release(&d->lock);
	return v;
}

void vnuma_put(struct vnuma *v)
{
	if (v && atomic_fetch_sub_explicit(&v->references, 1, memory_order_acq_rel) == 1) {
		heap_free(v, bytes_of(v->node_count, v->vcpu_count, v->range_count));
	}
}

void vnuma_set(struct domain *d, struct vnuma *v)
{
	struct vnuma *old;

	lock_acquire(&d->lock);
	old = d->vnuma;
	d->vnuma = v;
	lock_release(&d->lock);
	vnuma_put(old);
}
