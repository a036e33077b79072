/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for the administrator; who links decides where they go. */
#ifndef XS_DAEMON_LOG_H
#define XS_DAEMON_LOG_H

__attribute__((format(printf, 1, 2), nonnull(1))) void log_line(const char *format, ...);

/* From now on to this file, if it can be opened. */
void log_to(const char *path);

#endif
