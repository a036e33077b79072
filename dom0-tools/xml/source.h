/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain XML that is being read, and the settings that are made of it. */
#ifndef XML_SOURCE_H
#define XML_SOURCE_H

#include <config/parse.h>
#include <config/syntax.h>
#include <libxml/tree.h>

struct source {
	const char *file;
	struct arena *arena;
	struct messages *messages;
	struct setting *settings;
	struct place device; /* that is being read */
};

#define source_warn(source, node, ...) \
	messages_add((source)->messages, MESSAGE_WARNING, source_place(source, node), __VA_ARGS__)
#define source_refuse(source, node, ...) \
	messages_add((source)->messages, MESSAGE_ERROR, source_place(source, node), __VA_ARGS__)

bool node_is(const xmlNode *node, const char *name);
/* The next element of that name from `node` on; NULL: of any name. */
xmlNode *node_next(xmlNode *node, const char *name);
xmlNode *node_child(xmlNode *node, const char *name);

struct place source_place(const struct source *source, const xmlNode *node);
/* An attribute, or the text of an element; NULL if it is not there. */
const char *source_attribute(struct source *source, xmlNode *node, const char *name);
const char *source_text(struct source *source, xmlNode *node);

/* The setting of a key, made if it is not there. */
struct setting *source_setting(struct source *source, const char *key, const xmlNode *node);
void source_set(struct source *source, const char *key, const xmlNode *node, const char *text);
/* One more item of a list, and of a key that has a list. */
struct value *source_item(struct source *source, struct value *list, const xmlNode *node);
void source_add(struct source *source, const char *key, const xmlNode *node, const char *text);
/* One more option of a specification; only a target, which is the last, may have a comma. */
const char *source_join(struct source *source, const char *text, const char *name,
			const char *value);

/*
 * An element's number in its unit='MB', KiB if there is none, as whole MiB, which is what xl.cfg
 * has, and never less than said; NULL with an error.
 */
const char *source_mib(struct source *source, xmlNode *node, const char *text);

/* What stands below <devices>, and below <numa>. */
void source_devices(struct source *source, xmlNode *devices);
void source_numa(struct source *source, xmlNode *numa);

#endif
