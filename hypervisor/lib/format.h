/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of printf formatting that messages need. */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Like snprintf: writes at most size - 1 characters and a null, returns the length the whole text
 * has. Knows %d %i %u %x %X %s %c %p %%, the flags - 0 #, a width, a precision for %s, either of
 * them as *, and the lengths l, ll, z, h, hh. Of an unknown conversion the letter is written.
 */
size_t format_text(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t format_text_v(char *to, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

#endif
