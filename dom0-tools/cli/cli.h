/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command of pvx is one `struct command` in a file of its own or of its family, and one line of
 * the table in commands.c. Its help, its completion and its options are read from that structure.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <xen/xen.h>

/* What pvx exits with; documented in pvx(1). */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,    /* it was tried, and failed */
	EXIT_USAGE = 2,	    /* wrong words on the command line, or in a configuration */
	EXIT_NO_DOMAIN = 3, /* the domain it is about does not exist */
	EXIT_NO_HOST = 4,   /* no hypervisor, no store daemon, or no right to use them */
};

struct cli_option {
	char letter;	   /* 0: it has a name only */
	const char *name;  /* the long one */
	const char *value; /* what its value is called; NULL: it takes none */
	const char *help;
};

#define CLI_OPTIONS_MAX 24

struct cli;

struct command {
	const char *name;
	const char *arguments;		  /* as usage shows them */
	const char *summary;		  /* one line */
	const char *details;		  /* more for --help; may be NULL */
	const struct cli_option *options; /* up to one without name; may be NULL */
	int arguments_min, arguments_max; /* max < 0: any number */
	bool domain;			  /* the first word is one: cli->domid */
	bool json;			  /* takes --json */
	int (*run)(struct cli *cli, int argc, char **argv); /* an EXIT_ code */
};

/* One run of a command. */
struct cli {
	const struct command *command;
	const char *values[CLI_OPTIONS_MAX]; /* by place in command->options; "" for one without
						value */
	domid_t domid;
	bool json;
	bool dry; /* -N before the command, or --dry-run */
};

extern const struct command *const commands[]; /* NULL at the end */

const struct command *command_find(const char *name);

/* An option by its long name: its value, NULL if it was not given. */
const char *cli_option(const struct cli *cli, const char *name);

/* As cli_option(), for a number from 0 to INT_MAX; false with a message if it is none. Not given:
 * `number` stays. */
bool cli_number(const struct cli *cli, const char *name, long *number);

/* Prints the text of the last failure, for a return code of the libraries; returns the exit code.
 */
int cli_failed(const struct cli *cli, int rc);

/* Prints a message and the way to --help; returns EXIT_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The number of a domain given by name or number; below 0 after a message was printed: -exit code.
 */
int cli_domain(const struct cli *cli, const char *name);

#endif
