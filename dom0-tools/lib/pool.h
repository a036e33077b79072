/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of processors, and their names, which are in the store. */
#ifndef LIB_POOL_H
#define LIB_POOL_H

#include <lib/affinity.h>

#define POOL_NAME 64

struct pool {
	uint32_t id, scheduler;
	unsigned int domains;
	struct cpu_map cpus;
	char name[POOL_NAME];
};

/* The first pool whose number is at least `id`; -ENOENT, with a text, behind the last. */
int pool_next(uint32_t id, struct pool *pool);
int pool_find(const char *name, uint32_t *id); /* by name or number */

/* The CPUs of no pool. */
int pool_free_cpus(struct cpu_map *cpus);

/* With these CPUs, which have to be free; -EEXIST: there is one of that name. */
int pool_create(const char *name, uint32_t scheduler, const struct cpu_map *cpus);
int pool_destroy(uint32_t id); /* its CPUs are free then */
int pool_rename(uint32_t id, const char *name);

int pool_add_cpu(uint32_t id, unsigned int cpu);
int pool_remove_cpu(uint32_t id, unsigned int cpu);
int pool_move_domain(uint32_t id, domid_t domid);

#endif
