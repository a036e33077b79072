/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual NUMA: what a new domain is told of the nodes of its memory and its vCPUs. */
#ifndef LIB_VNUMA_H
#define LIB_VNUMA_H

#include <lib/hypercall.h>
#include <stdbool.h>

#define VNUMA_NODES_MAX 32
#define VNUMA_VCPUS_MAX 128

struct vnuma {
	unsigned int count; /* 0: it is told nothing */
	unsigned int distance[VNUMA_NODES_MAX][VNUMA_NODES_MAX];
	unsigned int machine_node[VNUMA_NODES_MAX];
	unsigned int node_of_vcpu[VNUMA_VCPUS_MAX];
	uint64_t kib[VNUMA_NODES_MAX]; /* one behind the other, from the first page on */
};

/* -errno with a text. */
int vnuma_set(domid_t domid, const struct vnuma *vnuma, unsigned int vcpus);

#endif
