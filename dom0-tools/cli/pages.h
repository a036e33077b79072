/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Man pages and completions, made from the table of commands when pvx is built. */
#ifndef CLI_PAGES_H
#define CLI_PAGES_H

#include <cli/cli.h>

/* The page of a command; of NULL that of pvx itself. */
void page_print(const struct command *command);
/* For "bash" or "zsh"; false for another shell. */
bool completion_print(const char *shell);

#endif
