/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the boot parsers say what is wrong: one line at a time, to whoever called them. */
#ifndef BOOT_REPORT_H
#define BOOT_REPORT_H

#include <stdarg.h>

/*
 * The parsers run in the hypervisor, in tools and in host tests, which print in different ways.
 * Formats use %s %.*s %c %u %x %lu %lx only; a line comes without its newline.
 */
struct report {
	void (*line)(void *context, const char *format, va_list args);
	void *context;
};

/* A null report is silence. */
__attribute__((format(printf, 2, 3))) static inline void report_line(const struct report *report,
								     const char *format, ...)
{
	va_list args;

	if (!report) {
		return;
	}
	va_start(args, format);
	report->line(report->context, format, args);
	va_end(args);
}

#endif
