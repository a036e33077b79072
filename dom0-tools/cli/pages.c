/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same words as --help, as manual pages. */
#include <cli/commands.h>
#include <cli/pages.h>
#include <ctype.h>
#include <stdio.h>

/* Text for troff: a hyphen is one to copy, a line does not begin with a request. */
static void print_text(const char *text)
{
	bool begins = true;

	for (; *text; text++) {
		if (begins && (*text == '.' || *text == '\'')) {
			fputs("\\&", stdout);
		}
		begins = *text == '\n';
		if (*text == '-') {
			fputs("\\-", stdout);
		} else if (*text == '\\') {
			fputs("\\e", stdout);
		} else {
			putchar(*text);
		}
	}
}

static void print_head(const char *name)
{
	fputs(".\\\" Made by `pvx help --man`.\n.TH PVX", stdout);
	if (name) {
		putchar('-');
		for (; *name; name++) {
			putchar(toupper((unsigned char)*name));
		}
	}
	fputs(" 1 \"\" \"Parvus " PACKAGE_VERSION "\" \"User commands\"\n.SH NAME\n", stdout);
}

static void print_option(char letter, const char *name, const char *value, const char *help)
{
	fputs(".TP\n", stdout);
	if (letter) {
		printf("\\fB\\-%c\\fR, ", letter);
	}
	fputs("\\fB\\-\\-", stdout);
	print_text(name);
	if (value) {
		fputs("=\\fI", stdout);
		print_text(value);
	}
	fputs("\\fR\n", stdout);
	print_text(help);
	putchar('\n');
}

static void print_foot(void)
{
	fputs(".SH EXIT STATUS\n0 when it is done, 1 when it failed, 2 for wrong words on the command line or in a "
	      "configuration,\n3 when there is no such domain, 4 without hypervisor, store daemon or the right to use "
	      "them.\n",
	      stdout);
}

static void print_command(const struct command *command)
{
	const struct cli_option *option = command->options;

	print_head(command->name);
	fputs("pvx\\-", stdout);
	print_text(command->name);
	fputs(" \\- ", stdout);
	print_text(command->summary);
	fputs("\n.SH SYNOPSIS\n.B pvx ", stdout);
	print_text(command->name);
	printf("\n%s", option ? "[\\fIOPTIONS\\fR]\n" : "");
	print_text(command->arguments);
	fputs("\n.SH DESCRIPTION\n", stdout);
	print_text(command->details ? command->details : command->summary);
	fputs(command->details ? "\n.SH OPTIONS\n" : ".\n.SH OPTIONS\n", stdout);
	for (; option && option->name; option++) {
		print_option(option->letter, option->name, option->value, option->help);
	}
	if (command->json) {
		print_option('\0', "json", NULL, "The answer as JSON.");
	}
	print_option('h', "help", NULL, "What the command takes.");
	print_foot();
	fputs(".SH SEE ALSO\n.BR pvx (1)\n", stdout);
}

static void print_pvx(void)
{
	print_head(NULL);
	fputs("pvx \\- create guests of Parvus and look after them\n"
	      ".SH SYNOPSIS\n.B pvx\n[\\fB\\-vfNtT\\fR] [\\fB\\-\\-json\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n"
	      ".SH DESCRIPTION\n"
	      "Commands, options and output are those of\n.BR xl (1)\nwhere that has them. A domain is said by its name or its "
	      "number.\nEach command has a page of its own,\n.BR pvx\\-\\fICOMMAND (1),\nand tells what it takes after\n"
	      ".BR \\-\\-help .\n"
	      ".SH OPTIONS\nThey stand before the command.\n",
	      stdout);
	fputs(".TP\n.B \\-N\nDry run: change nothing. Behind the command it is \\-\\-dry\\-run.\n"
	      ".TP\n.BR \\-v ,\\  \\-f ,\\  \\-t ,\\  \\-T\nAccepted for scripts' sake.\n"
	      ".TP\n.B \\-\\-json\nAnswers as JSON.\n.SH COMMANDS\n",
	      stdout);
	for (int i = 0; commands[i]; i++) {
		fputs(".TP\n.BR pvx\\-", stdout);
		print_text(commands[i]->name);
		fputs(" (1)\n", stdout);
		print_text(commands[i]->summary);
		fputs(".\n", stdout);
	}
	print_foot();
	fputs(".SH SEE ALSO\n.BR pvx.cfg (5),\n.BR pvx\\-top (1),\n.BR pvx\\-consoled (8),\n"
	      ".BR pvx\\-stored (8)\n",
	      stdout);
}

void page_print(const struct command *command)
{
	if (command) {
		print_command(command);
	} else {
		print_pvx();
	}
}
