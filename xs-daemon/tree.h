/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of nodes: persistent, structure-sharing, counted references.
 *
 * A node's children are a treap ordered by name whose heap order is a keyed hash of the name, so
 * that its shape depends on its content alone and no guest can choose it. `left` and `right` lead
 * to siblings, `children` to the root of the next level; each of these edges holds one reference.
 *
 * Invariants:
 *  - a node that two edges (or an edge and a snapshot) refer to never changes;
 *  - to change a node, every node on the way from the root is *owned* first: it is replaced by a
 *    copy if its count is above one. Without an open transaction nothing is ever copied.
 * A snapshot is therefore one more reference to the root, and two roots that are the same pointer
 * are the same tree.
 *
 * Paths given to these functions are canonical: "/" or "/a/b".
 */
#ifndef XS_DAEMON_TREE_H
#define XS_DAEMON_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RIGHT_READ = 1,
	RIGHT_WRITE = 2,
	RIGHT_OWNER = 4,
};

struct permission {
	uint32_t domid;
	uint32_t rights;
};

/* The first entry names the owner, and the rights of all who are not named. Never changes. */
struct permissions {
	uint32_t references;
	uint32_t count;
	uint64_t generation; /* of the store, when they were set */
	struct permission entry[];
};

struct node {
	uint32_t references;
	uint32_t priority;
	struct node *left, *right, *children;
	struct permissions *permissions;
	uint64_t generation; /* of the store, when value, permissions or set of children changed */
	uint32_t sibling_bytes; /* names and their NULs in this sub-treap */
	uint16_t name_length, value_length;
	char bytes[]; /* the name, a NUL, the value */
};

static inline const char *node_value(const struct node *node)
{
	return node->bytes + node->name_length + 1;
}

static inline uint32_t node_owner(const struct node *node)
{
	return node->permissions->entry[0].domid;
}

static inline uint32_t node_child_bytes(const struct node *node)
{
	return node->children ? node->children->sibling_bytes : 0;
}

struct permissions *permissions_new(const struct permission *entry, uint32_t count,
				    uint64_t generation);
struct permissions *permissions_get(struct permissions *permissions);
void permissions_put(struct permissions *permissions);

/* The key of the treaps' heap order; set once, before the first node. */
void tree_seed(uint64_t seed);

struct node *tree_new(struct permissions *permissions);
struct node *tree_get(struct node *root);
void tree_put(struct node *root);

/* The node, or NULL; *depth_found, if not NULL, is how much of the path exists ("/a" of "/a/b/c").
 */
const struct node *tree_find(const struct node *root, const char *path);
const struct node *tree_find_nearest(const struct node *root, const char *path, size_t *found);

/* The edge to an existing node, which the caller may now change through node_set_*(). */
struct node **tree_own(struct node **root, const char *path);
void node_set_value(struct node **edge, const void *value, size_t length);
void node_set_permissions(struct node *owned, struct permissions *permissions);

/* A new empty child of an owned node, which has none of that name; returns the edge to it. */
struct node **node_insert(struct node *owned, const char *name, size_t length,
			  struct permissions *permissions);

/* Takes an existing child out of an owned node; the caller has its reference now. */
struct node *node_remove(struct node *owned, const char *name, size_t length);

/* Calls visit for each child in order of names until it returns false. */
typedef bool node_visit(const struct node *child, void *context);
bool node_each(const struct node *node, node_visit *visit, void *context);

/* The child at byte `offset` of the list of names, and where its name begins in it. */
const struct node *node_child_at(const struct node *node, uint32_t offset, uint32_t *begins);

#endif
