/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mem* and str* functions that are the same on every machine. */
#include <lib/string.h>
#include <stdint.h>

/* These return a pointer into what they were promised not to change: the C library's interface. */
#define WRITABLE(pointer) ((void *)(uintptr_t)(pointer))

int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (size_t i = 0; i < bytes; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}

void *memchr(const void *where, int byte, size_t bytes)
{
	const unsigned char *from = where;

	for (size_t i = 0; i < bytes; i++) {
		if (from[i] == (unsigned char)byte) {
			return WRITABLE(from + i);
		}
	}
	return NULL;
}

size_t strnlen(const char *text, size_t limit)
{
	size_t length = 0;

	while (length < limit && text[length]) {
		length++;
	}
	return length;
}

size_t strlen(const char *text)
{
	return strnlen(text, (size_t)-1);
}

int strncmp(const char *a, const char *b, size_t limit)
{
	for (size_t i = 0; i < limit; i++) {
		unsigned char x = (unsigned char)a[i];
		unsigned char y = (unsigned char)b[i];

		if (x != y) {
			return x < y ? -1 : 1;
		}
		if (!x) {
			break;
		}
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, (size_t)-1);
}

char *strchr(const char *text, int c)
{
	for (;; text++) {
		if (*text == (char)c) {
			return WRITABLE(text);
		}
		if (!*text) {
			return NULL;
		}
	}
}

char *strrchr(const char *text, int c)
{
	const char *last = NULL;

	do {
		if (*text == (char)c) {
			last = text;
		}
	} while (*text++);
	return WRITABLE(last);
}
