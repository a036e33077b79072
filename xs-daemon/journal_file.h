/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's file: memory mapped, so that a record costs no system call. */
#ifndef XS_DAEMON_JOURNAL_FILE_H
#define XS_DAEMON_JOURNAL_FILE_H

#include "journal.h"

/* Fills an empty store from the file, if there is one. 1: it did, 0: there is none, or -errno. */
int journal_file_recover(const char *path, struct store *store);

/* Writes a snapshot to a new file, and puts it in place of the old one when it is whole. */
int journal_file_compact(const char *path, struct journal *journal, struct store *store);

#endif
