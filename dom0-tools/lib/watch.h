/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for something in the store. */
#ifndef LIB_WATCH_H
#define LIB_WATCH_H

#include <stdint.h>

/* Milliseconds since some moment, for deadlines. */
int64_t watch_clock(void);

/*
 * Calls done(context) first and then after each event at path, until it is not 0: then returns 0 if
 * it was above, or it. -ETIMEDOUT, without a text, after so many seconds (0: never).
 */
int watch_until(const char *path, int (*done)(void *), void *context, unsigned int seconds);

#endif
