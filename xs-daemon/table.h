/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An intrusive hash table: entries embed a link, several entries may share one key. */
#ifndef XS_DAEMON_TABLE_H
#define XS_DAEMON_TABLE_H

#include "memory.h"

#include <stddef.h>
#include <stdint.h>

struct link {
	struct link *next, **prev;
	uint64_t hash;
};

struct table {
	struct link **bucket;
	size_t size, count;
};

#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline struct link **table_bucket(const struct table *table, uint64_t hash)
{
	return &table->bucket[(hash ^ hash >> 32) & (table->size - 1)];
}

static inline void table_hang(struct link **head, struct link *link)
{
	link->next = *head;
	link->prev = head;
	if (link->next) {
		link->next->prev = &link->next;
	}
	*head = link;
}

static inline void table_grow(struct table *table)
{
	struct table wider = {.size = table->size ? table->size * 2 : 16, .count = table->count};

	wider.bucket = memory_zeroed(wider.size, sizeof(*wider.bucket));
	for (size_t i = 0; i < table->size; i++) {
		for (struct link *link = table->bucket[i], *next; link; link = next) {
			next = link->next;
			table_hang(table_bucket(&wider, link->hash), link);
		}
	}
	free(table->bucket);
	*table = wider;
}

static inline void table_insert(struct table *table, struct link *link, uint64_t hash)
{
	if (table->count >= table->size) {
		table_grow(table);
	}
	link->hash = hash;
	table_hang(table_bucket(table, hash), link);
	table->count++;
}

static inline void table_remove(struct table *table, struct link *link)
{
	*link->prev = link->next;
	if (link->next) {
		link->next->prev = link->prev;
	}
	table->count--;
}

/* The next entry with this hash from `link` on; the caller compares the keys. */
static inline struct link *table_seek(struct link *link, uint64_t hash)
{
	while (link && link->hash != hash) {
		link = link->next;
	}
	return link;
}

static inline struct link *table_find(const struct table *table, uint64_t hash)
{
	return table->size ? table_seek(*table_bucket(table, hash), hash) : NULL;
}

/* Hash of bytes that continues from `hash`, so that all prefixes of a path cost one pass. */
static inline uint64_t table_hash(uint64_t hash, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3ULL;
	}
	return hash;
}

static inline uint64_t table_hash_number(uint64_t number)
{
	number *= 0x9e3779b97f4a7c15ULL;
	return number ^ number >> 29;
}

#endif
