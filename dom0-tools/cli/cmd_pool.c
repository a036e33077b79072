/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx cpupool-*: pools of processors. */
#include <cli/commands.h>
#include <cli/json.h>
#include <errno.h>
#include <lib/error.h>
#include <lib/host.h>
#include <lib/schedule.h>
#include <lib/store.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned int cpu_count(const struct cpu_map *map)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < CPU_MAP_WORDS; i++) {
		count += (unsigned int)__builtin_popcountll(map->bits[i]);
	}
	return count;
}

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
		printf("%-19s%3u %9s       y       %4u\n", pool->name, cpu_count(&pool->cpus),
		       host_scheduler_name(pool->scheduler), pool->domains);
	}
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	struct pool pool;
	uint32_t id = 0;
	int rc = argc ? pool_find(argv[0], &id) : 0;

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
	for (; pool_next(id, &pool) == 0 && (!argc || pool.id == id); id = pool.id + 1) {
		print_pool(cli, &pool);
		if (argc) {
			break;
		}
	}
	if (cli->json) {
		json_close();
	}
	return EXIT_DONE;
}

/* One operation on a pool that is given by name; cpu and domid where it takes one. */
static int pool_op(struct cli *cli, uint32_t op, const char *name, uint32_t cpu, uint32_t domid)
{
	struct xen_sysctl call = {.cmd = XEN_SYSCTL_cpupool_op};
	int rc = pool_find(name, &call.u.cpupool_op.cpupool_id);

	if (!rc) {
		call.u.cpupool_op.op = op;
		call.u.cpupool_op.cpu = cpu;
		call.u.cpupool_op.domid = domid;
		rc = hypercall_sysctl(&call);
	}
	return rc < 0 ? cli_failed(cli, rc) : EXIT_DONE;
}

static int destroy_run(struct cli *cli, int argc, char **argv)
{
	return pool_op(cli, XEN_SYSCTL_CPUPOOL_OP_DESTROY, argv[0], 0, 0);
}

static int cpu_run(struct cli *cli, char **argv, uint32_t op)
{
	char *end;
	unsigned long cpu = strtoul(argv[1], &end, 10);

	if (!*argv[1] || *end) {
		return cli_usage(cli, "'%s' is no number of a CPU", argv[1]);
	}
	return pool_op(cli, op, argv[0], (uint32_t)cpu, 0);
}

static int add_run(struct cli *cli, int argc, char **argv)
{
	return cpu_run(cli, argv, XEN_SYSCTL_CPUPOOL_OP_ADDCPU);
}

static int remove_run(struct cli *cli, int argc, char **argv)
{
	return cpu_run(cli, argv, XEN_SYSCTL_CPUPOOL_OP_RMCPU);
}

static int migrate_run(struct cli *cli, int argc, char **argv)
{
	int domid = cli_domain(cli, argv[0]);

	return domid < 0 ? -domid
			 : pool_op(cli, XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, argv[1], 0,
				   (uint32_t)domid);
}

static int rename_run(struct cli *cli, int argc, char **argv)
{
	char path[64];
	uint32_t id;
	int rc = pool_find(argv[0], &id);

	if (!rc) {
		snprintf(path, sizeof(path), "/local/pool/%u/name", id);
		rc = store_write(XBT_NULL, path, "%s", argv[1]);
	}
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

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
	.summary = "Dissolve a pool that has no domains",
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
	.arguments = "POOL CPU",
	.summary = "Give a free processor to a pool",
	.arguments_min = 2,
	.arguments_max = 2,
	.run = add_run,
};

const struct command cmd_cpupool_cpu_remove = {
	.name = "cpupool-cpu-remove",
	.arguments = "POOL CPU",
	.summary = "Take a processor from a pool",
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
	.run = migrate_run,
};
