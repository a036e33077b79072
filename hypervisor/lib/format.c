/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of printf formatting that messages need: no floating point, no allocation, no locale. */
#include <lib/base.h>
#include <lib/format.h>
#include <lib/string.h>

struct output {
	char *to;
	size_t size;
	size_t length; /* of the whole text, whether it fits or not */
};

/* One conversion: %[-0#][width][.precision][hh|h|l|ll|z]letter */
struct spec {
	bool left;
	bool zero;
	bool prefix;
	size_t width;
	size_t precision; /* SIZE_MAX: none */
	unsigned bytes;	  /* of the integer argument */
	char letter;
};

static void put(struct output *out, char c)
{
	if (out->length + 1 < out->size) {
		out->to[out->length] = c;
	}
	out->length++;
}

static void put_many(struct output *out, char c, size_t count)
{
	while (count--) {
		put(out, c);
	}
}

/* `head` (a sign or 0x) stays in front of zeroes, and behind spaces. */
static void put_field(struct output *out, const struct spec *spec, const char *head,
		      const char *text, size_t length)
{
	size_t used = strlen(head) + length;
	size_t fill = spec->width > used ? spec->width - used : 0;

	if (!spec->left && !spec->zero) {
		put_many(out, ' ', fill);
	}
	while (*head) {
		put(out, *head++);
	}
	if (!spec->left && spec->zero) {
		put_many(out, '0', fill);
	}
	while (length--) {
		put(out, *text++);
	}
	if (spec->left) {
		put_many(out, ' ', fill);
	}
}

static void put_number(struct output *out, const struct spec *spec, const char *head,
		       uint64_t value, unsigned base)
{
	const char *digits = spec->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[20]; /* 2^64 has 20 decimal digits */
	size_t at = sizeof(text);

	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value);
	put_field(out, spec, head, text + at, sizeof(text) - at);
}

static const char *parse_count(const char *f, size_t *count, va_list *args)
{
	if (*f == '*') {
		int given = va_arg(*args, int);

		*count = given > 0 ? (size_t)given : 0;
		return f + 1;
	}
	for (*count = 0; *f >= '0' && *f <= '9'; f++) {
		*count = *count * 10 + (size_t)(*f - '0');
	}
	return f;
}

static const char *parse_length(const char *f, unsigned *bytes)
{
	*bytes = sizeof(int);
	if (*f == 'z' || *f == 'l') {
		*bytes = sizeof(long);
		f += f[0] == 'l' && f[1] == 'l' ? 2 : 1;
	} else if (*f == 'h') {
		*bytes = f[1] == 'h' ? sizeof(char) : sizeof(short);
		f += f[1] == 'h' ? 2 : 1;
	}
	return f;
}

static const char *parse_spec(const char *f, struct spec *spec, va_list *args)
{
	*spec = (struct spec){.precision = SIZE_MAX};
	for (;; f++) {
		if (*f == '-') {
			spec->left = true;
		} else if (*f == '0') {
			spec->zero = true;
		} else if (*f == '#') {
			spec->prefix = true;
		} else {
			break;
		}
	}
	f = parse_count(f, &spec->width, args);
	if (*f == '.') {
		f = parse_count(f + 1, &spec->precision, args);
	}
	f = parse_length(f, &spec->bytes);
	spec->letter = *f;
	return *f ? f + 1 : f;
}

static void put_signed(struct output *out, const struct spec *spec, va_list *args)
{
	int64_t value = spec->bytes == sizeof(long) ? va_arg(*args, long) : va_arg(*args, int);

	if (spec->bytes < sizeof(int)) {
		value = spec->bytes == 1 ? (signed char)value : (short)value;
	}
	put_number(out, spec, value < 0 ? "-" : "", value < 0 ? -(uint64_t)value : (uint64_t)value,
		   10);
}

static void put_unsigned(struct output *out, const struct spec *spec, va_list *args)
{
	uint64_t value = spec->bytes == sizeof(long) ? va_arg(*args, unsigned long)
						     : va_arg(*args, unsigned int);
	const char *head = "";

	if (spec->bytes < sizeof(int)) {
		value &= BIT(8 * spec->bytes) - 1;
	}
	if (spec->prefix && value && spec->letter != 'u') {
		head = spec->letter == 'X' ? "0X" : "0x";
	}
	put_number(out, spec, head, value, spec->letter == 'u' ? 10 : 16);
}

static void put_string(struct output *out, struct spec *spec, const char *text)
{
	if (!text) {
		text = "(null)";
	}
	spec->zero = false;
	put_field(out, spec, "", text, strnlen(text, spec->precision));
}

static void put_conversion(struct output *out, struct spec *spec, va_list *args)
{
	char c;

	switch (spec->letter) {
	case 'd':
	case 'i':
		put_signed(out, spec, args);
		break;
	case 'u':
	case 'x':
	case 'X':
		put_unsigned(out, spec, args);
		break;
	case 'p':
		put_number(out, spec, "0x", (uint64_t)va_arg(*args, void *), 16);
		break;
	case 's':
		put_string(out, spec, va_arg(*args, const char *));
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		spec->zero = false;
		put_field(out, spec, "", &c, 1);
		break;
	default: /* %% and what we do not know */
		if (spec->letter) {
			put(out, spec->letter);
		}
		break;
	}
}

size_t format_text_v(char *to, size_t size, const char *format, va_list args)
{
	struct output out = {.to = to, .size = size};
	struct spec spec;
	va_list rest;

	va_copy(rest, args);
	while (*format) {
		if (*format != '%') {
			put(&out, *format++);
			continue;
		}
		format = parse_spec(format + 1, &spec, &rest);
		put_conversion(&out, &spec, &rest);
	}
	va_end(rest);
	if (size) {
		to[MIN(out.length, size - 1)] = '\0';
	}
	return out.length;
}

size_t format_text(char *to, size_t size, const char *format, ...)
{
	va_list args;
	size_t length;

	va_start(args, format);
	length = format_text_v(to, size, format, args);
	va_end(args);
	return length;
}
