/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of pvx dtb that have files of their own. */
#ifndef CLI_CMD_DTB_H
#define CLI_CMD_DTB_H

#include <cli/cli.h>
#include <dtb/dtb.h>

/* argv ends with NULL; the values are EXIT_ codes. */
int dtb_make_run(struct cli *cli, char **argv);
int dtb_attach_run(struct cli *cli, char **argv);

#endif
