/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of commands, by getopt_long() from their tables; their help. */
#include <cli/options.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define NAME_ONLY 0x100 /* getopt's value of an option without letter: this and its place */

enum { OPTION_HELP = 0x200, OPTION_JSON, OPTION_DRY };

struct parser {
	struct option options[CLI_OPTIONS_MAX + 4];
	char letters[2 * CLI_OPTIONS_MAX + 4];
};

static int option_count(const struct command *command)
{
	int count = 0;

	while (command->options && command->options[count].name) {
		count++;
	}
	return count;
}

static void prepare(struct parser *p, const struct command *command)
{
	int count = option_count(command);
	char *letter = p->letters;

	memset(p, 0, sizeof(*p));
	*letter++ = 'h';
	for (int i = 0; i < count; i++) {
		const struct cli_option *o = &command->options[i];

		p->options[i] =
			(struct option){.name = o->name,
					.has_arg = o->value ? required_argument : no_argument,
					.val = NAME_ONLY + i};
		if (o->letter) {
			*letter++ = o->letter;
		}
		if (o->letter && o->value) {
			*letter++ = ':';
		}
	}
	p->options[count++] = (struct option){.name = "help", .val = OPTION_HELP};
	p->options[count++] = (struct option){.name = "dry-run", .val = OPTION_DRY};
	if (command->json) {
		p->options[count++] = (struct option){.name = "json", .val = OPTION_JSON};
	}
}

static int place_of(const struct command *command, int found)
{
	for (int i = 0; i < option_count(command); i++) {
		if (found == NAME_ONLY + i || found == command->options[i].letter) {
			return i;
		}
	}
	return -1;
}

int options_read(struct cli *cli, int argc, char **argv)
{
	struct parser parser;
	int found;

	prepare(&parser, cli->command);
	optind = 0; /* starts anew */
	while ((found = getopt_long(argc, argv, parser.letters, parser.options, NULL)) != -1) {
		int place = place_of(cli->command, found);

		if (place >= 0) {
			cli->values[place] = optarg ? optarg : "";
		} else if (found == OPTION_JSON) {
			cli->json = true;
		} else if (found == OPTION_DRY) {
			cli->dry = true;
		} else if (found == 'h' || found == OPTION_HELP) {
			options_help(cli->command);
			return 0;
		} else { /* getopt has said what is wrong */
			fprintf(stderr, "'pvx %s --help' tells what it takes\n",
				cli->command->name);
			return -1;
		}
	}
	return optind;
}

void options_help(const struct command *command)
{
	printf("Usage: pvx %s%s%s%s\n\n%s.\n", command->name, command->options ? " [OPTIONS]" : "",
	       *command->arguments ? " " : "", command->arguments, command->summary);
	if (command->details) {
		printf("\n%s\n", command->details);
	}
	if (command->options || command->json) {
		printf("\nOptions:\n");
	}
	for (int i = 0; i < option_count(command); i++) {
		const struct cli_option *o = &command->options[i];
		char words[64];

		snprintf(words, sizeof(words), "--%s%s%s", o->name, o->value ? "=" : "",
			 o->value ? o->value : "");
		printf("  %c%c%c %-24s %s\n", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
		       o->letter ? ',' : ' ', words, o->help);
	}
	if (command->json) {
		printf("      %-24s the answer as JSON\n", "--json");
	}
}

void options_list(bool for_programs)
{
	for (int i = 0; commands[i]; i++) {
		if (for_programs) {
			printf("%s\n", commands[i]->name);
		} else {
			printf(" %-20s %s\n", commands[i]->name, commands[i]->summary);
		}
	}
}
