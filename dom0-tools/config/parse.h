/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of keys and of devices share. */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include <config/config.h>

/* An error at a place; its value is false, as that of the reader that says it. */
#define fault_at(messages, place, ...) messages_add(messages, MESSAGE_ERROR, place, __VA_ARGS__)

/* One part of a comma-separated specification: "key=value", or a word alone in `key`. */
struct spec_part {
	const char *key;
	const char *value; /* NULL without = */
};

/*
 * Takes the next part off *rest: blanks around key and value are dropped. The value of `tail`
 * (NULL: of none) is the whole rest of the text. False at the end.
 */
bool spec_next(struct arena *arena, const char **rest, const char *tail, struct spec_part *part);

/* Decimal, octal or hexadecimal, within limits. */
bool number_parse(const char *text, int base, unsigned long long max, unsigned long long *number);
/* The place of `word` among words that end with NULL, -1 if it is none of them. */
int word_index(const char *const *words, const char *word);
/* The words as a message lists them: "a, b, c". */
const char *word_list(struct arena *arena, const char *const *words);
extern const char *const disk_backend_names[]; /* by enum disk_backend */

/* "10Mb/s@50ms" */
bool rate_parse(const char *text, uint64_t *bytes, uint32_t *usecs);
bool channel_parse(struct arena *arena, const char *text, struct place place,
		   struct channel_config *channel, struct messages *messages);

#endif
