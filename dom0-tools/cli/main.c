/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx: the command line of the toolstack. Words before the command are for all commands. */
#include <cli/commands.h>
#include <cli/options.h>
#include <cli/pages.h>
#include <errno.h>
#include <guest/record.h>
#include <lib/error.h>
#include <lib/names.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"Usage: pvx [-vfNtT] [--json] COMMAND [ARGUMENTS]\n"
	"  -N  dry run: change nothing    -v, -f, -t, -T  accepted for scripts' sake\n\n";

const char *cli_option(const struct cli *cli, const char *name)
{
	const struct cli_option *options = cli->command->options;

	for (int i = 0; options && options[i].name; i++) {
		if (strcmp(options[i].name, name) == 0) {
			return cli->values[i];
		}
	}
	return NULL;
}

bool cli_number(const struct cli *cli, const char *name, long *number)
{
	const char *text = cli_option(cli, name);
	char *end;

	if (!text) {
		return true;
	}
	*number = strtol(text, &end, 0);
	if (!*text || *end || *number < 0 || *number > INT_MAX) {
		cli_usage(cli, "--%s takes a number, not '%s'", name, text);
		return false;
	}
	return true;
}

int cli_failed(const struct cli *cli, int rc)
{
	fprintf(stderr, "pvx %s: %s\n", cli->command->name, fail_text());
	return rc == -ESRCH					   ? EXIT_NO_DOMAIN
	       : rc == -ENODEV || rc == -EACCES || rc == -ENOTCONN ? EXIT_NO_HOST
								   : EXIT_FAILED;
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "pvx %s: ", cli->command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n'pvx %s --help' tells what it takes\n", cli->command->name);
	return EXIT_USAGE;
}

int cli_domain(const struct cli *cli, const char *name)
{
	bool number = *name >= '0' && *name <= '9';
	int domid = number ? -ESRCH : record_find(name);

	domid = domid >= 0 ? domid : name_find(name);
	return domid >= 0 ? domid : -cli_failed(cli, domid);
}

static int run_command(struct cli *cli, int argc, char **argv)
{
	int first = options_read(cli, argc, argv);
	int count = argc - first;

	if (first <= 0) {
		return first < 0 ? EXIT_USAGE : EXIT_DONE;
	}
	if (count < cli->command->arguments_min) {
		return cli_usage(cli, "it takes more words: %s", cli->command->arguments);
	}
	if (cli->command->arguments_max >= 0 && count > cli->command->arguments_max) {
		return cli_usage(cli, "'%s' is one word too many",
				 argv[first + cli->command->arguments_max]);
	}
	if (cli->command->domain) {
		int domid = cli_domain(cli, argv[first]);

		if (domid < 0) {
			return -domid;
		}
		cli->domid = (domid_t)domid;
	}
	return cli->command->run(cli, count, argv + first);
}

static int help_run(struct cli *cli, int argc, char **argv)
{
	const struct command *command = argc ? command_find(argv[0]) : NULL;
	const char *shell = cli_option(cli, "completion");

	if (argc && !command) {
		return cli_usage(cli, "there is no command '%s'", argv[0]);
	}
	if (shell) {
		return completion_print(shell)
			       ? EXIT_DONE
			       : cli_usage(cli, "there are completions for bash and zsh");
	}
	if (cli_option(cli, "man")) {
		page_print(command);
		return EXIT_DONE;
	}
	if (command) {
		options_help(command);
		return EXIT_DONE;
	}
	if (cli_option(cli, "names")) {
		options_list(true);
		return EXIT_DONE;
	}
	printf("%sCommands; 'pvx COMMAND --help' tells more:\n\n", usage);
	options_list(false);
	return EXIT_DONE;
}

static const struct cli_option help_options[] = {
	{.name = "names", .help = "only the names of the commands, for programs"},
	{.name = "man", .help = "the manual page, as troff"},
	{.name = "completion", .value = "SHELL", .help = "a script for bash or zsh"},
	{.letter = 'l', .name = "long", .help = "accepted for scripts' sake"},
	{.name = NULL},
};

const struct command cmd_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "List the commands, or tell about one",
	.options = help_options,
	.arguments_max = 1,
	.run = help_run,
};

static bool global_option(struct cli *cli, const char *word)
{
	if (strcmp(word, "--json") == 0) {
		return cli->json = true;
	}
	for (word++; *word; word++) {
		switch (*word) {
		case 'N':
			cli->dry = true;
			break;
		case 'v':
		case 'f':
		case 't':
		case 'T':
			break;
		default:
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	struct cli cli = {.command = NULL};
	int at = 1;
	int code;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
			cli.command = &cmd_help;
			return help_run(&cli, 0, NULL);
		}
		if (!global_option(&cli, argv[at])) {
			fprintf(stderr, "pvx: unknown option %s\n%s", argv[at], usage);
			return EXIT_USAGE;
		}
	}
	cli.command = at < argc ? command_find(argv[at]) : NULL;
	if (!cli.command) {
		if (at < argc) {
			fprintf(stderr, "pvx: there is no command '%s'; ", argv[at]);
		} else {
			fputs(usage, stderr);
		}
		fprintf(stderr, "'pvx help' lists the commands\n");
		return EXIT_USAGE;
	}
	code = run_command(&cli, argc - at, argv + at);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "pvx %s: writing the output: %s\n", cli.command->name,
			strerror(errno));
		return code ? code : EXIT_FAILED;
	}
	return code;
}
