/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line for each domain that is there; the line of one that has gone goes, too. */
#include <stdlib.h>
#include <string.h>
#include <top/history.h>

static struct history_line *line_of(struct history *history, unsigned int domid)
{
	struct history_line *lines;

	for (size_t i = 0; i < history->count; i++) {
		if (history->lines[i].domid == domid) {
			return &history->lines[i];
		}
	}
	lines = realloc(history->lines, (history->count + 1) * sizeof(*lines));
	if (!lines) {
		return NULL;
	}
	history->lines = lines;
	lines[history->count] = (struct history_line){.domid = domid};
	return &lines[history->count++];
}

void history_add(struct history *history, const struct sample *now, const struct sample *before)
{
	size_t kept = 0;

	for (size_t i = 0; i < history->count; i++) {
		history->lines[i].seen = false;
	}
	for (size_t i = 0; i < now->count; i++) {
		struct history_line *line = line_of(history, now->domains[i].domid);
		struct row row = {.now = &now->domains[i],
				  .before = before ? sample_find(before, now->domains[i].domid)
						   : NULL,
				  .sample = now,
				  .elapsed = before ? now->nanoseconds - before->nanoseconds : 0};

		if (line) {
			memmove(line->percent, line->percent + 1,
				(HISTORY_SIZE - 1) * sizeof(*line->percent));
			line->percent[HISTORY_SIZE - 1] = (float)row_cpu_percent(&row);
			line->seen = true;
		}
	}
	for (size_t i = 0; i < history->count; i++) {
		if (history->lines[i].seen) {
			history->lines[kept++] = history->lines[i];
		}
	}
	history->count = kept;
}

const float *history_of(const struct history *history, unsigned int domid)
{
	for (size_t i = 0; i < history->count; i++) {
		if (history->lines[i].domid == domid) {
			return history->lines[i].percent;
		}
	}
	return NULL;
}
