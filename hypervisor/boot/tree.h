/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a flattened device tree: nodes and their properties, with a message for each that lies.
 */
#ifndef BOOT_TREE_H
#define BOOT_TREE_H

#include <boot/report.h>
#include <lib/base.h>

/*
 * The tree is read by libfdt, after its fdt_check_full() has walked all of it once: from then on
 * every offset, name and property that libfdt gives lies within the bytes. What properties hold is
 * checked here.
 *
 * A fault is what keeps something from being built, a note what is passed over. Each is one line:
 * the path of the node, the property, how it is, and what is expected. After TREE_LINES_MAX lines
 * they are only counted.
 */
struct tree {
	const void *fdt;
	const struct report *report;
	unsigned faults, notes;
};

struct tree_node {
	struct tree *tree;
	const struct tree_node *parent; /* null: this is the root */
	int offset;
};

#define TREE_LINES_MAX 40
#define TREE_PATH_MAX  128

enum tree_value { TREE_ABSENT, TREE_BAD, TREE_GOOD };

/* Do the bytes begin as a device tree does? */
bool tree_is_one(const uint8_t *bytes, size_t size);

/* False: it is damaged; the reason has been reported. */
bool tree_open(struct tree *tree, const uint8_t *bytes, size_t size, const struct report *report);

/* --- Nodes --------------------------------------------------------------------------------- */

struct tree_node tree_root(struct tree *tree);
bool tree_find_child(const struct tree_node *parent, const char *name, struct tree_node *child);
bool tree_first_child(const struct tree_node *parent, struct tree_node *child);
bool tree_next_child(struct tree_node *child);
bool tree_is_compatible(const struct tree_node *node, const char *with);

#define tree_for_each_child(child, parent)                                           \
	for (bool child##_more = tree_first_child((parent), &(child)); child##_more; \
	     child##_more = tree_next_child(&(child)))

/* Always terminated; a path that is too long loses its head. */
void tree_path(const struct tree_node *node, char path[TREE_PATH_MAX]);

/* --- Properties ---------------------------------------------------------------------------- */

/* Of TREE_BAD the message has been given. `expected` is its end, as in "<high low> in KiB". */
enum tree_value tree_u32(const struct tree_node *node, const char *property, uint32_t *value);
enum tree_value tree_u64(const struct tree_node *node, const char *property, const char *expected,
			 uint64_t *value);
enum tree_value tree_string(const struct tree_node *node, const char *property, const char **value);

/* The bytes as they stand, and how many; null: absent. */
const uint8_t *tree_bytes(const struct tree_node *node, const char *property, size_t *size);
bool tree_has(const struct tree_node *node, const char *property);
uint32_t tree_load32(const uint8_t *bytes); /* big-endian, at any alignment */

/* The name of property number `index`; null: there are no more. Costs as much as the index. */
const char *tree_property_name(const struct tree_node *node, int *cursor);

/* --- Messages ------------------------------------------------------------------------------ */

/* "PATH: PROPERTY STATE; EXPECTED is expected" */
void tree_fault(const struct tree_node *node, const char *property, const char *state,
		const char *expected);
void tree_fault_number(const struct tree_node *node, const char *property, uint64_t value,
		       const char *expected);

/* "PATH: WHY" */
void tree_fault_at(struct tree *tree, const char *path, const char *why);

/* "PATH: WHAT: WHY" */
void tree_note(const struct tree_node *node, const char *what, const char *why);

/* What did not fit into TREE_LINES_MAX. */
void tree_end_messages(const struct tree *tree);

#endif
