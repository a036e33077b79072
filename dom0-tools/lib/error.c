/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of the last failure; one to a thread. */
#include <lib/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char text[FAIL_TEXT];

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
	char before[FAIL_TEXT];
	va_list args;
	size_t used;

	va_start(args, format);
	vsnprintf(before, sizeof(before), format, args);
	va_end(args);
	used = strlen(before);
	snprintf(before + used, sizeof(before) - used, ": %.*s", (int)(FAIL_TEXT - 1 - used), text);
	memcpy(text, before, sizeof(text));
	return rc;
}

const char *fail_text(void)
{
	return text;
}

void fail_keep(struct failure *kept)
{
	memcpy(kept->text, text, sizeof(text));
}

void fail_back(const struct failure *kept)
{
	memcpy(text, kept->text, sizeof(text));
}
