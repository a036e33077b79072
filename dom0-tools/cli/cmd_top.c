/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx top: the monitor, which is a program of its own. */
#include <cli/commands.h>
#include <errno.h>
#include <lib/error.h>
#include <unistd.h>

static int run(struct cli *cli, int argc, char **argv)
{
	execlp("pvx-top", "pvx-top", (char *)NULL);
	return cli_failed(cli, fail_errno(errno, "pvx-top"));
}

const struct command cmd_top = {
	.name = "top",
	.arguments = "",
	.summary = "Show the machine and its domains on and on; pvx-top can do more",
	.run = run,
};
