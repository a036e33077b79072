/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages, and the name that a misspelt word was likely meant to be. */
#include <config/messages.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 40

bool messages_add(struct messages *messages, enum message_kind kind, struct place place,
		  const char *format, ...)
{
	va_list args;

	if (!messages->stream) {
		messages->stream = open_memstream(&messages->text, &messages->size);
	}
	if (!messages->stream) {
		perror(place.file);
		exit(EXIT_FAILURE);
	}
	fputs(place.file, messages->stream);
	if (place.line) {
		fprintf(messages->stream, ":%u", place.line);
	}
	fputs(kind == MESSAGE_ERROR ? ": error: " : ": warning: ", messages->stream);
	va_start(args, format);
	vfprintf(messages->stream, format, args);
	va_end(args);
	fputc('\n', messages->stream);
	fflush(messages->stream);
	if (kind == MESSAGE_ERROR) {
		messages->errors++;
	} else {
		messages->warnings++;
	}
	return kind != MESSAGE_ERROR;
}

void messages_free(struct messages *messages)
{
	if (messages->stream) {
		fclose(messages->stream);
		free(messages->text);
	}
	*messages = (struct messages){0};
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many letters have to be inserted, removed or replaced to make one word of the other. */
static unsigned int distance(const char *from, const char *to)
{
	unsigned int row[WORD_MAX + 1];
	size_t length = strlen(to);

	if (length > WORD_MAX || strlen(from) > WORD_MAX) {
		return WORD_MAX;
	}
	for (unsigned int j = 0; j <= length; j++) {
		row[j] = j;
	}
	for (unsigned int i = 1; from[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int j = 1; j <= length; j++) {
			unsigned int above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + (from[i - 1] != to[j - 1]));
			diagonal = above;
		}
	}
	return row[length];
}

const char *nearest_name(const char *word, const char *const *names, size_t count, size_t stride)
{
	unsigned int least = (unsigned int)(strlen(word) / 3) + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *name = *(const char *const *)((const char *)names + i * stride);
		unsigned int far = distance(word, name);

		if (far < least || (far == least && !nearest)) {
			least = far;
			nearest = name;
		}
	}
	return nearest;
}
