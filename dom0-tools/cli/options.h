/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a command line, and telling how it may look. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <cli/cli.h>

/*
 * Reads the options of cli->command, which may stand among its arguments; returns the place of the
 * first argument in argv (reordered), -1 after a message, or 0 if help was asked for and given.
 */
int options_read(struct cli *cli, int argc, char **argv);

void options_help(const struct command *command);
void options_list(bool for_programs); /* all commands */

#endif
