/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where samples come from: this machine, or a file. */
#ifndef TOP_SOURCE_H
#define TOP_SOURCE_H

#include <top/sample.h>

struct source {
	FILE *replay; /* NULL: this machine */
	FILE *record; /* NULL: samples are not kept */
};

/* 1: here is one; 0: the file has no more; -errno with a text. */
int source_next(const struct source *source, struct sample *sample);

#endif
