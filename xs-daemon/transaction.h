/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions: a snapshot, and a log of what was asked and a digest of what was answered.
 *
 * If nobody else changed the store meanwhile, commit puts the transaction's root in place of the
 * store's. Else the log is performed again on a second transaction that starts from the store as
 * it is now: if each answer is the same as then, all that the client saw is true of the present
 * too, so the second one is committed; if one differs, there is a conflict and END says EAGAIN.
 */
#ifndef XS_DAEMON_TRANSACTION_H
#define XS_DAEMON_TRANSACTION_H

#include "store.h"

struct operation {
	uint32_t type, length;
	uint64_t digest;
	char *payload;
};

struct change {
	char *path;
	bool removed;
};

struct charge {
	uint32_t owner;
	int32_t nodes;
	int64_t bytes;
};

/* A growing set of hashes. */
struct hash_set {
	uint64_t *slot;
	size_t size, count;
};

struct transaction {
	struct transaction *next;
	struct client *client;
	uint32_t id;
	struct node *root, *base;
	struct operation *operation;
	size_t operations;
	struct change *change;
	size_t changes;
	struct charge *charge;
	size_t charges;
	struct hash_set accessed;
	struct hash_set changed;
	int64_t log_memory;
	bool doomed; /* its base was given up: END will say EAGAIN */
};

/* Performs one logged operation in a transaction; returns the digest of the answer. */
typedef uint64_t transaction_perform(struct store *store, struct transaction *transaction,
				     const struct operation *operation);

struct transaction *transaction_start(struct store *store, struct client *client);
struct transaction *transaction_find(const struct client *client, uint32_t id);
void transaction_drop(struct store *store, struct transaction *transaction);
void transaction_drop_all(struct store *store, struct client *client);

/*
 * Gives up the base of a transaction: from here on it sees the store as it is now, and its END says
 * EAGAIN. So a snapshot of the whole state need not hold more than one tree.
 */
void transaction_doom(struct store *store, struct transaction *transaction);

/* Ends it: 0, or -EAGAIN for a conflict. */
int transaction_commit(struct store *store, struct transaction *transaction,
		       transaction_perform *perform);

void transaction_log(struct transaction *transaction, uint32_t type, const char *payload,
		     uint32_t length, uint64_t digest);
/* How many distinct nodes it accessed, this one included. */
size_t transaction_access(struct transaction *transaction, const char *path);
void transaction_changed(struct transaction *transaction, const char *path, bool removed);
void transaction_charge(struct transaction *transaction, uint32_t owner, int32_t nodes,
			int64_t bytes);
int32_t transaction_nodes(const struct transaction *transaction, uint32_t owner);

#endif
