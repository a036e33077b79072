/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx vcpu-list, vcpu-pin, vcpu-set: virtual processors. */
#include <cli/commands.h>
#include <cli/json.h>
#include <cli/several.h>
#include <config/config.h>
#include <errno.h>
#include <lib/affinity.h>
#include <lib/error.h>
#include <lib/host.h>
#include <lib/names.h>
#include <lib/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_TEXT 512

/* --- vcpu-list ------------------------------------------------------------------------------ */

static void print_row(const struct xen_domctl_getvcpuinfo *v, const char *hard, const char *soft)
{
	if (v->online) {
		printf("%5u   %c%c-", v->cpu, v->running ? 'r' : '-', v->blocked ? 'b' : '-');
	} else {
		printf("%5c   --p", '-');
	}
	printf(" %9.1f  %s / %s\n", (double)v->cpu_time / 1e9, hard, soft);
}

static void print_json(const struct xen_domctl_getvcpuinfo *v, const char *hard, const char *soft)
{
	json_open(NULL, '{');
	json_number("vcpu", v->vcpu);
	json_number("cpu", v->online ? (int64_t)v->cpu : -1);
	json_bool("online", v->online);
	json_bool("running", v->running);
	json_bool("blocked", v->blocked);
	json_real("cpu_seconds", (double)v->cpu_time / 1e9);
	json_string("affinity_hard", hard);
	json_string("affinity_soft", soft);
	json_close();
}

static int list_vcpu(const struct cli *cli, domid_t domid, unsigned int vcpu, const char *name,
		     const struct cpu_topology *topology)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_getvcpuinfo, .domain = domid};
	char hard_text[MAP_TEXT], soft_text[MAP_TEXT];
	struct cpu_map hard, soft;
	int rc;

	op.u.getvcpuinfo.vcpu = vcpu;
	rc = hypercall_domctl(&op);
	rc = rc < 0 ? rc : affinity_get(domid, vcpu, &hard, &soft);
	if (rc < 0) {
		return rc == -ESRCH ? 0 : rc; /* a vCPU that was never made */
	}
	cpu_map_print(&hard, topology->count, hard_text, sizeof(hard_text));
	cpu_map_print(&soft, topology->count, soft_text, sizeof(soft_text));
	if (cli->json) {
		print_json(&op.u.getvcpuinfo, hard_text, soft_text);
	} else {
		printf("%-32s %5u %5u", name, domid, vcpu);
		print_row(&op.u.getvcpuinfo, hard_text, soft_text);
	}
	return 0;
}

static int list_domain(struct cli *cli, const domain_info_t *info, const char *name, void *context)
{
	int rc = 0;

	if (cli->json) {
		json_open(NULL, '{');
		json_number("domid", info->domain);
		json_string("name", name);
		json_open("vcpus", '[');
	}
	for (unsigned int i = 0; !rc && i <= info->max_vcpu_id; i++) {
		rc = list_vcpu(cli, info->domain, i, name, context);
	}
	if (cli->json) {
		json_close();
		json_close();
	}
	return rc;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	struct cpu_topology topology;
	int rc = topology_read(&topology);

	if (rc) {
		return cli_failed(cli, rc);
	}
	if (!cli->json) {
		printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State",
		       "Time(s)", "Affinity (Hard / Soft)");
	}
	return several_domains(cli, argc, argv, list_domain, &topology);
}

/* --- vcpu-pin ------------------------------------------------------------------------------- */

/* "-" leaves it as it is. */
static int map_of(const struct cpu_topology *topology, const char *text, struct cpu_map *map,
		  bool *given)
{
	struct arena arena = {.blocks = NULL};
	struct cpu_list list;
	bool good;

	*given = text && strcmp(text, "-") != 0;
	if (!*given) {
		return 0;
	}
	*map = (struct cpu_map){{0}};
	good = cpu_list_parse(&arena, text, &list) &&
	       cpu_list_resolve(&list, topology->node_of, topology->count, map->bits);
	arena_free(&arena);
	return good ? 0
		    : fail(EINVAL, "'%s' is no list of CPUs of this machine (it has 0 to %u)", text,
			   topology->count - 1);
}

static int pin(const struct cli *cli, const domain_info_t *info, char **words, int count)
{
	struct cpu_topology topology;
	struct cpu_map hard, soft;
	bool has_hard = false, has_soft = false, all = strcmp(words[0], "all") == 0;
	char *end;
	unsigned long first = strtoul(words[0], &end, 10);
	unsigned int last = all ? info->max_vcpu_id : (unsigned int)first;
	int rc = topology_read(&topology);

	if (!all && (!*words[0] || *end || first > info->max_vcpu_id)) {
		return fail(EINVAL, "'%s' is no vCPU of domain %u, which has 0 to %u", words[0],
			    info->domain, info->max_vcpu_id);
	}
	rc = rc ? rc : map_of(&topology, words[1], &hard, &has_hard);
	rc = rc ? rc : map_of(&topology, count > 2 ? words[2] : NULL, &soft, &has_soft);
	for (unsigned int i = all ? 0 : last; !rc && !cli->dry && i <= last; i++) {
		rc = affinity_set(info->domain, i, has_hard ? &hard : NULL,
				  has_soft ? &soft : NULL);
	}
	return rc;
}

static int pin_run(struct cli *cli, int argc, char **argv)
{
	domain_info_t info;
	int rc = domain_get(cli->domid, &info);

	rc = rc ? rc : pin(cli, &info, argv + 1, argc - 1);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

/* --- vcpu-set ------------------------------------------------------------------------------- */

/* The guest's kernel watches these nodes and brings its processors up or down. */
static int set_count(const struct cli *cli, unsigned long count)
{
	domid_t domid = cli->domid;
	struct xen_sysctl_physinfo host;
	domain_info_t info;
	char path[96];
	int rc = domain_get(domid, &info);

	rc = rc ? rc : host_physinfo(&host);
	if (rc) {
		return rc;
	}
	if (!count || count > info.max_vcpu_id + 1) {
		return fail(EINVAL, "domain %u can have 1 to %u vCPUs", domid,
			    info.max_vcpu_id + 1);
	}
	if (count > host.nr_cpus && !cli_option(cli, "ignore-host")) {
		return fail(
			EINVAL,
			"%lu vCPUs are more than the machine's %u CPUs (-i does it all the same)",
			count, host.nr_cpus);
	}
	for (unsigned int i = 0; !rc && !cli->dry && i <= info.max_vcpu_id; i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u/availability", domid, i);
		rc = store_write(XBT_NULL, path, "%s", i < count ? "online" : "offline");
	}
	return rc;
}

static int set_run(struct cli *cli, int argc, char **argv)
{
	char *end;
	unsigned long count = strtoul(argv[1], &end, 10);
	int rc;

	if (!*argv[1] || *end) {
		return cli_usage(cli, "'%s' is no number of vCPUs", argv[1]);
	}
	rc = set_count(cli, count);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static const struct cli_option set_options[] = {
	{.letter = 'i', .name = "ignore-host", .help = "also more than the machine has CPUs"},
	{.name = NULL},
};
static const struct cli_option pin_options[] = {
	{.letter = 'f', .name = "force", .help = "accepted for scripts' sake"},
	{.name = NULL},
};

const struct command cmd_vcpu_list = {
	.name = "vcpu-list",
	.arguments = "[DOMAIN...]",
	.summary = "List the vCPUs of domains, where they run and where they may",
	.arguments_max = -1,
	.json = true,
	.run = list_run,
};

const struct command cmd_vcpu_pin = {
	.name = "vcpu-pin",
	.arguments = "DOMAIN VCPU|all CPUS|- [CPUS|-]",
	.summary = "Set the CPUs on which a vCPU may run, and those it prefers",
	.details = "CPUS is like 0-3,^2 or all; - leaves it as it is.",
	.options = pin_options,
	.arguments_min = 3,
	.arguments_max = 4,
	.domain = true,
	.run = pin_run,
};

const struct command cmd_vcpu_set = {
	.name = "vcpu-set",
	.arguments = "DOMAIN COUNT",
	.summary = "Ask a guest to use so many of its vCPUs",
	.options = set_options,
	.arguments_min = 2,
	.arguments_max = 2,
	.domain = true,
	.run = set_run,
};
