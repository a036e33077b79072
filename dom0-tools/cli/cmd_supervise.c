/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx supervise: looks after guests; `pvx create` starts it by itself. */
#include <cli/commands.h>
#include <guest/supervisor.h>
#include <stddef.h>

static int supervise_run(struct cli *cli, int argc, char **argv)
{
	int rc = supervisor_run(cli_option(cli, "wait"));

	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static const struct cli_option options[] = {
	{.letter = 'w', .name = "wait", .help = "if one runs already, wait to take its place"},
	{.name = NULL},
};

const struct command cmd_supervise = {
	.name = "supervise",
	.arguments = "",
	.summary = "Look after guests: what happens when they power off, reboot or crash",
	.details =
		"One serves all guests; 'pvx create' starts it where none runs. It may be killed and started at any time.",
	.options = options,
	.run = supervise_run,
};
