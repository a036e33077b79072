/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of columns: what each shows of a domain, how wide, and how rows are ordered by it. */
#ifndef TOP_COLUMNS_H
#define TOP_COLUMNS_H

#include <top/sample.h>

/* A domain now and, for what is per second, in the sample before (NULL: there was none). */
struct row {
	const struct domain_sample *now;
	const struct domain_sample *before;
	const struct sample *sample;
	uint64_t elapsed; /* nanoseconds between the two */
};

struct column {
	const char *title;
	int width;
	const char *key; /* in JSON; NULL: not there */
	int decimals;
	double (*value)(const struct row *row); /* NULL: ordered by the text */
	void (*text)(const struct row *row, char *text, size_t size); /* NULL: the value */
};

extern const struct column columns[];
extern const size_t column_count;
enum { COLUMN_NAME, COLUMN_STATE, COLUMN_CPU_SECONDS, COLUMN_CPU };

/* What a column shows of a row, not padded. */
void column_text(const struct column *column, const struct row *row, char *text, size_t size);
double row_cpu_percent(const struct row *row);
/* 6 letters: dying, shut down, blocked, crashed, paused, running. */
void row_state(const struct row *row, char text[7]);

/*
 * The rows of a sample in the order of a column, or by number for -1; only those whose names have
 * `filter` in them. To be freed.
 */
struct row *rows_make(const struct sample *now, const struct sample *before, int column,
		      const char *filter, size_t *count);

/* -1 if there is no such column. */
int column_find(const char *title);

#endif
