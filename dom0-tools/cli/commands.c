/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of commands, in the order in which `pvx help` shows them. */
#include <cli/commands.h>
#include <string.h>

const struct command *const commands[] = {
	&cmd_console,
	&cmd_create,
	&cmd_destroy,
	&cmd_list,
	&cmd_info,
	&cmd_domid,
	&cmd_domname,
	&cmd_uptime,
	&cmd_pause,
	&cmd_unpause,
	&cmd_domxml_from_native,
	&cmd_domxml_to_native,
	&cmd_help,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (int i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			return commands[i];
		}
	}
	return NULL;
}
