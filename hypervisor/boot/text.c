/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of text that need no terminating zero: comparing, cutting, numbers. */
#include <boot/text.h>

struct text text_of(const char *start, size_t limit)
{
	size_t size = 0;

	while (size < limit && start[size] != '\0') {
		size++;
	}
	return (struct text){start, size};
}

bool text_starts(struct text text, const char *prefix)
{
	for (size_t i = 0; prefix[i] != '\0'; i++) {
		if (i == text.size || text.start[i] != prefix[i]) {
			return false;
		}
	}
	return true;
}

bool text_skip(struct text *text, const char *prefix)
{
	if (!text_starts(*text, prefix)) {
		return false;
	}
	while (*prefix++ != '\0') {
		text->start++;
		text->size--;
	}
	return true;
}

bool text_is(struct text text, const char *word)
{
	return text_skip(&text, word) && text.size == 0;
}

struct text text_cut(struct text *rest, char separator)
{
	struct text head = {rest->start, 0};

	while (head.size < rest->size && rest->start[head.size] != separator) {
		head.size++;
	}
	rest->start += head.size;
	rest->size -= head.size;
	if (rest->size) {
		rest->start++;
		rest->size--;
	}
	return head;
}

/* 16 and more are no digits of any base. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return (unsigned int)(c - '0');
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 16;
}

bool text_number(struct text text, uint64_t *value)
{
	unsigned int base = 10;
	uint64_t sum = 0;

	if (text_skip(&text, "0x") || text_skip(&text, "0X")) {
		base = 16;
	} else if (text.size > 1 && text.start[0] == '0') {
		base = 8;
	}
	if (text.size == 0) {
		return false;
	}
	for (size_t i = 0; i < text.size; i++) {
		unsigned int digit = digit_value(text.start[i]);

		if (digit >= base || __builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum)) {
			return false;
		}
	}
	*value = sum;
	return true;
}

bool text_bytes(struct text text, uint64_t *bytes)
{
	static const char suffixes[] = "bkmgt";
	unsigned int shift = 10;
	uint64_t value;

	/* "b" is also a hexadecimal digit: 0x1b is a number, in kilobytes. */
	if (text.size &&
	    !(text_starts(text, "0x") && digit_value(text.start[text.size - 1]) < 16)) {
		char last = (char)(text.start[text.size - 1] | 0x20);

		for (unsigned int i = 0; suffixes[i] != '\0'; i++) {
			if (suffixes[i] == last) {
				shift = 10 * i;
				text.size--;
				break;
			}
		}
	}
	if (!text_number(text, &value) || value > UINT64_MAX >> shift) {
		return false;
	}
	*bytes = value << shift;
	return true;
}

bool text_find_word(const char *const *words, struct text text, uint8_t *index)
{
	for (uint8_t i = 0; words[i]; i++) {
		if (text_is(text, words[i])) {
			*index = i;
			return true;
		}
	}
	return false;
}

bool text_truth(struct text text, bool *value)
{
	static const char *const truths[] = {"yes", "on", "true", "enable", "1", NULL};
	static const char *const denials[] = {"no", "off", "false", "disable", "0", NULL};
	uint8_t index;

	if (text_find_word(truths, text, &index)) {
		*value = true;
		return true;
	}
	if (text_find_word(denials, text, &index)) {
		*value = false;
		return true;
	}
	return false;
}

bool text_switch(struct text text, const char *name, bool *value)
{
	struct text word = text_cut(&text, '=');
	bool denied = text_skip(&word, "no-");

	if (!text_is(word, name) || (denied && text.size)) {
		return false;
	}
	*value = !denied;
	return !text.size || text_truth(text, value);
}
