/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocation that cannot fail, and a byte queue. A daemon without memory stops: its journal has the
 * state, and the one that systemd starts next goes on from there.
 */
#ifndef XS_DAEMON_MEMORY_H
#define XS_DAEMON_MEMORY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline void *memory_checked(void *memory)
{
	if (!memory) {
		abort();
	}
	return memory;
}

static inline void *memory_new(size_t size)
{
	return memory_checked(malloc(size));
}

static inline void *memory_zeroed(size_t count, size_t size)
{
	return memory_checked(calloc(count, size));
}

static inline void *memory_resized(void *memory, size_t size)
{
	return memory_checked(realloc(memory, size));
}

static inline char *memory_string(const char *text)
{
	return memory_checked(strdup(text));
}

/* Bytes [start, end) of data are queued. */
struct buffer {
	char *data;
	size_t start, end, capacity;
};

static inline size_t buffer_length(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

static inline char *buffer_bytes(const struct buffer *buffer)
{
	return buffer->data + buffer->start;
}

/* Room for `length` more bytes at the end; what was there keeps its order. */
static inline char *buffer_reserve(struct buffer *buffer, size_t length)
{
	if (buffer->end + length > buffer->capacity && buffer->start > 0) {
		memmove(buffer->data, buffer_bytes(buffer), buffer_length(buffer));
		buffer->end -= buffer->start;
		buffer->start = 0;
	}
	if (buffer->end + length > buffer->capacity) {
		buffer->capacity = (buffer->end + length) * 2;
		buffer->data = memory_resized(buffer->data, buffer->capacity);
	}
	return buffer->data + buffer->end;
}

static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length) {
		memcpy(buffer_reserve(buffer, length), bytes, length);
		buffer->end += length;
	}
}

static inline void buffer_consume(struct buffer *buffer, size_t length)
{
	buffer->start += length;
	if (buffer->start == buffer->end) {
		buffer->start = buffer->end = 0;
	}
}

static inline void buffer_release(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

#endif
