/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pvx-top's screen looks like. */
#ifndef TOP_DRAW_H
#define TOP_DRAW_H

#include <top/history.h>
#include <top/view.h>

struct screen {
	struct view view;
	double delay;
	struct sample now, before;
	long taken; /* samples so far */
	struct history history;
	int first;  /* column behind the name */
	int scroll; /* lines of the table above its window */
	bool help;
	char prompt; /* '/' for the filter, 'd' for the delay, 0 none */
	char typed[FILTER_SIZE];
};

void draw_colours(void);
void draw(struct screen *screen);
/* The column whose title is at a place of the screen, -1 if none is. */
int draw_column_at(const struct screen *screen, int y, int x);

#endif
