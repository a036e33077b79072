/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx cpupool-*: pools of processors. */
#include <cli/commands.h>
#include <cli/json.h>
#include <config/config.h>
#include <errno.h>
#include <lib/error.h>
#include <lib/host.h>
#include <lib/pool.h>
#include <stdio.h>

/* One by one, as scripts know it. */
static void print_cpus(const struct pool *pool)
{
	const char *before = "";

	printf("%-19s", pool->name);
	for (unsigned int i = 0; i < CPU_MAP_BITS; i++) {
		if (cpu_map_has(&pool->cpus, i)) {
			printf("%s%u", before, i);
			before = ",";
		}
	}
	printf("\n");
}

static void print_pool(const struct cli *cli, const struct pool *pool)
{
	char cpus[512];

	if (cli->json) {
		cpu_map_print(&pool->cpus, CPU_MAP_BITS, cpus, sizeof(cpus));
		json_open(NULL, '{');
		json_string("name", pool->name);
		json_number("id", pool->id);
		json_string("cpus", cpus);
		json_string("scheduler", host_scheduler_name(pool->scheduler));
		json_number("domains", pool->domains);
		json_close();
	} else if (cli_option(cli, "cpus")) {
		print_cpus(pool);
	} else {
		printf("%-19s%3u %9s       y       %4u\n", pool->name, cpu_map_count(&pool->cpus),
		       host_scheduler_name(pool->scheduler), pool->domains);
	}
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	struct pool pool;
	uint32_t id = 0;
	int rc = argc ? pool_find(argv[0], &id) : 0;

	rc = rc ? rc : pool_next(id, &pool);
	if (rc) {
		return cli_failed(cli, rc);
	}
	if (cli->json) {
		json_open(NULL, '[');
	} else {
		printf(cli_option(cli, "cpus") ? "%-19sCPU list\n"
					       : "%-19sCPUs   Sched     Active   Domain count\n",
		       "Name");
	}
	do {
		print_pool(cli, &pool);
		rc = argc ? -ENOENT : pool_next(pool.id + 1, &pool);
	} while (!rc);
	if (cli->json) {
		json_close();
	}
	return rc == -ENOENT ? EXIT_DONE : cli_failed(cli, rc);
}

static int destroy_run(struct cli *cli, int argc, char **argv)
{
	uint32_t id;
	int rc = pool_find(argv[0], &id);

	rc = rc || cli->dry ? rc : pool_destroy(id);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static int rename_run(struct cli *cli, int argc, char **argv)
{
	uint32_t id;
	int rc = pool_find(argv[0], &id);

	rc = rc || cli->dry ? rc : pool_rename(id, argv[1]);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static int migrate_run(struct cli *cli, int argc, char **argv)
{
	uint32_t id;
	int rc = pool_find(argv[1], &id);

	rc = rc || cli->dry ? rc : pool_move_domain(id, cli->domid);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

/* --- CPUs ------------------------------------------------------------------------------------ */

/* "0-3,^2", "node:1": of the machine's CPUs. */
static int read_list(const char *text, struct cpu_map *map)
{
	static struct cpu_topology topology;
	struct arena arena = {.blocks = NULL};
	struct cpu_list list;
	int rc = topology_read(&topology);

	*map = (struct cpu_map){{0}};
	if (!rc && !(cpu_list_parse(&arena, text, &list) &&
		     cpu_list_resolve(&list, topology.node_of, topology.count, map->bits))) {
		rc = fail(EINVAL, "'%s' is no list of CPUs of this machine (it has 0 to %u)", text,
			  topology.count - 1);
	}
	arena_free(&arena);
	return rc;
}

/* Each CPU of the list that can be; of each that cannot, a message. */
static int each_cpu(const struct cli *cli, char **argv,
		    int (*change)(uint32_t id, unsigned int cpu))
{
	struct cpu_map cpus;
	int exit_code = EXIT_DONE, rc;
	uint32_t id;

	rc = pool_find(argv[0], &id);
	rc = rc ? rc : read_list(argv[1], &cpus);
	if (rc) {
		return cli_failed(cli, rc);
	}
	for (unsigned int i = 0; i < CPU_MAP_BITS && !cli->dry; i++) {
		rc = cpu_map_has(&cpus, i) ? change(id, i) : 0;
		if (rc) {
			exit_code = cli_failed(cli, rc);
		}
	}
	return exit_code;
}

static int add_run(struct cli *cli, int argc, char **argv)
{
	return each_cpu(cli, argv, pool_add_cpu);
}

static int remove_run(struct cli *cli, int argc, char **argv)
{
	return each_cpu(cli, argv, pool_remove_cpu);
}

/* --- The commands ---------------------------------------------------------------------------- */

static const struct cli_option list_options[] = {
	{.letter = 'c', .name = "cpus", .help = "the processors of each"},
	{.name = NULL},
};

const struct command cmd_cpupool_list = {
	.name = "cpupool-list",
	.arguments = "[POOL]",
	.summary = "List the pools of processors",
	.options = list_options,
	.arguments_max = 1,
	.json = true,
	.run = list_run,
};

const struct command cmd_cpupool_destroy = {
	.name = "cpupool-destroy",
	.arguments = "POOL",
	.summary = "Dissolve a pool without domains",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = destroy_run,
};

const struct command cmd_cpupool_rename = {
	.name = "cpupool-rename",
	.arguments = "POOL NAME",
	.summary = "Give a pool another name",
	.arguments_min = 2,
	.arguments_max = 2,
	.run = rename_run,
};

const struct command cmd_cpupool_cpu_add = {
	.name = "cpupool-cpu-add",
	.arguments = "POOL CPUS",
	.summary = "Give free processors to a pool",
	.arguments_min = 2,
	.arguments_max = 2,
	.run = add_run,
};

const struct command cmd_cpupool_cpu_remove = {
	.name = "cpupool-cpu-remove",
	.arguments = "POOL CPUS",
	.summary = "Take processors from a pool",
	.arguments_min = 2,
	.arguments_max = 2,
	.run = remove_run,
};

const struct command cmd_cpupool_migrate = {
	.name = "cpupool-migrate",
	.arguments = "DOMAIN POOL",
	.summary = "Move a domain to another pool",
	.arguments_min = 2,
	.arguments_max = 2,
	.domain = true,
	.run = migrate_run,
};
