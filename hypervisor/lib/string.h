/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mem* and str* functions that the compiler assumes and we use; a host has its own. */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#if __STDC_HOSTED__
#include <string.h>
#else

#include <stddef.h>

/* arch/: each machine has its own fast way. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

int memcmp(const void *a, const void *b, size_t bytes);
void *memchr(const void *where, int byte, size_t bytes);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
char *strchr(const char *text, int c);
char *strrchr(const char *text, int c);

#endif

#endif
