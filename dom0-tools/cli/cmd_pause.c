/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx pause, unpause. */
#include <cli/commands.h>
#include <cli/several.h>

static int pause_run(struct cli *cli, int argc, char **argv)
{
	return several_act(cli, argc, argv, domain_pause);
}

static int unpause_run(struct cli *cli, int argc, char **argv)
{
	return several_act(cli, argc, argv, domain_unpause);
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
