/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All commands of pvx; each is defined in a cmd_*.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <cli/cli.h>

extern const struct command cmd_console, cmd_create, cmd_destroy, cmd_domid, cmd_domname,
	cmd_domxml_from_native, cmd_domxml_to_native, cmd_help, cmd_info, cmd_list, cmd_pause,
	cmd_unpause, cmd_uptime;

#endif
