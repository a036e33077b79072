/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a configuration: of a file, and of the arguments behind it. */
#include <config/parse.h>
#include <config/syntax.h>

#include <errno.h>
#include <string.h>

#define FILE_MAX (1 << 20)

bool source_read_file(struct arena *arena, const char *path, struct config_source *source,
		      struct messages *messages)
{
	struct place place = {path, 0};
	char *bytes = arena_alloc(arena, FILE_MAX);
	FILE *file = fopen(path, "r");
	bool whole;

	if (!file) {
		return fault_at(messages, place, "%s", strerror(errno));
	}
	*source = (struct config_source){.name = path, .bytes = bytes};
	source->size = fread(bytes, 1, FILE_MAX, file);
	whole = feof(file) && !ferror(file);
	fclose(file);
	return whole ||
	       fault_at(messages, place, "cannot be read, or has more than %d bytes", FILE_MAX);
}

struct config_source source_of_arguments(struct arena *arena, const char *const *arguments,
					 size_t count)
{
	size_t size = 0, used = 0;
	char *text;

	for (size_t i = 0; i < count; i++) {
		size += strlen(arguments[i]) + 1;
	}
	text = arena_alloc(arena, size + 1);
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(arguments[i]);

		memcpy(text + used, arguments[i], length);
		text[used + length] = '\n';
		used += length + 1;
	}
	return (struct config_source){"arguments", text, size, true};
}
