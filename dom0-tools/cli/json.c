/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing JSON. */
#include <cli/json.h>
#include <inttypes.h>
#include <stdio.h>

#define DEPTH_MAX 16

static struct {
	char closing[DEPTH_MAX];
	bool filled[DEPTH_MAX]; /* something is in it already */
	int depth;
} json;

static void quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			printf("\\%c", c);
		} else if (c < 0x20) {
			printf("\\u%04x", c);
		} else {
			putchar(c);
		}
	}
	putchar('"');
}

static void begin(const char *key)
{
	if (json.filled[json.depth]) {
		putchar(',');
	}
	if (json.depth) {
		printf("\n%*s", 4 * json.depth, "");
	}
	json.filled[json.depth] = true;
	if (key) {
		quoted(key);
		printf(": ");
	}
}

void json_open(const char *key, char bracket)
{
	begin(key);
	putchar(bracket);
	json.depth++;
	json.closing[json.depth] = bracket == '{' ? '}' : ']';
	json.filled[json.depth] = false;
}

void json_close(void)
{
	bool filled = json.filled[json.depth];
	char closing = json.closing[json.depth--];

	if (filled) {
		printf("\n%*s", 4 * json.depth, "");
	}
	putchar(closing);
	if (!json.depth) {
		putchar('\n');
		json.filled[0] = false;
	}
}

void json_string(const char *key, const char *value)
{
	begin(key);
	if (value) {
		quoted(value);
	} else {
		printf("null");
	}
}

void json_number(const char *key, int64_t value)
{
	begin(key);
	printf("%" PRId64, value);
}

void json_real(const char *key, double value)
{
	begin(key);
	printf("%.3f", value);
}

void json_bool(const char *key, bool value)
{
	begin(key);
	printf("%s", value ? "true" : "false");
}
