/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors and warnings about a file, one line each, kept until the caller prints them. */
#ifndef CONFIG_MESSAGES_H
#define CONFIG_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Where something was said; a line of 0 is not printed. */
struct place {
	const char *file;
	unsigned int line;
};

enum message_kind { MESSAGE_ERROR, MESSAGE_WARNING };

struct messages {
	char *text; /* lines: "FILE:LINE: error: ..." */
	size_t size;
	FILE *stream; /* into text */
	unsigned int errors;
	unsigned int warnings;
};

/* False after an error, as the value of the reader that met it. */
bool messages_add(struct messages *messages, enum message_kind kind, struct place place,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
void messages_free(struct messages *messages);

/*
 * The one of `count` names, the first at `names` and each `stride` bytes after the one before,
 * that is most like `word`; NULL if none is near enough to have been meant.
 */
const char *nearest_name(const char *word, const char *const *names, size_t count, size_t stride);

#endif
