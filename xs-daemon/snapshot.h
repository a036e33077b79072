/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole state as records, and back. */
#ifndef XS_DAEMON_SNAPSHOT_H
#define XS_DAEMON_SNAPSHOT_H

#include "journal.h"

/* Takes one record of a snapshot; -EINVAL if it cannot be one of ours. */
int snapshot_restore(struct store *store, uint32_t kind, const char *body, size_t length);

/* Before a snapshot: gives up the bases of open transactions. True if there were any. */
bool snapshot_doom(struct store *store);

#endif
