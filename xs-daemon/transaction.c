/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: see transaction.h. */
#include "transaction.h"

#include "watch.h"
#include "wire.h"

/* Arrays here have room for the next power of two above their count. */
static void *grown(void *array, size_t count, size_t size)
{
	if (count & (count - 1)) {
		return array;
	}
	return memory_resized(array, (count ? count * 2 : 1) * size);
}

/* Adds a hash; false if it was there. Zero marks a free slot. */
static bool set_add(struct hash_set *set, uint64_t hash)
{
	struct hash_set wider = {.size = set->size ? set->size * 2 : 16};
	size_t at;

	hash += !hash;
	if (set->count * 2 >= set->size) {
		wider.slot = memory_zeroed(wider.size, sizeof(*wider.slot));
		for (size_t i = 0; i < set->size; i++) {
			if (set->slot[i]) {
				set_add(&wider, set->slot[i]);
			}
		}
		free(set->slot);
		*set = wider;
	}
	at = (hash ^ hash >> 32) & (set->size - 1);
	while (set->slot[at] && set->slot[at] != hash) {
		at = (at + 1) & (set->size - 1);
	}
	if (set->slot[at]) {
		return false;
	}
	set->slot[at] = hash;
	set->count++;
	return true;
}

static uint64_t hash_of(const char *path)
{
	return table_hash(0xcbf29ce484222325ULL, path, strlen(path));
}

struct transaction *transaction_start(struct store *store, struct client *client)
{
	struct transaction *made = memory_zeroed(1, sizeof(*made));

	do {
		client->last_transaction++;
	} while (client->last_transaction == 0 ||
		 transaction_find(client, client->last_transaction));
	made->id = client->last_transaction;
	made->client = client;
	made->base = tree_get(store->root);
	made->root = tree_get(store->root);
	made->next = client->transactions;
	client->transactions = made;
	client->domain->transactions++;
	return made;
}

struct transaction *transaction_find(const struct client *client, uint32_t id)
{
	struct transaction *found = client->transactions;

	while (found && found->id != id) {
		found = found->next;
	}
	return found;
}

static void release(struct transaction *transaction)
{
	tree_put(transaction->root);
	tree_put(transaction->base);
	for (size_t i = 0; i < transaction->operations; i++) {
		free(transaction->operation[i].payload);
	}
	for (size_t i = 0; i < transaction->changes; i++) {
		free(transaction->change[i].path);
	}
	free(transaction->operation);
	free(transaction->change);
	free(transaction->charge);
	free(transaction->accessed.slot);
	free(transaction->changed.slot);
	free(transaction);
}

void transaction_drop(struct store *store, struct transaction *transaction)
{
	struct client *client = transaction->client;
	struct transaction **edge = &client->transactions;

	while (*edge != transaction) {
		edge = &(*edge)->next;
	}
	*edge = transaction->next;
	client->domain->transactions--;
	client->domain->memory -= transaction->log_memory;
	release(transaction);
}

void transaction_doom(struct store *store, struct transaction *transaction)
{
	struct transaction kept = *transaction;

	transaction->client->domain->memory -= kept.log_memory;
	*transaction = (struct transaction){.next = kept.next,
					    .client = kept.client,
					    .id = kept.id,
					    .base = tree_get(store->root),
					    .root = tree_get(store->root),
					    .doomed = true};
	release(memcpy(memory_new(sizeof(kept)), &kept, sizeof(kept)));
}

void transaction_drop_all(struct store *store, struct client *client)
{
	while (client->transactions) {
		transaction_drop(store, client->transactions);
	}
}

void transaction_log(struct transaction *transaction, uint32_t type, const char *payload,
		     uint32_t length, uint64_t digest)
{
	struct operation *operation;
	int64_t memory = (int64_t)(sizeof(*operation) + length);

	transaction->operation =
		grown(transaction->operation, transaction->operations, sizeof(*operation));
	operation = &transaction->operation[transaction->operations++];
	*operation = (struct operation){.type = type, .length = length, .digest = digest};
	operation->payload = memory_new(length + 1);
	memcpy(operation->payload, payload, length);
	transaction->log_memory += memory;
	transaction->client->domain->memory += memory;
}

size_t transaction_access(struct transaction *transaction, const char *path)
{
	set_add(&transaction->accessed, hash_of(path));
	return transaction->accessed.count;
}

void transaction_changed(struct transaction *transaction, const char *path, bool removed)
{
	if (!set_add(&transaction->changed, hash_of(path) + removed)) {
		return;
	}
	transaction->change =
		grown(transaction->change, transaction->changes, sizeof(*transaction->change));
	transaction->change[transaction->changes++] =
		(struct change){.path = memory_string(path), .removed = removed};
}

void transaction_charge(struct transaction *transaction, uint32_t owner, int32_t nodes,
			int64_t bytes)
{
	struct charge *charge = transaction->charge;
	size_t i = 0;

	while (i < transaction->charges && charge[i].owner != owner) {
		i++;
	}
	if (i == transaction->charges) {
		charge = grown(charge, i, sizeof(*charge));
		charge[i] = (struct charge){.owner = owner};
		transaction->charge = charge;
		transaction->charges++;
	}
	charge[i].nodes += nodes;
	charge[i].bytes += bytes;
}

int32_t transaction_nodes(const struct transaction *transaction, uint32_t owner)
{
	for (size_t i = 0; i < transaction->charges; i++) {
		if (transaction->charge[i].owner == owner) {
			return transaction->charge[i].nodes;
		}
	}
	return 0;
}

static void fire(struct store *store, const struct transaction *transaction,
		 const struct change *change)
{
	const struct node *before = tree_find(transaction->base, change->path);

	if (!before && !tree_find(store->root, change->path)) {
		return; /* made and removed again: nobody saw it */
	}
	if (change->removed && before) {
		watch_fire_below(store, change->path, before);
	}
	watch_fire(store, change->path,
		   (struct watch_past){.node = before ? before->permissions : NULL});
}

/* Puts the transaction's tree in place of the store's, which is still its base. */
static void install(struct store *store, struct transaction *transaction)
{
	tree_put(store->root);
	store->root = tree_get(transaction->root);
	for (size_t i = 0; i < transaction->charges; i++) {
		store_charge(store, transaction->charge[i].owner, transaction->charge[i].nodes,
			     transaction->charge[i].bytes);
	}
	for (size_t i = 0; i < transaction->changes; i++) {
		fire(store, transaction, &transaction->change[i]);
	}
}

static int commit_again(struct store *store, struct transaction *first,
			transaction_perform *perform)
{
	struct transaction *again = memory_zeroed(1, sizeof(*again));
	int rc = 0;

	again->client = first->client;
	again->base = tree_get(store->root);
	again->root = tree_get(store->root);
	for (size_t i = 0; i < first->operations && !rc; i++) {
		if (perform(store, again, &first->operation[i]) != first->operation[i].digest) {
			rc = -EAGAIN;
		}
	}
	if (!rc) {
		install(store, again);
	}
	release(again);
	return rc;
}

int transaction_commit(struct store *store, struct transaction *transaction,
		       transaction_perform *perform)
{
	int rc = 0;

	if (store->root == transaction->base) {
		install(store, transaction);
	} else if (transaction->operations) {
		rc = commit_again(store, transaction, perform);
	}
	transaction_drop(store, transaction);
	return rc;
}
