/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of a configuration: for each how its value is read, checked and written. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <config/syntax.h>

struct reader {
	struct domain_config *config;
	struct messages *messages;
};

struct key;

/* How values of a kind are read into their field of the configuration, and written from it. */
struct key_kind {
	bool (*read)(struct reader *reader, const struct key *key, const struct setting *setting);
	void (*write)(const struct domain_config *config, const struct key *key, FILE *out);
};

struct key {
	const char *name;
	const struct key_kind *kind;
	size_t offset; /* of the field in struct domain_config */
	long long least;
	long long most;
	const char *const *words; /* of a choice, by number; ends with NULL */
	const char *note; /* of a key that is not served, or only kept: what becomes of it */
};

extern const struct key config_keys[];
extern const size_t config_key_count;

const struct key *key_find(const char *name);
void key_read(struct reader *reader, const struct key *key, const struct setting *setting);
/* Another name of a key: the key's own name, else the name itself. */
const char *key_canonical(const char *name);

/* The field of a key. */
static inline void *key_field(const struct key *key, struct domain_config *config)
{
	return (char *)config + key->offset;
}

static inline const void *key_value(const struct key *key, const struct domain_config *config)
{
	return (const char *)config + key->offset;
}

/* Kinds in files of their own: lists of devices and ranges. */
extern const struct key_kind cpus_kind, disks_kind, vifs_kind, channels_kind, ioports_kind,
	iomem_kind, irqs_kind, vnodes_kind;

#define wrong(reader, setting, ...) fault_at((reader)->messages, (setting)->place, __VA_ARGS__)

/* A string or number as text; NULL with an error if it is a list. */
const char *value_text(struct reader *reader, const struct setting *setting);
/* The first of a list's items, or the value itself where one alone is allowed, too. */
const struct value *value_items(const struct setting *setting);
/* "0-3,^1" */
void write_cpu_list(const struct cpu_list *list, FILE *out);
/* What the nodes of vnuma= have together: memory, and vCPUs up to the highest of theirs; 0: there
 * are no nodes. */
uint64_t vnodes_kib(const struct domain_config *config);
unsigned int vnodes_vcpus(const struct domain_config *config);
/* Whether that is what the domain has; for a configuration that is complete. */
void vnodes_check(struct reader *reader, const struct setting *vnuma);
/* TEXT with what needs it escaped, and the same in quotes. */
void write_escaped(FILE *out, const char *text);
void write_quoted(FILE *out, const char *text);

#endif
