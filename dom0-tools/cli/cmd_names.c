/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx domid, domname: from a name to a number and back. */
#include <cli/commands.h>
#include <errno.h>
#include <lib/error.h>
#include <lib/names.h>
#include <stdio.h>
#include <stdlib.h>

static int domid_run(struct cli *cli, int argc, char **argv)
{
	int domid = cli_domain(cli, argv[0]);

	if (domid < 0) {
		return -domid;
	}
	printf("%d\n", domid);
	return EXIT_DONE;
}

static int domname_run(struct cli *cli, int argc, char **argv)
{
	int domid = cli_domain(cli, argv[0]);
	char *name;

	if (domid < 0) {
		return -domid;
	}
	name = name_of((domid_t)domid);
	if (!name) {
		return cli_failed(cli, fail(ENOENT, "domain %d has no name", domid));
	}
	printf("%s\n", name);
	free(name);
	return EXIT_DONE;
}

const struct command cmd_domid = {
	.name = "domid",
	.arguments = "DOMAIN",
	.summary = "Print the number of a domain",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = domid_run,
};

const struct command cmd_domname = {
	.name = "domname",
	.arguments = "DOMID",
	.summary = "Print the name of a domain",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = domname_run,
};
