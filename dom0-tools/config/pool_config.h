/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of a pool of processors, as xlcpupool.cfg(5) has it. Pure, like config.h. */
#ifndef CONFIG_POOL_CONFIG_H
#define CONFIG_POOL_CONFIG_H

#include <config/config.h>

struct pool_config {
	struct arena arena; /* holds what the pointers below point to */
	const char *name;
	const char *scheduler; /* NULL: the first pool's */
	struct cpu_list cpus;  /* all of them; without any, and without nodes, one that is free */
	struct cpu_list nodes; /* those of them that are free */
};

/*
 * Of the file at `path` (NULL: none) and `count` arguments `key=value`, which replace what it says.
 * False if there is an error; the messages say where. To be freed in either case.
 */
bool pool_config_load(struct pool_config *config, const char *path, const char *const *arguments,
		      size_t count, struct messages *messages);
void pool_config_free(struct pool_config *config);

#endif
