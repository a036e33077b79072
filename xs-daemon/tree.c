/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The persistent tree of nodes: see tree.h. */
#include "tree.h"

#include "memory.h"
#include "table.h"

static uint64_t heap_seed = 0xcbf29ce484222325ULL;

void tree_seed(uint64_t seed)
{
	heap_seed = seed;
}

struct permissions *permissions_new(const struct permission *entry, uint32_t count,
				    uint64_t generation)
{
	struct permissions *made = memory_new(sizeof(*made) + count * sizeof(*entry));

	*made = (struct permissions){.references = 1, .count = count, .generation = generation};
	memcpy(made->entry, entry, count * sizeof(*entry));
	return made;
}

struct permissions *permissions_get(struct permissions *permissions)
{
	permissions->references++;
	return permissions;
}

void permissions_put(struct permissions *permissions)
{
	if (permissions && --permissions->references == 0) {
		free(permissions);
	}
}

/* Order of names: as bytes, a prefix first. */
static int name_compare(const char *name, size_t length, const struct node *node)
{
	size_t common = length < node->name_length ? length : node->name_length;
	int order = memcmp(name, node->bytes, common);

	return order ? order : (int)length - (int)node->name_length;
}

static uint32_t bytes_of(const struct node *sub)
{
	return sub ? sub->sibling_bytes : 0;
}

static void sum_bytes(struct node *node)
{
	node->sibling_bytes = bytes_of(node->left) + bytes_of(node->right) + node->name_length + 1;
}

static struct node *node_new(const char *name, size_t length, struct permissions *permissions)
{
	struct node *node = memory_new(sizeof(*node) + length + 1);
	uint64_t hash = table_hash(heap_seed, name, length);

	*node = (struct node){
		.references = 1,
		.priority = (uint32_t)(table_hash_number(hash ^ heap_seed >> 17) >> 32),
		.permissions = permissions_get(permissions),
		.name_length = (uint16_t)length,
		.sibling_bytes = (uint32_t)length + 1,
	};
	memcpy(node->bytes, name, length);
	node->bytes[length] = '\0';
	return node;
}

struct node *tree_new(struct permissions *permissions)
{
	return node_new("", 0, permissions);
}

struct node *tree_get(struct node *root)
{
	if (root) {
		root->references++;
	}
	return root;
}

void tree_put(struct node *root)
{
	while (root && --root->references == 0) {
		struct node *right = root->right;

		tree_put(root->left);
		tree_put(root->children);
		permissions_put(root->permissions);
		free(root);
		root = right;
	}
}

/* Makes the node behind an edge the only one with that content, so that it may change. */
static struct node *own(struct node **edge)
{
	struct node *node = *edge;
	size_t size;

	if (node->references == 1) {
		return node;
	}
	size = sizeof(*node) + node->name_length + 1u + node->value_length;
	*edge = memcpy(memory_new(size), node, size);
	(*edge)->references = 1;
	tree_get(node->left);
	tree_get(node->right);
	tree_get(node->children);
	permissions_get(node->permissions);
	node->references--;
	return *edge;
}

static const struct node *child_find(const struct node *node, const char *name, size_t length)
{
	const struct node *sub = node->children;

	while (sub) {
		int order = name_compare(name, length, sub);

		if (order == 0) {
			break;
		}
		sub = order < 0 ? sub->left : sub->right;
	}
	return sub;
}

const struct node *tree_find_nearest(const struct node *root, const char *path, size_t *found)
{
	const char *name = path + 1;

	*found = 0;
	while (*name) {
		const char *end = strchrnul(name, '/');
		const struct node *child = child_find(root, name, (size_t)(end - name));

		if (!child) {
			return root;
		}
		root = child;
		*found = (size_t)(end - path);
		name = *end ? end + 1 : end;
	}
	*found = strlen(path);
	return root;
}

const struct node *tree_find(const struct node *root, const char *path)
{
	size_t found;
	const struct node *node = tree_find_nearest(root, path, &found);

	return path[found] ? NULL : node;
}

struct node **tree_own(struct node **root, const char *path)
{
	struct node **edge = root;
	const char *name = path + 1;

	own(edge);
	while (*name) {
		const char *end = strchrnul(name, '/');
		int order;

		edge = &(*edge)->children;
		while ((order = name_compare(name, (size_t)(end - name), own(edge))) != 0) {
			edge = order < 0 ? &(*edge)->left : &(*edge)->right;
		}
		name = *end ? end + 1 : end;
	}
	return edge;
}

void node_set_value(struct node **edge, const void *value, size_t length)
{
	struct node *node = *edge;

	if (length > node->value_length) {
		node = memory_resized(node, sizeof(*node) + node->name_length + 1u + length);
		*edge = node;
	}
	node->value_length = (uint16_t)length;
	if (length) {
		memcpy(node->bytes + node->name_length + 1, value, length);
	}
}

void node_set_permissions(struct node *owned, struct permissions *permissions)
{
	permissions_get(permissions);
	permissions_put(owned->permissions);
	owned->permissions = permissions;
}

/* Cuts a sub-treap into the names before and after `name`, which is not in it. */
static void split(struct node *sub, const struct node *at, struct node **before,
		  struct node **after)
{
	if (!sub) {
		*before = *after = NULL;
		return;
	}
	own(&sub);
	if (name_compare(at->bytes, at->name_length, sub) < 0) {
		split(sub->left, at, before, &sub->left);
		*after = sub;
	} else {
		split(sub->right, at, &sub->right, after);
		*before = sub;
	}
	sum_bytes(sub);
}

static struct node *merge(struct node *before, struct node *after)
{
	if (!before || !after) {
		return before ? before : after;
	}
	if (before->priority >= after->priority) {
		own(&before);
		before->right = merge(before->right, after);
		sum_bytes(before);
		return before;
	}
	own(&after);
	after->left = merge(before, after->left);
	sum_bytes(after);
	return after;
}

struct node **node_insert(struct node *owned, const char *name, size_t length,
			  struct permissions *permissions)
{
	struct node *made = node_new(name, length, permissions);
	struct node **edge = &owned->children;

	while (*edge && (*edge)->priority >= made->priority) {
		own(edge)->sibling_bytes += (uint32_t)length + 1;
		edge = name_compare(name, length, *edge) < 0 ? &(*edge)->left : &(*edge)->right;
	}
	split(*edge, made, &made->left, &made->right);
	sum_bytes(made);
	*edge = made;
	return edge;
}

struct node *node_remove(struct node *owned, const char *name, size_t length)
{
	struct node **edge = &owned->children;
	struct node *gone;
	int order;

	while ((order = name_compare(name, length, own(edge))) != 0) {
		(*edge)->sibling_bytes -= (uint32_t)length + 1;
		edge = order < 0 ? &(*edge)->left : &(*edge)->right;
	}
	gone = *edge;
	*edge = merge(gone->left, gone->right);
	gone->left = gone->right = NULL;
	sum_bytes(gone);
	return gone;
}

static bool each(const struct node *sub, node_visit *visit, void *context)
{
	return !sub || (each(sub->left, visit, context) && visit(sub, context) &&
			each(sub->right, visit, context));
}

bool node_each(const struct node *node, node_visit *visit, void *context)
{
	return each(node->children, visit, context);
}

const struct node *node_child_at(const struct node *node, uint32_t offset, uint32_t *begins)
{
	const struct node *sub = node->children;
	uint32_t before = 0;

	while (sub) {
		uint32_t start = before + bytes_of(sub->left);

		if (offset < start) {
			sub = sub->left;
		} else if (offset > start + sub->name_length) {
			before = start + sub->name_length + 1u;
			sub = sub->right;
		} else {
			*begins = start;
			break;
		}
	}
	return sub;
}
