/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx uptime: how long domains have been there, as `xl uptime` prints it. */
#include <cli/commands.h>
#include <cli/json.h>
#include <lib/names.h>
#include <lib/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of Dom0 since its kernel started; of others since the time noted when they were made. */
static long uptime_of(domid_t domid)
{
	struct timespec now;
	char *vm, *start;
	long seconds = -1;

	if (domid == 0) {
		return clock_gettime(CLOCK_BOOTTIME, &now) == 0 ? now.tv_sec : -1;
	}
	vm = store_read(XBT_NULL, "/local/domain/%u/vm", domid);
	start = vm ? store_read(XBT_NULL, "%s/start_time", vm) : NULL;
	if (start) {
		seconds = (long)time(NULL) - strtol(start, NULL, 10); /* it may have decimals */
	}
	free(start);
	free(vm);
	return seconds < 0 ? 0 : seconds;
}

static void print_row(const struct cli *cli, domid_t domid, const char *name)
{
	long up = uptime_of(domid), days = up / 86400, hours = up / 3600 % 24,
	     minutes = up / 60 % 60;
	char before[48] = "", clock[16];
	time_t now = time(NULL);
	struct tm local;

	if (days) {
		snprintf(before, sizeof(before), "%ld day%s, ", days, days > 1 ? "s" : "");
	}
	if (cli->json) {
		json_open(NULL, '{');
		json_number("domid", domid);
		json_string("name", name);
		json_number("seconds", up);
		json_close();
	} else if (cli_option(cli, "short")) {
		strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &local));
		printf(" %s up %s%2ld:%02ld, %s (%u)\n", clock, before, hours, minutes, name,
		       domid);
	} else {
		printf("%-33s %4u %s%2ld:%02ld:%02ld\n", name, domid, before, hours, minutes,
		       up % 60);
	}
}

static void print_header(const struct cli *cli)
{
	if (!cli->json && !cli_option(cli, "short")) {
		printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
	}
}

static int print_all(const struct cli *cli)
{
	struct domain_list list;
	int rc = domain_list_all(&list);

	if (rc) {
		return cli_failed(cli, rc);
	}
	print_header(cli);
	for (unsigned int i = 0; i < list.count; i++) {
		char *name = name_of(list.info[i].domain);

		print_row(cli, list.info[i].domain, name ? name : "(null)");
		free(name);
	}
	domain_list_free(&list);
	return EXIT_DONE;
}

/* Those that are there; the header stands above the first. */
static int print_named(const struct cli *cli, int argc, char **argv)
{
	int code = EXIT_DONE;
	bool begun = false;

	for (int i = 0; i < argc; i++) {
		int domid = cli_domain(cli, argv[i]);
		char *name = domid < 0 ? NULL : name_of((domid_t)domid);

		if (domid < 0) {
			code = -domid;
			continue;
		}
		if (!begun) {
			print_header(cli);
			begun = true;
		}
		print_row(cli, (domid_t)domid, name ? name : "(null)");
		free(name);
	}
	return code;
}

static int uptime_run(struct cli *cli, int argc, char **argv)
{
	int code;

	if (cli->json) {
		json_open(NULL, '[');
	}
	code = argc ? print_named(cli, argc, argv) : print_all(cli);
	if (cli->json) {
		json_close();
	}
	return code;
}

static const struct cli_option options[] = {
	{.letter = 's', .name = "short", .help = "a line as uptime(1) prints it"},
	{.name = NULL},
};

const struct command cmd_uptime = {
	.name = "uptime",
	.arguments = "[DOMAIN...]",
	.summary = "Tell how long domains have been running",
	.options = options,
	.arguments_max = -1,
	.json = true,
	.run = uptime_run,
};
