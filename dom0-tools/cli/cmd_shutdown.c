/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx shutdown, reboot: asks guests' kernels, and may wait until they have. */
#include <cli/commands.h>
#include <errno.h>
#include <guest/guest.h>
#include <lib/error.h>
#include <lib/names.h>
#include <lib/watch.h>
#include <stdlib.h>
#include <xen/sched.h>

/* Gone, dying, or shut down as was asked. */
static int has_ended(void *context)
{
	const domid_t *domid = context;
	domain_info_t info;
	int rc = domain_get(*domid, &info);

	if (rc) {
		return rc == -ESRCH ? 1 : rc;
	}
	return info.flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown) ? 1 : 0;
}

/* A kernel that does not listen: with -F the power button. */
static int ask(const struct cli *cli, domid_t domid, const char *request)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_sendtrigger, .domain = domid};
	int rc = guest_ask(domid, request);

	if (rc == -EOPNOTSUPP && cli_option(cli, "fallback")) {
		op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_POWER;
		rc = hypercall_domctl(&op);
	}
	return rc < 0 ? rc : 0;
}

static domid_t *domains_of(const struct cli *cli, int argc, char **argv, unsigned int *count,
			   int *code)
{
	struct domain_list list = {.info = NULL};
	domid_t *domids;
	int rc = cli_option(cli, "all") ? domain_list_all(&list) : 0;

	*count = 0;
	*code = rc ? cli_failed(cli, rc) : EXIT_DONE;
	domids = calloc(list.count + (unsigned int)argc + 1, sizeof(*domids));
	for (unsigned int i = 0; domids && i < list.count; i++) {
		if (list.info[i].domain != 0) {
			domids[(*count)++] = list.info[i].domain;
		}
	}
	for (int i = 0; domids && i < argc; i++) {
		int domid = cli_domain(cli, argv[i]);

		if (domid >= 0) {
			domids[(*count)++] = (domid_t)domid;
		} else {
			*code = -domid;
		}
	}
	domain_list_free(&list);
	return domids;
}

static int run(struct cli *cli, int argc, char **argv, const char *request)
{
	unsigned int count;
	int code;
	domid_t *domids;

	if (!argc && !cli_option(cli, "all")) {
		return cli_usage(cli, "it needs a domain, or --all");
	}
	domids = domains_of(cli, argc, argv, &count, &code);
	for (unsigned int i = 0; i < count; i++) {
		int rc = cli->dry ? 0 : ask(cli, domids[i], request);

		if (rc) {
			code = cli_failed(cli, rc);
			domids[i] = DOMID_INVALID;
		}
	}
	for (unsigned int i = 0; cli_option(cli, "wait") && i < count; i++) {
		int rc = domids[i] == DOMID_INVALID
				 ? 0
				 : watch_until("@releaseDomain", has_ended, &domids[i], 0);

		code = rc ? cli_failed(cli, rc) : code;
	}
	free(domids);
	return code;
}

static int shutdown_run(struct cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, "poweroff");
}

static int reboot_run(struct cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, "reboot");
}

static const struct cli_option options[] = {
	{.letter = 'a', .name = "all", .help = "all guests"},
	{.letter = 'w', .name = "wait", .help = "until they have"},
	{.letter = 'F',
	 .name = "fallback",
	 .help = "press the power button of those that do not listen"},
	{.name = NULL},
};

const struct command cmd_shutdown = {
	.name = "shutdown",
	.arguments = "[DOMAIN...]",
	.summary = "Ask guests to shut down",
	.options = options,
	.arguments_max = -1,
	.run = shutdown_run,
};

const struct command cmd_reboot = {
	.name = "reboot",
	.arguments = "[DOMAIN...]",
	.summary = "Ask guests to start anew",
	.options = options,
	.arguments_max = -1,
	.run = reboot_run,
};
