/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To the background as by daemon(3), but whoever started the program waits until it serves. */
#ifndef XS_DAEMON_BACKGROUND_H
#define XS_DAEMON_BACKGROUND_H

/* Goes on in the background; what was started ends when that is ready, or fails if it ends before.
 * -1: errno says why not. */
int background_begin(void);
void background_ready(void);

#endif
