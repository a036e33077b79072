/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values in text: numbers, sizes, rates, addresses, parts of specifications. */
#include <config/parse.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KIB_MAX (UINT64_C(1) << 43)

bool number_parse(const char *text, int base, unsigned long long max, unsigned long long *number)
{
	char *end;

	if (!isxdigit((unsigned char)*text)) {
		return false;
	}
	errno = 0;
	*number = strtoull(text, &end, base);
	return end != text && *end == '\0' && errno == 0 && *number <= max;
}

int word_index(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0) {
			return i;
		}
	}
	return -1;
}

const char *word_list(struct arena *arena, const char *const *words)
{
	const char *list = words[0];

	for (size_t i = 1; words[i]; i++) {
		list = arena_print(arena, "%s, %s", list, words[i]);
	}
	return list;
}

bool memory_parse(const char *text, char unit, uint64_t *kib)
{
	static const char units[] = "bkmgt";
	size_t digits = strspn(text, "0123456789");
	const char *shift;
	unsigned long long number;
	char *end;

	if (strncmp(text, "0x", 2) == 0) {
		digits = 2 + strspn(text + 2, "0123456789abcdefABCDEF");
	}
	if (text[digits]) {
		unit = (char)tolower((unsigned char)text[digits]);
		if (text[digits + 1]) {
			return false;
		}
	}
	shift = strchr(units, unit);
	errno = 0;
	number = strtoull(text, &end, 0);
	if (digits == 0 || !shift || errno || end != text + digits) {
		return false;
	}
	if (*shift == 'b') {
		*kib = number / 1024;
		return true;
	}
	*kib = number << (10 * (shift - units - 1));
	return number <= KIB_MAX >> (10 * (shift - units - 1));
}

bool mac_parse(const char *text, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++, text += 3) {
		char digits[3] = "";

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i < 5 ? ':' : '\0')) {
			return false;
		}
		memcpy(digits, text, 2);
		mac[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return true;
}

bool uuid_parse(const char *text, uint8_t uuid[16])
{
	for (int i = 0; i < 16; i++, text += 2) {
		char digits[3] = "";

		if (*text == '-' && (i == 4 || i == 6 || i == 8 || i == 10)) {
			text++;
		}
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1])) {
			return false;
		}
		memcpy(digits, text, 2);
		uuid[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return *text == '\0';
}

/* The number that *text starts with; *text is moved behind it. */
static bool leading_number(const char **text, uint64_t max, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)**text)) {
		return false;
	}
	errno = 0;
	*number = strtoull(*text, &end, 10);
	*text = end;
	return errno == 0 && *number <= max;
}

static bool after(const char **text, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(*text, word, size) != 0) {
		return false;
	}
	*text += size;
	return true;
}

/* "10Mb/s", "250KB/s", "1MB/s@20ms". */
bool rate_parse(const char *text, uint64_t *bytes, uint32_t *usecs)
{
	uint64_t rate;
	uint64_t interval = 50;
	uint64_t scale = 1000;

	if (!leading_number(&text, UINT64_C(1) << 32, &rate)) {
		return false;
	}
	rate *= after(&text, "G")   ? 1000000000
		: after(&text, "M") ? 1000000
		: after(&text, "K") ? 1000
				    : 1;
	if (after(&text, "b")) {
		rate /= 8;
	} else if (!after(&text, "B")) {
		return false;
	}
	if (!after(&text, "/s")) {
		return false;
	}
	if (after(&text, "@")) {
		if (!leading_number(&text, 1000000, &interval)) {
			return false;
		}
		scale = after(&text, "us")   ? 1
			: after(&text, "ms") ? 1000
			: after(&text, "s")  ? 1000000
					     : 0;
	}
	interval *= scale;
	if (*text || interval == 0 || interval > UINT32_MAX || rate == 0) {
		return false;
	}
	*usecs = (uint32_t)interval;
	*bytes = rate / 1000000 * interval + rate % 1000000 * interval / 1000000;
	return *bytes > 0 && *bytes <= UINT32_MAX;
}

static const char *trimmed(struct arena *arena, const char *start, const char *end)
{
	while (start < end && isspace((unsigned char)*start)) {
		start++;
	}
	while (start < end && isspace((unsigned char)end[-1])) {
		end--;
	}
	return arena_text(arena, start, (size_t)(end - start));
}

bool spec_next(struct arena *arena, const char **rest, const char *tail, struct spec_part *part)
{
	const char *start = *rest;
	const char *end;
	const char *equals;

	if (!start) {
		return false;
	}
	end = strchrnul(start, ',');
	equals = memchr(start, '=', (size_t)(end - start));
	*rest = *end ? end + 1 : NULL;
	part->key = trimmed(arena, start, equals ? equals : end);
	part->value = equals ? trimmed(arena, equals + 1, end) : NULL;
	if (equals && tail && strcmp(part->key, tail) == 0) {
		part->value = equals + 1;
		*rest = NULL;
	}
	return true;
}
