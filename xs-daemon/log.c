/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's log: standard error, which systemd keeps, or a file. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

static FILE *file;

void log_to(const char *path)
{
	FILE *opened = fopen(path, "ae");

	if (opened) {
		FILE *old = file;

		file = opened;
		if (old) {
			fclose(old);
		}
	}
}

void log_line(const char *format, ...)
{
	FILE *out = file ? file : stderr;
	va_list args;

	va_start(args, format);
	fputs("pvx-stored: ", out);
	vfprintf(out, format, args);
	fputc('\n', out);
	fflush(out);
	va_end(args);
}
