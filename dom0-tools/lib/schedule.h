/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shares of the processors, and the pools these are in. */
#ifndef LIB_SCHEDULE_H
#define LIB_SCHEDULE_H

#include <lib/affinity.h>

#define POOL_NAME 64

struct schedule_share {
	unsigned int scheduler; /* XEN_SCHEDULER_*, of the domain's pool */
	unsigned int weight;
	unsigned int cap; /* percent of one CPU, 0: none */
};

struct pool {
	uint32_t id, scheduler;
	unsigned int domains;
	struct cpu_map cpus;
	char name[POOL_NAME];
};

int schedule_get_share(domid_t domid, struct schedule_share *share);

/* A weight of 0 leaves it as it is; the scheduler is that of the domain's pool. */
int schedule_set_share(domid_t domid, const struct schedule_share *share);

/* The first pool whose number is at least `id`; -ENOENT, with a text, behind the last. */
int pool_next(uint32_t id, struct pool *pool);
int pool_find(const char *name, uint32_t *id);

#endif
