/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that go over the domains given, or over all. */
#ifndef CLI_SEVERAL_H
#define CLI_SEVERAL_H

#include <cli/cli.h>
#include <lib/domain.h>

typedef int several_call(struct cli *cli, const domain_info_t *info, const char *name,
			 void *context);

/*
 * Calls with each domain named, or with each there is; goes on after one that fails. With --json
 * the calls are within one array. The exit code.
 */
int several_domains(struct cli *cli, int argc, char **argv, several_call *call, void *context);

/* The same for commands that act on domains' numbers and print nothing. */
int several_act(struct cli *cli, int argc, char **argv, int (*act)(domid_t domid));

#endif
