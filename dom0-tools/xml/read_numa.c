/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <cpu><numa>: its cells as the nodes of vnuma=. */
#include <xml/source.h>

#define LOCAL  10 /* distances where nothing is said */
#define REMOTE 20

struct distances {
	unsigned int to[VNODES_MAX][VNODES_MAX]; /* 0: not said */
};

static void read_distances(struct source *source, xmlNode *cell, unsigned int *to)
{
	xmlNode *at = node_child(node_child(cell, "distances"), "sibling");

	for (; at; at = node_next(at->next, "sibling")) {
		const char *id = source_attribute(source, at, "id");
		const char *value = source_attribute(source, at, "value");
		unsigned long long sibling, distance;

		if (id && value && number_parse(id, 10, VNODES_MAX - 1, &sibling) &&
		    number_parse(value, 10, 255, &distance)) {
			to[sibling] = (unsigned int)distance;
		} else {
			source_refuse(
				source, at,
				"<sibling>; accepted: <sibling id='CELL' value='10 to 255'/>");
		}
	}
}

/* Said one way it is the same the other way. */
static unsigned int distance(const struct distances *d, unsigned int from, unsigned int to)
{
	return d->to[from][to]	 ? d->to[from][to]
	       : d->to[to][from] ? d->to[to][from]
	       : from == to	 ? LOCAL
				 : REMOTE;
}

static void add_option(struct source *source, struct value *node, xmlNode *cell, const char *name,
		       const char *value)
{
	if (value) {
		source_item(source, node, cell)->text =
			arena_print(source->arena, "%s=%s", name, value);
	}
}

/* XML does not say of which of the machine's nodes one is: of the first, which there is. */
static void add_node(struct source *source, xmlNode *cell, const struct distances *d,
		     unsigned int number, unsigned int count)
{
	struct value *list = source_setting(source, "vnuma", cell)->value;
	struct value *node = source_item(source, list, cell);
	const char *size = source_attribute(source, cell, "memory");
	const char *text = "";

	node->kind = VALUE_LIST;
	for (unsigned int i = 0; i < count; i++) {
		text = arena_print(source->arena, "%s%s%u", text, i ? "," : "",
				   distance(d, number, i));
	}
	add_option(source, node, cell, "pnode", "0");
	add_option(source, node, cell, "size", size ? source_mib(source, cell, size) : NULL);
	add_option(source, node, cell, "vcpus", source_attribute(source, cell, "cpus"));
	add_option(source, node, cell, "vdistances", text);
}

void source_numa(struct source *source, xmlNode *numa)
{
	static const struct distances none;
	struct distances distances = none;
	unsigned int count = 0, number = 0;

	for (xmlNode *at = node_child(numa, "cell"); at; at = node_next(at->next, "cell")) {
		const char *id = source_attribute(source, at, "id");
		unsigned long long said = count;

		if (id && (!number_parse(id, 10, VNODES_MAX - 1, &said) || said != count)) {
			source_refuse(source, at,
				      "<cell id='%s'>; accepted: 0, 1 and so on in order", id);
		}
		if (count == VNODES_MAX) {
			source_refuse(source, at, "<cell>: one too many; accepted: up to %d",
				      VNODES_MAX);
			return;
		}
		read_distances(source, at, distances.to[count++]);
	}
	for (xmlNode *at = node_child(numa, "cell"); at; at = node_next(at->next, "cell")) {
		add_node(source, at, &distances, number++, count);
	}
}
