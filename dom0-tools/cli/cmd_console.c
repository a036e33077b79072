/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx console: a terminal on a guest's console. */
#include <cli/commands.h>
#include <console/attach.h>
#include <string.h>

/* "^]" or "]": the key that is pressed with Control; or the character itself. */
static char escape_of(const char *text)
{
	return (char)(text[0] == '^' && text[1] ? text[1] & 0x1f : text[0]);
}

static int console_run(struct cli *cli, int argc, char **argv)
{
	const char *type = cli_option(cli, "type");
	const char *escape = cli_option(cli, "escape");
	long number = 0;
	int domid;
	int rc;

	if (type && strcmp(type, "pv") != 0) {
		return cli_usage(cli, "'%s' is not served: PV guests have consoles of type pv",
				 type);
	}
	if (!cli_number(cli, "num", &number)) {
		return EXIT_USAGE;
	}
	domid = cli_domain(cli, argv[0]);
	if (domid < 0) {
		return -domid;
	}
	rc = console_attach((unsigned int)domid, (unsigned int)number,
			    escape ? escape_of(escape) : CONSOLE_ESCAPE);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static const struct cli_option options[] = {
	{.letter = 't', .name = "type", .value = "TYPE", .help = "pv, the only one"},
	{.letter = 'n', .name = "num", .value = "N", .help = "of several consoles, from 0"},
	{.letter = 'e',
	 .name = "escape",
	 .value = "KEY",
	 .help = "leave with this, like ^A, instead of ^]"},
	{.name = NULL},
};

const struct command cmd_console = {
	.name = "console",
	.arguments = "DOMAIN",
	.summary = "Be at the console of a domain; ^] leaves it",
	.details = "The connection outlives a restart of pvx-consoled, and ends with the domain.",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = console_run,
};
