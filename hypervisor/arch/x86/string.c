/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying and filling with the processor's string instructions: eight bytes a step, then the rest.
 */
#include <lib/string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	void *d = to;
	size_t words = bytes / 8;

	asm volatile("rep movsq" : "+D"(d), "+S"(from), "+c"(words) : : "memory");
	bytes %= 8;
	asm volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(bytes) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	unsigned char *d;
	const unsigned char *s;

	if ((size_t)to - (size_t)from >= bytes) {
		return memcpy(to, from, bytes); /* ascending never overtakes what is yet to read */
	}
	d = (unsigned char *)to + bytes - 1;
	s = (const unsigned char *)from + bytes - 1;
	asm volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(bytes) : : "memory");
	return to;
}

void *memset(void *to, int byte, size_t bytes)
{
	unsigned long pattern = (unsigned char)byte * 0x0101010101010101UL;
	void *d = to;
	size_t words = bytes / 8;

	asm volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
	bytes %= 8;
	asm volatile("rep stosb" : "+D"(d), "+c"(bytes) : "a"(pattern) : "memory");
	return to;
}
