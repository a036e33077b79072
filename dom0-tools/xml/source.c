/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements, attributes and texts of XML, and what is made of them in xl.cfg's terms. */
#include <string.h>
#include <xml/source.h>

struct place source_place(const struct source *source, const xmlNode *node)
{
	return (struct place){source->file, (unsigned int)xmlGetLineNo(node)};
}

bool node_is(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

xmlNode *node_next(xmlNode *node, const char *name)
{
	while (node && (node->type != XML_ELEMENT_NODE || (name && !node_is(node, name)))) {
		node = node->next;
	}
	return node;
}

xmlNode *node_child(xmlNode *node, const char *name)
{
	return node ? node_next(node->children, name) : NULL;
}

static const char *kept(struct source *source, xmlChar *text)
{
	const char *copy = NULL;

	if (text) {
		const char *start = (const char *)text;
		size_t size;

		start += strspn(start, " \t\r\n");
		for (size = strlen(start); size && strchr(" \t\r\n", start[size - 1]); size--) {
		}
		copy = arena_text(source->arena, start, size);
		xmlFree(text);
	}
	return copy;
}

const char *source_attribute(struct source *source, xmlNode *node, const char *name)
{
	return node ? kept(source, xmlGetProp(node, (const xmlChar *)name)) : NULL;
}

const char *source_text(struct source *source, xmlNode *node)
{
	return node ? kept(source, xmlNodeGetContent(node)) : NULL;
}

struct setting *source_setting(struct source *source, const char *key, const xmlNode *node)
{
	struct setting **link = &source->settings;

	while (*link && strcmp((*link)->key, key) != 0) {
		link = &(*link)->next;
	}
	if (!*link) {
		*link = arena_alloc(source->arena, sizeof(**link));
		(*link)->key = key;
		(*link)->place = source_place(source, node);
		(*link)->value = arena_alloc(source->arena, sizeof(struct value));
		(*link)->value->place = (*link)->place;
	}
	return *link;
}

void source_set(struct source *source, const char *key, const xmlNode *node, const char *text)
{
	if (text) {
		source_setting(source, key, node)->value->text = text;
	}
}

struct value *source_item(struct source *source, struct value *list, const xmlNode *node)
{
	struct value **end = &list->items;

	while (*end) {
		end = &(*end)->next;
	}
	list->kind = VALUE_LIST;
	*end = arena_alloc(source->arena, sizeof(**end));
	(*end)->place = source_place(source, node);
	return *end;
}

void source_add(struct source *source, const char *key, const xmlNode *node, const char *text)
{
	source_item(source, source_setting(source, key, node)->value, node)->text = text;
}

const char *source_mib(struct source *source, xmlNode *node, const char *text)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {{"b", 1},		{"bytes", 1},	    {"KB", 1000},
		     {"k", 1 << 10},	{"KiB", 1 << 10},   {"MB", 1000000},
		     {"M", 1 << 20},	{"MiB", 1 << 20},   {"GB", 1000000000},
		     {"G", 1 << 30},	{"GiB", 1 << 30},   {"TB", 1000000000000},
		     {"T", 1ULL << 40}, {"TiB", 1ULL << 40}};
	const char *unit = source_attribute(source, node, "unit");
	unsigned long long number;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(unit ? unit : "KiB", units[i].name) == 0 &&
		    number_parse(text, 10, (1ULL << 53) / units[i].bytes, &number)) {
			number = (number * units[i].bytes + (1 << 20) - 1) >> 20;
			return arena_print(source->arena, "%llu", number);
		}
	}
	source_refuse(source, node,
		      "<%s unit='%s'>%s; accepted: a number of b, KiB, MiB, GiB or TiB", node->name,
		      unit ? unit : "", text);
	return NULL;
}

const char *source_join(struct source *source, const char *text, const char *name,
			const char *value)
{
	if (value && strchr(value, ',') && strcmp(name, "target") != 0) {
		messages_add(source->messages, MESSAGE_ERROR, source->device,
			     "%s=%s: a comma cannot be said here", name, value);
	}
	return value ? arena_print(source->arena, "%s%s%s=%s", text, *text ? ", " : "", name, value)
		     : text;
}
