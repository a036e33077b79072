/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx destroy: ends domains at once. */
#include <cli/commands.h>
#include <cli/several.h>
#include <guest/guest.h>

static int destroy_run(struct cli *cli, int argc, char **argv)
{
	return several_act(cli, argc, argv, guest_destroy);
}

static const struct cli_option options[] = {
	{.letter = 'f', .name = "force", .help = "accepted for scripts' sake; it always ends them"},
	{.name = NULL},
};

const struct command cmd_destroy = {
	.name = "destroy",
	.arguments = "DOMAIN...",
	.summary = "End domains at once, as if their power was cut",
	.options = options,
	.arguments_min = 1,
	.arguments_max = -1,
	.run = destroy_run,
};
