/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be shown, and the text of it; the same for a terminal and for scripts. */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include <top/columns.h>

#define FILTER_SIZE 64

struct view {
	int sort; /* a column; -1: by number */
	bool full_names;
	bool vcpus, nets, disks;
	bool repeat_header;
	char filter[FILTER_SIZE];
};

/* Of the column of names, for all rows of a sample. */
#define NAME_WIDTH_MAX 128
int view_name_width(const struct view *view, const struct sample *sample);

/* The titles, and one row. */
void view_header(const struct view *view, const struct sample *sample, char *line, size_t size);
void view_row(const struct view *view, const struct row *row, char *line, size_t size);

/* Calls `line` for each line about the vCPUs, networks and disks of a domain. */
void view_details(const struct view *view, const struct domain_sample *domain,
		  void (*line)(void *context, const char *text), void *context);

/* A batch of text as xentop prints it, or a value of JSON. */
void batch_print(const struct view *view, const struct sample *now, const struct sample *before);
void batch_json(const struct view *view, const struct sample *now, const struct sample *before);

#endif
