/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx pause, unpause. */
#include <cli/commands.h>
#include <lib/names.h>

static int each(struct cli *cli, int argc, char **argv, int (*act)(domid_t))
{
	int code = EXIT_DONE;

	for (int i = 0; i < argc; i++) {
		int domid = cli_domain(cli, argv[i]);
		int rc = domid < 0 || cli->dry ? 0 : act((domid_t)domid);

		code = domid < 0 ? -domid : rc < 0 ? cli_failed(cli, rc) : code;
	}
	return code;
}

static int pause_run(struct cli *cli, int argc, char **argv)
{
	return each(cli, argc, argv, domain_pause);
}

static int unpause_run(struct cli *cli, int argc, char **argv)
{
	return each(cli, argc, argv, domain_unpause);
}

const struct command cmd_pause = {
	.name = "pause",
	.arguments = "DOMAIN...",
	.summary = "Stop domains where they are",
	.arguments_min = 1,
	.arguments_max = -1,
	.run = pause_run,
};

const struct command cmd_unpause = {
	.name = "unpause",
	.arguments = "DOMAIN...",
	.summary = "Let paused domains go on",
	.arguments_min = 1,
	.arguments_max = -1,
	.run = unpause_run,
};
