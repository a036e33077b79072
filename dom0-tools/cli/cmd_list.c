/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx list: the domains and their states, as `xl list` prints them. */
#include <cli/commands.h>
#include <cli/config_json.h>
#include <cli/json.h>
#include <errno.h>
#include <guest/record.h>
#include <lib/error.h>
#include <lib/host.h>
#include <lib/names.h>
#include <lib/pool.h>
#include <lib/schedule.h>
#include <lib/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct columns {
	bool verbose, label, pool, node, claimed;
};

/* The state letters: running, blocked, paused, shutdown, its reason, dying. */
static void state_of(const domain_info_t *info, char text[7])
{
	static const char reasons[] = "-rscwS";
	int reason = domain_shutdown_reason(info);

	text[0] = info->flags & XEN_DOMINF_running ? 'r' : '-';
	text[1] = info->flags & XEN_DOMINF_blocked ? 'b' : '-';
	text[2] = info->flags & XEN_DOMINF_paused ? 'p' : '-';
	text[3] = reason >= 0 ? 's' : '-';
	text[4] = reason >= 0 && (size_t)reason < sizeof(reasons) - 1 ? reasons[reason]
		  : reason >= 0					      ? '?'
								      : '-';
	text[5] = info->flags & XEN_DOMINF_dying ? 'd' : '-';
	text[6] = '\0';
}

static unsigned long mebibytes(const domain_info_t *info)
{
	return (unsigned long)(info->tot_pages + info->outstanding_pages) >> 8;
}

static double seconds(const domain_info_t *info)
{
	return (double)info->cpu_time / 1e9;
}

static void print_row(const domain_info_t *info, const char *name, const struct columns *columns)
{
	char state[7], uuid[UUID_TEXT];
	int reason = domain_shutdown_reason(info);

	state_of(info, state);
	printf("%-40s %5u %5lu %5u     %s  %8.1f", name ? name : "(null)", info->domain,
	       mebibytes(info), info->nr_online_vcpus, state, seconds(info));
	if (columns->verbose) {
		uuid_print(info->handle, uuid);
		printf(" %s", uuid);
		if (reason >= 0) {
			printf(" %8x", (unsigned int)reason);
		} else {
			printf(" %8s", "-");
		}
	}
	if (columns->verbose || columns->label) {
		printf(" %16s", "-");
	}
	if (columns->pool) {
		struct pool pool;

		printf("%16s", pool_next(info->cpupool, &pool) ? "-" : pool.name);
	}
	if (columns->claimed) {
		printf(" %5lu", (unsigned long)info->outstanding_pages >> 8);
	}
	printf("%s\n", columns->node ? " all" : "");
}

static void print_header(const struct columns *columns)
{
	printf("Name                                        ID   Mem VCPUs\tState\tTime(s)%s%s%s%s%s\n",
	       columns->verbose ? "   UUID                            Reason-Code\tSecurity Label"
				: "",
	       columns->label && !columns->verbose ? "   Security Label" : "",
	       columns->pool ? "         Cpupool" : "", columns->node ? " NODE Affinity" : "",
	       columns->claimed ? "  Claimed" : "");
}

static void print_json(const domain_info_t *info, const char *name)
{
	char state[7], uuid[UUID_TEXT];

	state_of(info, state);
	uuid_print(info->handle, uuid);
	json_open(NULL, '{');
	json_number("domid", info->domain);
	json_string("name", name);
	json_string("uuid", uuid);
	json_string("state", state);
	json_number("memory_kib", (int64_t)info->tot_pages * 4);
	json_number("claimed_kib", (int64_t)info->outstanding_pages * 4);
	json_number("memory_max_kib", (int64_t)info->max_pages * 4);
	json_number("vcpus", info->nr_online_vcpus);
	json_number("vcpus_max", (int64_t)info->max_vcpu_id + 1);
	json_number("shutdown_reason", domain_shutdown_reason(info));
	json_real("cpu_seconds", seconds(info));
	json_number("cpupool", info->cpupool);
	json_close();
}

/* --- With -l: what it was made of, in the form that xl gives it ------------------------------ */

/* How much memory it was asked to have; Dom0 perhaps nothing. */
static uint64_t target_kib(domid_t domid, uint64_t otherwise)
{
	char *text = store_read(XBT_NULL, "/local/domain/%u/memory/target", domid);
	uint64_t kib = text ? strtoull(text, NULL, 10) : otherwise;

	free(text);
	return kib;
}

/* The share and the memory are those that it has now. */
static void read_present(domid_t domid, struct domain_config *config)
{
	struct schedule_share share;

	config->memory_kib = target_kib(domid, config->memory_kib);
	if (schedule_get_share(domid, &share) == 0) {
		config->cpu_weight = share.weight;
		config->cap = share.cap;
	}
}

/* Of one that no configuration is known of. */
static void print_bare_config(const domain_info_t *info, const char *name)
{
	struct schedule_share share;

	json_open("config", '{');
	json_open("c_info", '{');
	json_string("type", "pv");
	json_string("name", name);
	json_close();
	json_open("b_info", '{');
	if (target_kib(info->domain, 0)) {
		json_number("target_memkb", (int64_t)target_kib(info->domain, 0));
	}
	if (schedule_get_share(info->domain, &share) == 0) {
		json_open("sched_params", '{');
		json_string("sched", host_scheduler_name(share.scheduler));
		json_number("weight", share.weight);
		json_number("cap", share.cap);
		json_close();
	}
	json_open("type.pv", '{');
	json_close();
	json_close();
	json_close();
}

static void print_long(const domain_info_t *info, const char *name)
{
	struct record record = {.domid = info->domain};
	struct domain_config config;

	uuid_print(info->handle, record.uuid);
	json_open(NULL, '{');
	json_number("domid", info->domain);
	if (record_config(&record, &config) == 0) {
		read_present(info->domain, &config);
		config_json("config", &config);
		config_free(&config);
	} else {
		print_bare_config(info, name);
	}
	json_close();
}

/* The names of all domains are asked for together. */
static int print_list(const struct cli *cli, const struct domain_list *list)
{
	struct columns columns = {.verbose = cli_option(cli, "verbose"),
				  .label = cli_option(cli, "context"),
				  .pool = cli_option(cli, "cpupool"),
				  .node = cli_option(cli, "numa"),
				  .claimed = cli->command == &cmd_claims};
	char **names = calloc(list->count + 1, sizeof(*names));
	int rc = names ? names_of(list, names) : fail(ENOMEM, "no memory for the names");
	bool with_configs = cli_option(cli, "long"), json = cli->json || with_configs;

	if (rc) {
		free(names);
		return cli_failed(cli, rc);
	}
	if (json) {
		json_open(NULL, '[');
	} else {
		print_header(&columns);
	}
	for (unsigned int i = 0; i < list->count; i++) {
		if (with_configs) {
			print_long(&list->info[i], names[i]);
		} else if (json) {
			print_json(&list->info[i], names[i]);
		} else {
			print_row(&list->info[i], names[i], &columns);
		}
		free(names[i]);
	}
	if (json) {
		json_close();
	}
	free(names);
	return EXIT_DONE;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	struct domain_list list = {.info = NULL};
	int code, rc;

	if (argc) {
		int domid = cli_domain(cli, argv[0]);

		if (domid < 0) {
			return -domid;
		}
		list.info = calloc(1, sizeof(*list.info));
		list.count = 1;
		rc = list.info ? domain_get((domid_t)domid, list.info) : fail(ENOMEM, "no memory");
	} else {
		rc = domain_list_all(&list);
	}
	code = rc ? cli_failed(cli, rc) : print_list(cli, &list);
	domain_list_free(&list);
	return code;
}

static const struct cli_option options[] = {
	{.letter = 'l', .name = "long", .help = "what each was made of, as JSON that xl has too"},
	{.letter = 'v', .name = "verbose", .help = "also UUIDs, reasons of shutdown and labels"},
	{.letter = 'Z', .name = "context", .help = "also security labels"},
	{.letter = 'c', .name = "cpupool", .help = "also the pools of processors"},
	{.letter = 'n', .name = "numa", .help = "also the affinity to nodes"},
	{.name = NULL},
};

const struct command cmd_list = {
	.name = "list",
	.arguments = "[DOMAIN]",
	.summary = "List the domains, or one of them",
	.details =
		"The letters of the state: r running, b blocked, p paused, s shut down (then why: r to reboot,\n"
		"s suspended, c crashed, w by its watchdog, - to power off), d dying.",
	.options = options,
	.arguments_max = 1,
	.json = true,
	.run = list_run,
};

const struct command cmd_claims = {
	.name = "claims",
	.arguments = "",
	.summary = "List the domains with the memory that is set aside for them",
	.json = true,
	.run = list_run,
};
