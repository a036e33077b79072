/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The syntax of xl.cfg files: `key = value` pairs whose values are strings, numbers and lists. */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include <config/config.h>

enum value_kind { VALUE_STRING, VALUE_NUMBER, VALUE_LIST };

struct value {
	enum value_kind kind;
	struct place place;
	const char *text;    /* of a string, without its quotes; of a number, as written */
	struct value *items; /* of a list */
	struct value *next;  /* in the list that this is in */
};

struct setting {
	const char *key;
	struct place place;
	struct value *value;
	bool add; /* += */
	struct setting *next;
};

/* The bytes of a file; false with a message. */
bool source_read_file(struct arena *arena, const char *path, struct config_source *source,
		      struct messages *messages);
struct config_source source_of_arguments(struct arena *arena, const char *const *arguments,
					 size_t count);

/* The settings of a source, in order; NULL with messages where it breaks the syntax. */
struct setting *syntax_parse(const struct config_source *source, struct arena *arena,
			     struct messages *messages);

/* What is left to do when a configuration comes from something else than sources. */
void config_defaults(struct domain_config *config);
/* Reads each setting, each key once; `place` is for what is missing. */
bool config_apply(struct domain_config *config, struct setting *settings, struct place place,
		  struct messages *messages);

#endif
