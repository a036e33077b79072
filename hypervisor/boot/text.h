/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of text that need no terminating zero: comparing, cutting, numbers. */
#ifndef BOOT_TEXT_H
#define BOOT_TEXT_H

#include <lib/base.h>

struct text {
	const char *start;
	size_t size;
};

/* For a report's "%.*s". */
#define TEXT_ARGS(text) (int)MIN((text).size, (size_t)256), (text).start

/* The text up to the first zero byte, or to limit if there is none before. */
struct text text_of(const char *start, size_t limit);

bool text_is(struct text text, const char *word);
bool text_starts(struct text text, const char *prefix);

/* Whether prefix was there; if so it is cut off. */
bool text_skip(struct text *text, const char *prefix);

/* Cuts off and returns what is before the first separator, which goes too; else all of it. */
struct text text_cut(struct text *rest, char separator);

/* The whole text as a number: decimal, 0x hexadecimal or 0 octal; false if it is not one. */
bool text_number(struct text text, uint64_t *value);

/* A number with a suffix B, K, M, G or T in either case; kilobytes without one. */
bool text_bytes(struct text text, uint64_t *bytes);

/* The place of the text in a list of words that ends with NULL. */
bool text_find_word(const char *const *words, struct text text, uint8_t *index);

/* yes on true enable 1, no off false disable 0. */
bool text_truth(struct text text, bool *value);

/* A word in a list: name, no-name, or name=yes and whatever else is true or not. */
bool text_switch(struct text text, const char *name, bool *value);

#endif
