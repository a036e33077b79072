/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/format against the C library: fixed cases, every flag and width, and cut-off output. */
#include "tap.h"

#include <lib/format.h>
#include <limits.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-truncation"

/* Both write the same text and return the same length, in a large and in a small buffer. */
#define same(...)                                                                       \
	do {                                                                            \
		char ours[128], libc[128];                                              \
		char cut[8] = "xxxxxxx", libc_cut[8];                                   \
		size_t length = format_text(ours, sizeof(ours), __VA_ARGS__);           \
		size_t expected = (size_t)snprintf(libc, sizeof(libc), __VA_ARGS__);    \
		format_text(cut, sizeof(cut), __VA_ARGS__);                             \
		snprintf(libc_cut, sizeof(libc_cut), __VA_ARGS__);                      \
		ok(length == expected && !strcmp(ours, libc) && !strcmp(cut, libc_cut), \
		   "\"%s\" is \"%s\"", ours, libc);                                     \
	} while (0)

static void fixed(void)
{
	same("plain");
	same("%s", "");
	same("%%");
	same("%d %d %d", 0, INT_MIN, INT_MAX);
	same("%i|%5i|%-5i|%05i", -42, -42, -42, -42);
	same("%u", UINT_MAX);
	same("%ld %lld", LONG_MIN, LLONG_MAX);
	same("%lu %zu", ULONG_MAX, (size_t)7);
	same("%x %X %lx", 0xbeefu, 0xbeefu, 0x123456789abcdefUL);
	same("%#x %#x %#lx %#X", 0u, 1u, 0xffff830000000000UL, 0xau);
	same("%016lx", 0xffff82d0UL);
	same("%#018lx", 0xffff82d0UL);
	same("%hhu %hu %hhd %hd", (unsigned char)200, (unsigned short)60000, (signed char)-3,
	     (short)-300);
	same("%hhx", 0x1ff);
	same("[%s] [%10s] [%-10s]", "abc", "abc", "abc");
	same("[%.*s] [%.2s] [%8.3s]", 2, "abc", "abc", "abcdef");
	same("%c%c[%3c][%-3c]", 'a', 'b', 'c', 'd');
	same("%p", (void *)0x1234);
	same("[%20p]", (void *)0x1234);
	same("%-*d|%*d", 6, 12, 6, 12);
}

static void grid(void)
{
	static const char *const flags[] = {"", "-", "0", "#", "-#", "0#"};
	static const char letters[] = "duxX";
	bool good = true;

	for (unsigned i = 0; i < 6 * 4 * 24; i++) {
		unsigned long value = i % 5 ? 0x9e3779b97f4a7c15UL * i : 0;
		char letter = letters[i / 6 % 4];
		char spec[16], ours[64], libc[64];

		/* # with d and u is undefined in C */
		snprintf(spec, sizeof(spec), "%%%s%ul%c",
			 flags[letter == 'd' || letter == 'u' ? i % 3 : i % 6], i / 24, letter);
		format_text(ours, sizeof(ours), spec, value);
		snprintf(libc, sizeof(libc), spec, value);
		if (strcmp(ours, libc)) {
			printf("# %s: ours \"%s\", libc \"%s\"\n", spec, ours, libc);
			good = false;
		}
	}
	ok(good, "flags x widths x letters agree");
}

static void edges(void)
{
	char buffer[4] = "abc";
	const char *volatile nothing = NULL;

	is_int(format_text(buffer, 0, "%d", 12345), 5, "size 0 counts");
	ok(!strcmp(buffer, "abc"), "and writes nothing");
	is_int(format_text(NULL, 0, "%s", "four"), 4, "no buffer at all");
	is_int(format_text(buffer, 1, "x"), 1, "size 1");
	ok(buffer[0] == '\0', "holds the null alone");
	is_int(format_text(buffer, sizeof(buffer), "%s", nothing), 6, "null string");
	ok(!strcmp(buffer, "(nu"), "is named");
}

int main(void)
{
	fixed();
	grid();
	edges();
	return done_testing();
}
