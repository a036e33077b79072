/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual NUMA: the nodes that a domain's toolstack says its memory and its vCPUs are of. */
#ifndef DOMAIN_VNUMA_H
#define DOMAIN_VNUMA_H

#include <domain/domain.h>
#include <xen/memory.h>

/* As many as Xen allows: no table is longer than a page. */
#define VNUMA_NODES_MAX	 32
#define VNUMA_RANGES_MAX 170
/* Nodes of a machine have smaller numbers, in Xen's ABI, whether there are such or not. */
#define MACHINE_NODES_MAX 64

/*
 * What is said to the guest's kernel. Its distances and ranges are the toolstack's word, as they
 * are in Xen: nothing here goes by them. Never changed once a domain has it; a new one replaces it.
 */
struct vnuma {
	_Atomic unsigned references; /* the domain's, and of those who read it */
	unsigned node_count, vcpu_count, range_count;
	uint32_t *distance;	/* from node i to node j at [i * node_count + j] */
	uint32_t *node_of_vcpu; /* below node_count */
	uint32_t *machine_node; /* of each node: below MACHINE_NODES_MAX */
	struct xen_vmemrange range[];
};

/* With room for these numbers of things, which are within the limits; null: no memory. */
struct vnuma *vnuma_alloc(unsigned nodes, unsigned vcpus, unsigned ranges);
struct vnuma *vnuma_get(struct domain *d); /* null: it was told of none; pairs with vnuma_put */
void vnuma_put(struct vnuma *v);	   /* null is nothing to put */

/* In place of what the domain had. The caller's reference is the domain's from now on. */
void vnuma_set(struct domain *d, struct vnuma *v);

#endif
