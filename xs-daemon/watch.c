/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches: see watch.h. */
#include "watch.h"

#include "access.h"
#include "wire.h"

#define HASH_START 0xcbf29ce484222325ULL

static uint64_t identity(const struct client *client, const char *path, const char *token)
{
	uint64_t hash = table_hash(table_hash_number(client->id), path, strlen(path));

	return table_hash(hash, token, strlen(token));
}

static struct watch *find(const struct store *store, const struct client *client, const char *path,
			  const char *token)
{
	uint64_t hash = identity(client, path, token);
	struct link *link = table_find(&store->watch_identities, hash);

	for (; link; link = table_seek(link->next, hash)) {
		struct watch *watch = container_of(link, struct watch, by_identity);

		if (watch->client == client && strcmp(watch->path, path) == 0 &&
		    strcmp(watch->token, token) == 0) {
			return watch;
		}
	}
	return NULL;
}

static int64_t watch_memory(const struct watch *watch)
{
	return (int64_t)(sizeof(*watch) + strlen(watch->path) + strlen(watch->token) + 2);
}

int watch_add(struct store *store, struct client *client, const char *path, const char *token,
	      bool relative)
{
	size_t length = strlen(path), token_length = strlen(token);
	struct watch *watch;

	if (find(store, client, path, token)) {
		return -EEXIST;
	}
	watch = memory_zeroed(1, sizeof(*watch) + length + token_length + 2);
	memcpy(watch->path, path, length + 1);
	watch->token = watch->path + length + 1;
	memcpy(watch->token, token, token_length + 1);
	watch->client = client;
	watch->sequence = ++store->last_watch;
	watch->relative = relative ? wire_home_length(client->domain->domid) : 0;
	watch->last_start = FLOOR_NONE;
	table_insert(&store->watches, &watch->by_path, table_hash(HASH_START, path, length));
	table_insert(&store->watch_identities, &watch->by_identity, identity(client, path, token));
	watch->prev = client->watches_end;
	*client->watches_end = watch;
	client->watches_end = &watch->next;
	client->domain->watches++;
	client->domain->memory += watch_memory(watch);
	return 0;
}

static void drop(struct store *store, struct watch *watch)
{
	struct client *client = watch->client;

	table_remove(&store->watches, &watch->by_path);
	table_remove(&store->watch_identities, &watch->by_identity);
	*watch->prev = watch->next;
	if (watch->next) {
		watch->next->prev = watch->prev;
	} else {
		client->watches_end = watch->prev;
	}
	client->domain->watches--;
	client->domain->memory -= watch_memory(watch);
	free(watch);
}

int watch_remove(struct store *store, struct client *client, const char *path, const char *token)
{
	struct watch *watch = find(store, client, path, token);

	if (!watch) {
		return -ENOENT;
	}
	drop(store, watch);
	return 0;
}

void watch_remove_all(struct store *store, struct client *client)
{
	while (client->watches) {
		drop(store, client->watches);
	}
}

/*
 * Queues an event. A slow reader's queue does not grow by repetitions of the event that its watch
 * queued last, if that is surely still in the queue.
 */
static void queue_event(struct store *store, struct watch *watch, const char *path)
{
	struct client *client = watch->client;
	const char *shown = path[0] == '@' ? path : path + watch->relative;
	size_t length = strlen(shown) + 1, token_length = strlen(watch->token) + 1;
	uint64_t hash = table_hash(HASH_START, shown, length);
	char payload[XENSTORE_PAYLOAD_MAX];

	if (length + token_length > sizeof(payload)) {
		return; /* a long token, and a path far below the watch: it has no message */
	}
	if (watch->last_start != FLOOR_NONE && watch->last_start >= client->floor &&
	    watch->last_hash == hash) {
		return;
	}
	watch->last_start = client->out_total;
	watch->last_hash = hash;
	memcpy(payload, shown, length);
	memcpy(payload + length, watch->token, token_length);
	store_queue(store, client, XS_WATCH_EVENT, 0, 0, payload, length + token_length);
}

void watch_first_event(struct store *store, struct client *client)
{
	struct watch *watch = container_of(client->watches_end, struct watch, next);

	queue_event(store, watch, watch->path);
}

/* May this client know that something happened to that path? */
static bool permitted(const struct store *store, const struct client *client, const char *path,
		      struct watch_past past)
{
	const struct node *node;
	char parent[WIRE_PATH_MAX], *slash;

	if (access_privileged(client)) {
		return true;
	}
	if ((past.node && access_rights(store, client, past.node) & RIGHT_READ) ||
	    (past.parent && access_rights(store, client, past.parent) & RIGHT_READ)) {
		return true;
	}
	node = tree_find(store->root, path);
	if (node && access_rights(store, client, node->permissions) & RIGHT_READ) {
		return true;
	}
	strcpy(parent, path);
	slash = strrchr(parent, '/');
	slash[slash == parent] = '\0';
	node = tree_find(store->root, parent);
	return node && access_rights(store, client, node->permissions) & RIGHT_READ;
}

/* The watches that an event reaches, in order of registration: clients rely on it. */
struct reached {
	struct watch **watch;
	size_t count, room;
};

static void reach(struct store *store, struct reached *reached, const char *path, size_t length,
		  uint64_t hash)
{
	struct link *link = table_find(&store->watches, hash);

	for (; link; link = table_seek(link->next, hash)) {
		struct watch *watch = container_of(link, struct watch, by_path);

		if (strncmp(watch->path, path, length) != 0 || watch->path[length] != '\0') {
			continue;
		}
		if (reached->count == reached->room) {
			reached->room = reached->room ? reached->room * 2 : 16;
			reached->watch = memory_resized(reached->watch,
							reached->room * sizeof(struct watch *));
		}
		reached->watch[reached->count++] = watch;
	}
}

static int by_sequence(const void *a, const void *b)
{
	const struct watch *const *one = a, *const *two = b;

	return (*one)->sequence < (*two)->sequence ? -1 : 1;
}

/* One client hears of one event once for each token, however many of its watches it reaches. */
static bool told_already(struct store *store, const struct watch *watch)
{
	struct client *client = watch->client;
	bool same = client->told == store->last_event &&
		    client->told_watch->relative == watch->relative &&
		    strcmp(client->told_watch->token, watch->token) == 0;

	client->told = store->last_event;
	client->told_watch = watch;
	return same;
}

static void tell(struct store *store, struct reached *reached, const char *path,
		 struct watch_past past)
{
	if (reached->count > 1) {
		qsort(reached->watch, reached->count, sizeof(struct watch *), by_sequence);
	}
	store->last_event++;
	for (size_t i = 0; i < reached->count; i++) {
		if (permitted(store, reached->watch[i]->client, path, past) &&
		    !told_already(store, reached->watch[i])) {
			queue_event(store, reached->watch[i], path);
		}
	}
	free(reached->watch);
}

void watch_fire(struct store *store, const char *path, struct watch_past past)
{
	struct reached reached = {0};
	uint64_t hash = table_hash(HASH_START, "/", 1);

	if (store->watches.count == 0) {
		return;
	}
	reach(store, &reached, "/", 1, hash);
	hash = HASH_START;
	for (size_t i = 0, length = strlen(path); length > 1 && i < length; i++) {
		hash = table_hash(hash, path + i, 1);
		if (i > 0 && (path[i + 1] == '/' || path[i + 1] == '\0')) {
			reach(store, &reached, path, i + 1, hash);
		}
	}
	tell(store, &reached, path, past);
}

struct below {
	struct store *store;
	const struct permissions *parent;
	size_t length;
	char path[WIRE_PATH_MAX];
};

static bool fire_gone(const struct node *node, void *context)
{
	struct below *below = context;
	const struct permissions *parent = below->parent;
	size_t length = below->length;
	struct reached reached = {0};

	below->path[length] = '/';
	memcpy(below->path + length + 1, node->bytes, node->name_length + 1u);
	below->length += 1u + node->name_length;
	below->parent = node->permissions;
	node_each(node, fire_gone, below);
	below->path[below->length] = '\0';
	reach(below->store, &reached, below->path, below->length,
	      table_hash(HASH_START, below->path, below->length));
	tell(below->store, &reached, below->path,
	     (struct watch_past){.node = node->permissions, .parent = parent});
	below->length = length;
	below->parent = parent;
	return true;
}

void watch_fire_below(struct store *store, const char *path, const struct node *gone)
{
	struct below below = {.store = store, .parent = gone->permissions, .length = strlen(path)};

	if (store->watches.count) {
		strcpy(below.path, path);
		node_each(gone, fire_gone, &below);
	}
}

void watch_fire_special(struct store *store, const char *name)
{
	const struct permissions *permissions = strcmp(name, "@introduceDomain") == 0
							? store->introduce_permissions
							: store->release_permissions;
	struct reached reached = {0};
	size_t kept = 0;

	reach(store, &reached, name, strlen(name), table_hash(HASH_START, name, strlen(name)));
	for (size_t i = 0; i < reached.count; i++) {
		struct watch *watch = reached.watch[i];

		if (access_rights(store, watch->client, permissions) & RIGHT_READ) {
			reached.watch[kept++] = watch;
		}
	}
	reached.count = kept;
	tell(store, &reached, name, (struct watch_past){.node = permissions});
}
