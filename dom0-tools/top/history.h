/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How busy each domain was, sample by sample. */
#ifndef TOP_HISTORY_H
#define TOP_HISTORY_H

#include <top/columns.h>

#define HISTORY_SIZE 16

struct history {
	struct history_line {
		unsigned int domid;
		bool seen;
		float percent[HISTORY_SIZE]; /* the youngest last */
	} * lines;
	size_t count;
};

void history_add(struct history *history, const struct sample *now, const struct sample *before);
/* HISTORY_SIZE values, or NULL. */
const float *history_of(const struct history *history, unsigned int domid);

#endif
