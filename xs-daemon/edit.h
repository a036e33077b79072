/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of nodes, in the store or in a transaction: what quotas allow is checked first, then
 * tree, accounts, generations and watches change together and without failure.
 * The caller has checked permissions, and that the node exists where it says so.
 */
#ifndef XS_DAEMON_EDIT_H
#define XS_DAEMON_EDIT_H

#include "store.h"
#include "transaction.h"

struct edit {
	struct store *store;
	const struct client *client; /* on whose behalf; NULL: the daemon's own, without limits */
	struct transaction *transaction; /* NULL: in the store itself */
};

static inline struct node **edit_root(const struct edit *edit)
{
	return edit->transaction ? &edit->transaction->root : &edit->store->root;
}

int edit_write(const struct edit *edit, const char *path, const char *value, size_t length);

/* Makes a node that does not exist, and the parents it lacks. */
int edit_create(const struct edit *edit, const char *path, const char *value, size_t length);

/* Removes a node that exists and is not the root, with all below it. */
void edit_remove(const struct edit *edit, const char *path);

int edit_permissions(const struct edit *edit, const char *path, const struct permission *entry,
		     uint32_t count);

#endif
