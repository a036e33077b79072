/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of the last failure; one to a thread. */
#include <lib/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 1024

static _Thread_local char text[TEXT_SIZE];

int fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return -error;
}

int fail_errno(int error, const char *format, ...)
{
	va_list args;
	size_t used;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	used = strlen(text);
	snprintf(text + used, sizeof(text) - used, ": %s", strerror(error));
	return -error;
}

int fail_in(int rc, const char *format, ...)
{
	char before[TEXT_SIZE];
	va_list args;
	size_t used;

	va_start(args, format);
	vsnprintf(before, sizeof(before), format, args);
	va_end(args);
	used = strlen(before);
	snprintf(before + used, sizeof(before) - used, ": %.*s", (int)(TEXT_SIZE - 1 - used), text);
	memcpy(text, before, sizeof(text));
	return rc;
}

const char *fail_text(void)
{
	return text;
}
