/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which physical CPUs a vCPU may run on (hard), and which it prefers (soft). */
#ifndef LIB_AFFINITY_H
#define LIB_AFFINITY_H

#include <lib/hypercall.h>
#include <stdbool.h>

#define CPU_MAP_WORDS 64
#define CPU_MAP_BITS  (64 * CPU_MAP_WORDS)

struct cpu_map {
	uint64_t bits[CPU_MAP_WORDS];
};

/* The machine's CPUs: how many numbers there are, and the node of each. */
struct cpu_topology {
	unsigned int count;
	unsigned int node_of[CPU_MAP_BITS];
};

int topology_read(struct cpu_topology *topology);

int affinity_get(domid_t domid, unsigned int vcpu, struct cpu_map *hard, struct cpu_map *soft);

/* NULL: as it is. */
int affinity_set(domid_t domid, unsigned int vcpu, const struct cpu_map *hard,
		 const struct cpu_map *soft);

/* "0-2,5", "all" where each of `count` is in it, "none". */
void cpu_map_print(const struct cpu_map *map, unsigned int count, char *text, size_t size);

static inline unsigned int cpu_map_count(const struct cpu_map *map)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < CPU_MAP_WORDS; i++) {
		count += (unsigned int)__builtin_popcountll(map->bits[i]);
	}
	return count;
}

static inline bool cpu_map_has(const struct cpu_map *map, unsigned int cpu)
{
	return map->bits[cpu / 64] >> cpu % 64 & 1;
}

#endif
