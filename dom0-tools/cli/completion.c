/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts for bash and zsh. What an argument may be is told by the words that usage has for it:
 * DOMAIN, FILE, KEY=VALUE and so on; the scripts ask pvx for the names that there are.
 */
#include <cli/commands.h>
#include <cli/pages.h>
#include <config/keys.h>
#include <stdio.h>
#include <string.h>

/* What can be completed, by the word of usage; the name is that of a function in the scripts. */
static const struct {
	const char *word;
	const char *name;
} kinds[] = {
	{"DOMAIN", "domains"},	 {"FILE", "files"},	{"KEY=VALUE", "keys"},
	{"COMMAND", "commands"}, {"xen-xl", "formats"},
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static bool has_kind(const char *text, size_t kind)
{
	return text && strstr(text, kinds[kind].word);
}

/* The keys that are read, as "name= ". */
static void print_keys(void)
{
	for (size_t i = 0; i < config_key_count; i++) {
		if (config_keys[i].kind->write) {
			printf("%s= ", config_keys[i].name);
		}
	}
}

static void print_command_names(void)
{
	for (int i = 0; commands[i]; i++) {
		printf("%s ", commands[i]->name);
	}
}

/* Options of a command, or of those that take values only the ones that do. */
static void print_options(const struct command *command, bool with_value, bool of_file)
{
	for (const struct cli_option *o = command->options; o && o->name; o++) {
		if ((with_value && !o->value) || (of_file && !has_kind(o->value, 1))) {
			continue;
		}
		if (o->letter) {
			printf("-%c ", o->letter);
		}
		printf("--%s%s ", o->name, !with_value && o->value ? "=" : "");
	}
	if (!with_value) {
		fputs(command->json ? "--help --json" : "--help", stdout);
	}
}

static const char bash_head[] =
	"# bash completion for pvx; made by `pvx help --completion=bash`\n"
	"_pvx_domains() { pvx list 2>/dev/null | sed '1d; s/ .*//'; }\n"
	"_pvx() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal command= options= values= files= kinds= words= i kind\n"
	"\tCOMPREPLY=()\n"
	"\t[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\t[[ $cur == = ]] && cur=\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\t[[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }\n"
	"\tdone\n"
	"\tcase $command in\n";

static const char bash_tail[] =
	"'\n"
	"\tif [[ \" $values\" == *\" $prev \"* ]]; then\n"
	"\t\t[[ \" $files\" == *\" $prev \"* ]] && COMPREPLY=($(compgen -f -- \"$cur\"))\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif [[ $cur == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	"\t\t[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tfor kind in $kinds; do\n"
	"\t\tcase $kind in\n"
	"\t\tdomains) words+=\" $(_pvx_domains)\" ;;\n"
	"\t\tcommands) words+=\" $(pvx help --names)\" ;;\n"
	"\t\tformats) words+=\" xen-xl xen-xm\" ;;\n"
	"\t\tkeys) words+=\" $keys\"; compopt -o nospace ;;\n"
	"\t\tfiles) COMPREPLY+=($(compgen -f -- \"$cur\")); compopt -o filenames ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tCOMPREPLY+=($(compgen -W \"$words\" -- \"$cur\"))\n"
	"}\n"
	"complete -F _pvx pvx\n";

static void print_bash(void)
{
	fputs(bash_head, stdout);
	printf("\t'') options='-v -f -N -t -T --json --help' words='");
	print_command_names();
	printf("' ;;\n");
	for (int i = 0; commands[i]; i++) {
		printf("\t%s)\n\t\toptions='", commands[i]->name);
		print_options(commands[i], false, false);
		printf("' values='");
		print_options(commands[i], true, false);
		printf("' files='");
		print_options(commands[i], true, true);
		printf("' kinds='");
		for (size_t kind = 0; kind < KINDS; kind++) {
			printf("%s",
			       has_kind(commands[i]->arguments, kind) ? kinds[kind].name : "");
			printf("%s", has_kind(commands[i]->arguments, kind) ? " " : "");
		}
		printf("' ;;\n");
	}
	fputs("\tesac\n\tlocal keys='", stdout);
	print_keys();
	fputs(bash_tail, stdout);
}

/* Text inside '...[...]': quotes, brackets and colons mean something to zsh. */
static void print_zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'') {
			fputs("'\\''", stdout);
		} else if (strchr("[]:\\", *text)) {
			printf("\\%c", *text);
		} else {
			putchar(*text);
		}
	}
}

static void print_zsh_option(const struct cli_option *o)
{
	char letter[3] = {'-', o->letter, '\0'};

	for (int form = o->letter ? 0 : 1; form < 2; form++) {
		printf(" \\\n\t\t\t'%s%s%s[", form ? "--" : letter, form ? o->name : "",
		       !o->value ? ""
		       : form	 ? "="
				 : "+");
		print_zsh_text(o->help);
		putchar(']');
		if (o->value) {
			printf(":%s:%s", has_kind(o->value, 1) ? "file" : "value",
			       has_kind(o->value, 1) ? "_files" : " ");
		}
		putchar('\'');
	}
}

static void print_zsh_command(const struct command *command)
{
	printf("\t%s)\n\t\t_arguments -S '--help[what it takes]'", command->name);
	if (command->json) {
		printf(" '--json[the answer as JSON]'");
	}
	for (const struct cli_option *o = command->options; o && o->name; o++) {
		print_zsh_option(o);
	}
	printf(" \\\n\t\t\t'*::argument:_pvx_any");
	for (size_t kind = 0; kind < KINDS; kind++) {
		if (has_kind(command->arguments, kind)) {
			printf(" %s", kinds[kind].name);
		}
	}
	printf("'\n\t\t;;\n");
}

static void print_zsh(void)
{
	fputs("#compdef pvx\n# zsh completion for pvx; made by `pvx help --completion=zsh`\n"
	      "_pvx_any() {\n\tlocal kind\n\tfor kind; do\n\t\tcase $kind in\n"
	      "\t\tdomains) compadd -- ${(f)\"$(pvx list 2>/dev/null | sed '1d; s/ .*//')\"} ;;\n"
	      "\t\tcommands) compadd -- ${(f)\"$(pvx help --names)\"} ;;\n"
	      "\t\tformats) compadd -- xen-xl xen-xm ;;\n\t\tfiles) _files ;;\n\t\tkeys) compadd -S '' -- ",
	      stdout);
	print_keys();
	fputs(";;\n\t\tesac\n\tdone\n}\nlocal state line\nlocal -a commands\ncommands=(\n", stdout);
	for (int i = 0; commands[i]; i++) {
		printf("\t'%s:", commands[i]->name);
		print_zsh_text(commands[i]->summary);
		printf("'\n");
	}
	fputs(")\n_arguments -C '-N[dry run]' '--json[answers as JSON]' \\\n"
	      "\t'1:command:->command' '*::argument:->argument'\n"
	      "case $state in\ncommand) _describe command commands ;;\nargument)\n\tcase $words[1] in\n",
	      stdout);
	for (int i = 0; commands[i]; i++) {
		print_zsh_command(commands[i]);
	}
	fputs("\tesac\nesac\n", stdout);
}

bool completion_print(const char *shell)
{
	if (strcmp(shell, "bash") == 0) {
		print_bash();
	} else if (strcmp(shell, "zsh") == 0) {
		print_zsh();
	} else {
		return false;
	}
	return true;
}
