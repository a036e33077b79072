/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of nodes: see edit.h. */
#include "edit.h"

#include "access.h"
#include "watch.h"
#include "wire.h"

static void charge(const struct edit *edit, uint32_t owner, int32_t nodes, int64_t bytes)
{
	if (edit->transaction) {
		transaction_charge(edit->transaction, owner, nodes, bytes);
	} else {
		store_charge(edit->store, owner, nodes, bytes);
	}
}

static void changed(const struct edit *edit, const char *path, const struct permissions *past)
{
	if (edit->transaction) {
		transaction_changed(edit->transaction, path, false);
	} else {
		watch_fire(edit->store, path, (struct watch_past){.node = past});
	}
}

static bool within(const struct edit *edit, enum quota quota, uint64_t value)
{
	return !edit->client || access_within(edit->store, edit->client, quota, value);
}

/* The quota bounds sizes below it, not up to it, as it does in all daemons. */
static bool size_within(const struct edit *edit, uint32_t permissions, size_t value_length,
			uint32_t child_bytes)
{
	return within(edit, QUOTA_NODE_SIZE,
		      access_node_size(permissions, (uint32_t)value_length, child_bytes) + 1u);
}

static bool memory_within(const struct edit *edit, int64_t more)
{
	int64_t used = edit->client ? edit->client->domain->memory : 0;

	return more <= 0 || used + more <= 0 || within(edit, QUOTA_MEMORY, (uint64_t)(used + more));
}

int edit_write(const struct edit *edit, const char *path, const char *value, size_t length)
{
	const struct node *old = tree_find(*edit_root(edit), path);
	int64_t more = (int64_t)length - old->value_length;
	struct node **edge;

	if (!size_within(edit, old->permissions->count, length, node_child_bytes(old))) {
		return -ENOSPC;
	}
	if (!memory_within(edit, more)) {
		return -ENOMEM;
	}
	edge = tree_own(edit_root(edit), path);
	node_set_value(edge, value, length);
	(*edge)->generation = ++edit->store->generation;
	charge(edit, node_owner(*edge), 0, more);
	changed(edit, path, NULL);
	return 0;
}

/* What a creation will need: how many nodes, and how many bytes of memory. */
static int creation_check(const struct edit *edit, const struct node *above, const char *rest,
			  size_t length)
{
	const struct client *client = edit->client;
	uint32_t count = 0, permissions = above->permissions->count, used;
	const char *first_end = strchrnul(rest, '/');
	int64_t memory = (int64_t)(length + strlen(rest));

	for (const char *name = rest; *name; count++) {
		const char *end = strchrnul(name, '/');
		bool last = *end == '\0';
		size_t next = last ? 0 : (size_t)(strchrnul(end + 1, '/') - end);

		if (!size_within(edit, permissions, last ? length : 0, (uint32_t)next)) {
			return -ENOSPC;
		}
		name = last ? end : end + 1;
	}
	if (!size_within(edit, permissions, above->value_length,
			 node_child_bytes(above) + (uint32_t)(first_end - rest) + 1)) {
		return -ENOSPC;
	}
	if (client && !access_privileged(client)) {
		used = client->domain->nodes + count;
		if (edit->transaction) {
			used += (uint32_t)transaction_nodes(edit->transaction,
							    client->domain->domid);
		}
		if (!within(edit, QUOTA_NODES, used)) {
			return -ENOSPC;
		}
	}
	return memory_within(edit, memory + (int64_t)count * (24 + 8 * permissions)) ? 0 : -ENOMEM;
}

/* New nodes inherit permissions; what an unprivileged domain makes is its own. */
static struct permissions *inherited(const struct edit *edit, struct permissions *parent)
{
	struct permissions *own;

	if (!edit->client || access_privileged(edit->client) ||
	    parent->entry[0].domid == edit->client->domain->domid) {
		return permissions_get(parent);
	}
	own = permissions_new(parent->entry, parent->count, parent->generation);
	own->entry[0].domid = edit->client->domain->domid;
	return own;
}

int edit_create(const struct edit *edit, const char *path, const char *value, size_t length)
{
	char above_path[WIRE_PATH_MAX];
	size_t found;
	const struct node *above = tree_find_nearest(*edit_root(edit), path, &found);
	const char *name = path + found + (path[found] == '/');
	struct permissions *permissions;
	struct node **edge;
	int rc = creation_check(edit, above, name, length);

	if (rc) {
		return rc;
	}
	memcpy(above_path, path, found);
	above_path[found] = '\0';
	edge = tree_own(edit_root(edit), found ? above_path : "/");
	permissions = inherited(edit, (*edge)->permissions);
	while (*name) {
		const char *end = strchrnul(name, '/');

		(*edge)->generation = ++edit->store->generation;
		edge = node_insert(*edge, name, (size_t)(end - name), permissions);
		if (*end == '\0') {
			node_set_value(edge, value, length);
		}
		(*edge)->generation = edit->store->generation;
		charge(edit, node_owner(*edge), 1, access_node_memory(*edge));
		name = *end ? end + 1 : end;
	}
	permissions_put(permissions);
	changed(edit, path, NULL);
	return 0;
}

static bool uncharge(const struct node *node, void *context)
{
	const struct edit *edit = context;

	charge(edit, node_owner(node), -1, -access_node_memory(node));
	return node_each(node, uncharge, context);
}

void edit_remove(const struct edit *edit, const char *path)
{
	char parent_path[WIRE_PATH_MAX];
	char *slash;
	struct edit visited = *edit;
	struct node *parent, *gone;

	strcpy(parent_path, path);
	slash = strrchr(parent_path, '/');
	*slash = '\0';
	parent = *tree_own(edit_root(edit), slash == parent_path ? "/" : parent_path);
	gone = node_remove(parent, slash + 1, strlen(slash + 1));
	parent->generation = ++edit->store->generation;
	uncharge(gone, &visited);
	if (edit->transaction) {
		transaction_changed(edit->transaction, path, true);
	} else {
		watch_fire_below(edit->store, path, gone);
		watch_fire(edit->store, path, (struct watch_past){.node = gone->permissions});
	}
	tree_put(gone);
}

int edit_permissions(const struct edit *edit, const char *path, const struct permission *entry,
		     uint32_t count)
{
	const struct node *old = tree_find(*edit_root(edit), path);
	struct permissions *past, *set;
	struct node *node;

	if (!size_within(edit, count, old->value_length, node_child_bytes(old))) {
		return -ENOSPC;
	}
	node = *tree_own(edit_root(edit), path);
	past = permissions_get(node->permissions);
	charge(edit, node_owner(node), -1, -access_node_memory(node));
	set = permissions_new(entry, count, ++edit->store->generation);
	node_set_permissions(node, set);
	permissions_put(set);
	node->generation = edit->store->generation;
	charge(edit, node_owner(node), 1, access_node_memory(node));
	changed(edit, path, past);
	permissions_put(past);
	return 0;
}
