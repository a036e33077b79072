/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx cpupool-create, cpupool-numa-split: new pools of processors. */
#include <cli/commands.h>
#include <config/pool_config.h>
#include <errno.h>
#include <lib/error.h>
#include <lib/host.h>
#include <lib/pool.h>
#include <stdio.h>
#include <string.h>

/* --- cpupool-create ------------------------------------------------------------------------- */

#define SCHEDULERS 16

static int find_scheduler(const char *name, uint32_t *id)
{
	if (!name) {
		return host_scheduler(id);
	}
	for (*id = 0; *id < SCHEDULERS; ++*id) {
		if (strcmp(host_scheduler_name(*id), name) == 0) {
			return 0;
		}
	}
	return fail(EINVAL, "there is no scheduler '%s'", name);
}

static int resolve(const struct cpu_list *list, const struct cpu_topology *topology,
		   struct cpu_map *map)
{
	*map = (struct cpu_map){{0}};
	return !list->count || cpu_list_resolve(list, topology->node_of, topology->count, map->bits)
		       ? 0
		       : fail(EINVAL, "the CPUs or nodes that are asked for are not all there");
}

/* All that are named; of nodes, what is free; of nothing, the first that is. */
static int choose_cpus(const struct pool_config *config, struct cpu_map *cpus)
{
	static struct cpu_topology topology;
	struct cpu_map idle, nodes;
	bool any = !config->cpus.count && !config->nodes.count, some = false;
	int rc = topology_read(&topology);

	rc = rc ? rc : pool_free_cpus(&idle);
	rc = rc ? rc : resolve(&config->cpus, &topology, cpus);
	rc = rc ? rc : resolve(&config->nodes, &topology, &nodes);
	for (unsigned int i = 0; i < CPU_MAP_WORDS && !rc; i++) {
		cpus->bits[i] |= nodes.bits[i] & idle.bits[i];
		if (any && !some && idle.bits[i]) {
			cpus->bits[i] = idle.bits[i] & -idle.bits[i];
		}
		some |= cpus->bits[i] != 0;
	}
	return rc || some ? rc
			  : fail(EBUSY, "no CPU is free: pvx cpupool-cpu-remove takes one from its "
					"pool");
}

static int create(const struct cli *cli, const struct pool_config *config, const char *source)
{
	struct cpu_map cpus;
	uint32_t scheduler;
	int rc = find_scheduler(config->scheduler, &scheduler);

	rc = rc ? rc : choose_cpus(config, &cpus);
	if (!rc && !cli->dry) {
		rc = pool_create(config->name, scheduler, &cpus);
	}
	if (rc) {
		fail_in(rc, "creating pool '%s'", config->name);
		return cli_failed(cli, rc);
	}
	printf("Using config file \"%s\"\ncpupool name:   %s\nscheduler:      %s\nnumber of cpus: %u\n",
	       source, config->name, host_scheduler_name(scheduler), cpu_map_count(&cpus));
	return EXIT_DONE;
}

/* The first word is a file unless it is a key=value. */
static int create_run(struct cli *cli, int argc, char **argv)
{
	const char *file = cli_option(cli, "defconfig");
	struct messages messages = {.text = NULL};
	struct pool_config config;
	int exit_code = EXIT_USAGE;

	if (!file && argc && !strchr(argv[0], '=')) {
		file = *argv++;
		argc--;
	}
	if (!file && !argc) {
		return cli_usage(cli, "a configuration is needed: a file, or name=NAME");
	}
	if (pool_config_load(&config, file, (const char *const *)argv, (size_t)argc, &messages)) {
		exit_code = create(cli, &config, file ? file : "command line");
	}
	if (messages.text) {
		fputs(messages.text, stderr);
	}
	messages_free(&messages);
	pool_config_free(&config);
	return exit_code;
}

static const struct cli_option create_options[] = {
	{.letter = 'f', .name = "defconfig", .value = "FILE", .help = "the configuration"},
	{.name = NULL},
};

const struct command cmd_cpupool_create = {
	.name = "cpupool-create",
	.arguments = "[FILE] [KEY=VALUE...]",
	.summary = "Make a pool of free processors",
	.details =
		"The keys are those of xlcpupool.cfg: name, which has to be given, sched, cpus (a list\n"
		"as in cpus=\"0-3,^2\", all of them free) and nodes (of which the free processors are\n"
		"taken). Without cpus and nodes the pool gets one processor that is free.",
	.options = create_options,
	.arguments_max = -1,
	.run = create_run,
};

/* --- cpupool-numa-split ---------------------------------------------------------------------- */

/* The pool's CPUs on the node, taken out of it. */
static int take_node(const struct pool *pool, const struct cpu_topology *topology,
		     unsigned int node, struct cpu_map *cpus)
{
	int rc = 0;

	*cpus = (struct cpu_map){{0}};
	for (unsigned int i = 0; i < topology->count && !rc; i++) {
		if (topology->node_of[i] == node && cpu_map_has(&pool->cpus, i)) {
			rc = pool_remove_cpu(pool->id, i);
			cpus->bits[i / 64] |= UINT64_C(1) << i % 64;
		}
	}
	return rc;
}

/* The first pool keeps the node of its first CPU; each other node gets a pool. */
static int split(const struct pool *first, const struct cpu_topology *topology)
{
	unsigned int kept = topology->node_of[0], last = kept;
	char name[POOL_NAME];
	int rc;

	for (unsigned int i = 0; i < topology->count; i++) {
		if (cpu_map_has(&first->cpus, i) && topology->node_of[i] > last) {
			last = topology->node_of[i];
		}
	}
	snprintf(name, sizeof(name), "Pool-node%u", kept);
	rc = strcmp(first->name, name) == 0 ? 0 : pool_rename(first->id, name);
	for (unsigned int node = 0; node <= last && !rc; node++) {
		struct cpu_map cpus;

		if (node == kept) {
			continue;
		}
		rc = take_node(first, topology, node, &cpus);
		snprintf(name, sizeof(name), "Pool-node%u", node);
		if (!rc && cpu_map_count(&cpus)) {
			rc = pool_create(name, first->scheduler, &cpus);
		}
	}
	return rc;
}

static int split_run(struct cli *cli, int argc, char **argv)
{
	static struct cpu_topology topology;
	struct pool first, other;
	int rc = pool_next(0, &first);

	rc = rc ? rc : topology_read(&topology);
	if (!rc && pool_next(1, &other) == 0) {
		rc = fail(EBUSY, "splitting not possible, already cpupools in use");
	}
	if (!rc && !cli->dry) {
		rc = split(&first, &topology);
	}
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

const struct command cmd_cpupool_numa_split = {
	.name = "cpupool-numa-split",
	.arguments = "",
	.summary = "Make a pool of each node's processors",
	.run = split_run,
};
