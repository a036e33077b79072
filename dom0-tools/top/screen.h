/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx-top on a terminal. */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include <top/source.h>
#include <top/view.h>

/* Until the user has enough, or after so many samples (0: any number); 0 or -errno with a text. */
int screen_run(const struct source *source, const struct view *view, double delay, long samples);

#endif
