/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx dump-core: a domain's memory and registers in a file. */
#include <cli/commands.h>
#include <errno.h>
#include <guest/core_dump.h>
#include <lib/error.h>
#include <lib/names.h>
#include <stdlib.h>
#include <unistd.h>

static int run(struct cli *cli, int argc, char **argv)
{
	bool progress = isatty(STDERR_FILENO);
	char *name = argc > 1 ? NULL : name_of(cli->domid);
	int rc;

	if (cli->dry) {
		rc = 0;
	} else if (argc > 1) {
		rc = core_dump(cli->domid, argv[1], progress);
	} else {
		rc = name ? core_dump_named(cli->domid, name, progress)
			  : fail(ENOENT, "domain %u has no name: say a file", cli->domid);
	}
	free(name);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

const struct command cmd_dump_core = {
	.name = "dump-core",
	.arguments = "DOMAIN [FILE]",
	.summary = "Write a domain's memory and registers to a file",
	.details =
		"The file is ELF, in the dump-core format of the Xen documentation; without FILE it is\n" CORE_FOLDER
		"/NAME. The domain goes on meanwhile: pause it for a picture of one moment.",
	.arguments_min = 1,
	.arguments_max = 2,
	.domain = true,
	.run = run,
};
