/* SPDX-License-Identifier: MIT */
/* Text from a format and values: a line for the console, or a string in a buffer. */
#ifndef PV_FORMAT_H
#define PV_FORMAT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct pv_line {
	char text[240];
	size_t used;
};

static inline void pv_line_put(struct pv_line *line, char c)
{
	if (line->used < sizeof(line->text)) {
		line->text[line->used++] = c;
	}
}

static inline void pv_line_number(struct pv_line *line, uint64_t value, unsigned int base,
				  int width)
{
	char digits[20];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n < width && n < (int)sizeof(digits)) {
		digits[n++] = '0';
	}
	while (n) {
		pv_line_put(line, digits[--n]);
	}
}

static inline void pv_line_signed(struct pv_line *line, int64_t value, int width)
{
	if (value < 0) {
		pv_line_put(line, '-');
	}
	pv_line_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width);
}

/* %d %u %x (with l, and with a width that pads with zeros), %s, %c, %p, %%. */
static inline void pv_line_format(struct pv_line *line, const char *format, va_list args)
{
	for (; *format; format++) {
		int width = 0, wide = 0;

		if (*format != '%') {
			pv_line_put(line, *format);
			continue;
		}
		for (format++; *format >= '0' && *format <= '9'; format++) {
			width = width * 10 + (*format - '0');
		}
		for (; *format == 'l'; format++) {
			wide = 1;
		}
		switch (*format) {
		case 'd':
			pv_line_signed(line, wide ? va_arg(args, long) : va_arg(args, int), width);
			break;
		case 'u':
		case 'x':
			pv_line_number(line,
				       wide ? va_arg(args, unsigned long)
					    : va_arg(args, unsigned int),
				       *format == 'x' ? 16 : 10, width);
			break;
		case 'p':
			pv_line_number(line, (uintptr_t)va_arg(args, void *), 16, 16);
			break;
		case 'c':
			pv_line_put(line, (char)va_arg(args, int));
			break;
		case 's':
			for (const char *s = va_arg(args, const char *); *s; s++) {
				pv_line_put(line, *s);
			}
			break;
		default:
			pv_line_put(line, *format);
			break;
		}
	}
}

__attribute__((format(printf, 2, 3))) static inline void pv_line_add(struct pv_line *line,
								     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pv_line_format(line, format, args);
	va_end(args);
}

/* A string in `to`, cut where it does not fit; its whole length. */
__attribute__((format(printf, 3, 4))) static inline size_t pv_format(char *to, size_t size,
								     const char *format, ...)
{
	struct pv_line line;
	va_list args;
	size_t i;

	line.used = 0;
	va_start(args, format);
	pv_line_format(&line, format, args);
	va_end(args);
	for (i = 0; i < line.used && i + 1 < size; i++) {
		to[i] = line.text[i];
	}
	to[i] = 0;
	return line.used;
}

static inline size_t pv_length(const char *text)
{
	size_t length = 0;

	while (text[length]) {
		length++;
	}
	return length;
}

static inline int pv_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The number a text begins with, in decimal digits. */
static inline unsigned long pv_number(const char *text)
{
	unsigned long number = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		number = number * 10 + (unsigned long)(*text - '0');
	}
	return number;
}

#endif
