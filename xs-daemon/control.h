/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CONTROL: what an administrator asks of the daemon. */
#ifndef XS_DAEMON_CONTROL_H
#define XS_DAEMON_CONTROL_H

#include "store.h"

/* Sizes, counts, and a line for each domain. */
void control_report(struct store *store, struct buffer *text);

/* Recounts nodes and memory of all owners; false if an account is wrong, with a line in the log. */
bool control_check(struct store *store);

#endif
