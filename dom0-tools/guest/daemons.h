/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemons that guests rely on: whether they run, and starting those that do not. systemd starts
 * them again by itself; where there is none `pvx doctor --repair` does.
 */
#ifndef GUEST_DAEMONS_H
#define GUEST_DAEMONS_H

#include <stdbool.h>

bool daemons_store_runs(void);

/* Starts pvx-stored, by systemd where that is; it serves when this returns 0. */
int daemons_start_store(void);

/* Any that serves consoles: pvx-consoled or the stock one. */
bool daemons_console_runs(void);
int daemons_start_console(void);

#endif
