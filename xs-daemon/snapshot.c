/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole state as records: see snapshot.h. */
#include "snapshot.h"

#include "access.h"
#include "transaction.h"
#include "watch.h"

struct global {
	uint64_t generation, last_watch;
	uint32_t last_client, soft_memory;
	uint32_t quota[QUOTA_COUNT];
	uint32_t trace;
};

struct saved_permissions {
	uint64_t generation;
	uint32_t count, pad;
};

struct saved_node {
	uint64_t generation;
	uint32_t path_length, value_length;
	struct saved_permissions permissions;
};

struct saved_domain {
	uint64_t gfn, died;
	uint32_t domid, target, port, shutdown;
};

struct saved_client {
	struct journal_connect connect;
	uint64_t in_total, out_total, floor;
	uint32_t last_transaction, in_length, out_length, begun;
};

struct saved_watch {
	uint64_t sequence, last_start, last_hash;
	uint32_t client, relative;
	uint32_t path_length, token_length;
};

struct saved_transaction {
	uint32_t client, id;
};

/* ---- saving ---- */

struct saver {
	struct journal *journal;
	int rc;
	struct buffer body; /* of the record being put together */
	size_t length;
	char path[WIRE_PATH_MAX];
};

static void save(struct saver *saver, enum journal_kind kind)
{
	if (!saver->rc) {
		saver->rc = journal_append(saver->journal, kind, buffer_bytes(&saver->body),
					   buffer_length(&saver->body), NULL, 0);
	}
	saver->body.start = saver->body.end = 0;
}

static void put_permissions(struct buffer *body, const struct permissions *permissions)
{
	struct saved_permissions saved = {.generation = permissions->generation,
					  .count = permissions->count};

	buffer_append(body, &saved, sizeof(saved));
	buffer_append(body, permissions->entry, permissions->count * sizeof(struct permission));
}

static bool save_node(const struct node *node, void *context)
{
	struct saver *saver = context;
	size_t length = saver->length;
	struct saved_node saved = {.generation = node->generation,
				   .value_length = node->value_length};

	if (node->name_length) {
		saver->path[length] = '/';
		memcpy(saver->path + length + 1, node->bytes, node->name_length + 1u);
		saver->length += 1u + node->name_length;
	}
	saved.path_length = (uint32_t)saver->length;
	saved.permissions.generation = node->permissions->generation;
	saved.permissions.count = node->permissions->count;
	buffer_append(&saver->body, &saved, sizeof(saved));
	buffer_append(&saver->body, node->permissions->entry,
		      saved.permissions.count * sizeof(struct permission));
	buffer_append(&saver->body, saver->path, saver->length);
	buffer_append(&saver->body, node_value(node), node->value_length);
	save(saver, JOURNAL_NODE);
	node_each(node, save_node, saver);
	saver->length = length;
	return saver->rc == 0;
}

static void save_domain(struct store *store, struct link *link, void *context)
{
	struct saver *saver = context;
	struct domain *domain = container_of(link, struct domain, link);
	struct saved_domain saved = {.gfn = domain->gfn,
				     .died = domain->died,
				     .domid = domain->domid,
				     .target = domain->target,
				     .port = domain->port,
				     .shutdown = domain->shutdown};

	buffer_append(&saver->body, &saved, sizeof(saved));
	save(saver, JOURNAL_DOMAIN);
}

static void save_watches(struct saver *saver, const struct client *client)
{
	for (const struct watch *watch = client->watches; watch; watch = watch->next) {
		struct saved_watch saved = {.sequence = watch->sequence,
					    .last_start = watch->last_start,
					    .last_hash = watch->last_hash,
					    .client = client->id,
					    .relative = watch->relative != 0,
					    .path_length = (uint32_t)strlen(watch->path) + 1,
					    .token_length = (uint32_t)strlen(watch->token) + 1};

		buffer_append(&saver->body, &saved, sizeof(saved));
		buffer_append(&saver->body, watch->path, saved.path_length);
		buffer_append(&saver->body, watch->token, saved.token_length);
		save(saver, JOURNAL_WATCH);
	}
}

static void save_transactions(struct saver *saver, const struct transaction *transaction)
{
	struct saved_transaction saved;

	if (!transaction) {
		return;
	}
	save_transactions(saver, transaction->next); /* the newest comes last, to be first again */
	saved = (struct saved_transaction){.client = transaction->client->id,
					   .id = transaction->id};
	buffer_append(&saver->body, &saved, sizeof(saved));
	save(saver, JOURNAL_TRANSACTION);
}

static void save_client(struct store *store, struct link *link, void *context)
{
	struct saver *saver = context;
	struct client *client = container_of(link, struct client, link);
	struct saved_client saved = {
		.connect = {.client = client->id,
			    .kind = client->kind,
			    .domid = client->domain->domid,
			    .ring_in = client->ring_in,
			    .ring_out = client->ring_out},
		.in_total = client->in_total,
		.out_total = client->out_total,
		.floor = client->floor,
		.last_transaction = client->last_transaction,
		.in_length = (uint32_t)buffer_length(&client->in),
		.out_length = (uint32_t)buffer_length(&client->out),
		.begun = (uint32_t)(client->boundary -
				    (client->out_total - buffer_length(&client->out))),
	};

	memcpy(saved.connect.session, client->session, sizeof(client->session));
	buffer_append(&saver->body, &saved, sizeof(saved));
	buffer_append(&saver->body, buffer_bytes(&client->in), saved.in_length);
	buffer_append(&saver->body, buffer_bytes(&client->out), saved.out_length);
	save(saver, JOURNAL_CLIENT);
	save_watches(saver, client);
	save_transactions(saver, client->transactions);
}

static void doom(struct store *store, struct link *link, void *context)
{
	struct client *client = container_of(link, struct client, link);
	bool *any = context;

	for (struct transaction *t = client->transactions; t; t = t->next) {
		*any = true;
		transaction_doom(store, t);
	}
}

bool snapshot_doom(struct store *store)
{
	bool any = false;

	store_each(store, &store->clients, doom, &any);
	return any;
}

int journal_snapshot(struct journal *journal, struct store *store)
{
	struct saver saver = {.journal = journal};
	uint32_t version = JOURNAL_VERSION;
	struct global global = {.generation = store->generation,
				.last_watch = store->last_watch,
				.last_client = store->last_client,
				.soft_memory = store->soft_memory,
				.trace = store->orders.trace};

	memcpy(global.quota, store->quota, sizeof(global.quota));
	buffer_append(&saver.body, &version, sizeof(version));
	save(&saver, JOURNAL_START);
	buffer_append(&saver.body, &global, sizeof(global));
	put_permissions(&saver.body, store->introduce_permissions);
	put_permissions(&saver.body, store->release_permissions);
	save(&saver, JOURNAL_GLOBAL);
	save_node(store->root, &saver);
	store_each(store, &store->domains, save_domain, &saver);
	store_each(store, &store->clients, save_client, &saver);
	save(&saver, JOURNAL_END);
	buffer_release(&saver.body);
	return saver.rc;
}

/* ---- restoring ---- */

/* What is left of a body. */
struct reader {
	const char *at;
	size_t left;
};

static const void *take(struct reader *reader, size_t length)
{
	const char *taken = reader->at;

	if (length > reader->left) {
		reader->left = 0;
		return NULL;
	}
	reader->at += length;
	reader->left -= length;
	return taken;
}

static bool take_into(struct reader *reader, void *out, size_t length)
{
	const void *from = take(reader, length);

	if (from) {
		memcpy(out, from, length);
	}
	return from != NULL;
}

static struct permissions *take_entries(struct reader *reader,
					const struct saved_permissions *saved)
{
	struct permission entry[XENSTORE_PAYLOAD_MAX / 3];

	if (saved->count == 0 || saved->count > XENSTORE_PAYLOAD_MAX / 3 ||
	    !take_into(reader, entry, saved->count * sizeof(*entry))) {
		return NULL;
	}
	return permissions_new(entry, saved->count, saved->generation);
}

static int restore_special(struct reader *reader, struct permissions **special)
{
	struct saved_permissions saved;
	struct permissions *permissions;

	if (!take_into(reader, &saved, sizeof(saved))) {
		return -EINVAL;
	}
	permissions = take_entries(reader, &saved);
	if (!permissions) {
		return -EINVAL;
	}
	permissions_put(*special);
	*special = permissions;
	return 0;
}

static int restore_start(struct store *store, struct reader *reader)
{
	uint32_t version;

	return take_into(reader, &version, sizeof(version)) && version == JOURNAL_VERSION ? 0
											  : -EINVAL;
}

static int restore_global(struct store *store, struct reader *reader)
{
	struct global global;

	if (!take_into(reader, &global, sizeof(global))) {
		return -EINVAL;
	}
	store->generation = global.generation;
	store->last_watch = global.last_watch;
	store->last_client = global.last_client;
	store->soft_memory = global.soft_memory;
	store->orders.trace = global.trace != 0;
	memcpy(store->quota, global.quota, sizeof(global.quota));
	if (restore_special(reader, &store->introduce_permissions)) {
		return -EINVAL;
	}
	return restore_special(reader, &store->release_permissions);
}

/* The edge to a node that the snapshot names: the root, or a new child of one already there. */
static struct node **restored_edge(struct store *store, char *path, struct permissions *permissions)
{
	char canonical[WIRE_PATH_MAX];
	char *slash;

	if (path[0] == '\0') {
		return tree_own(&store->root, "/");
	}
	if (wire_path(canonical, path, 0, 0) || path[0] != '/' || tree_find(store->root, path)) {
		return NULL;
	}
	slash = strrchr(path, '/');
	*slash = '\0';
	if (!tree_find(store->root, slash == path ? "/" : path)) {
		return NULL;
	}
	return node_insert(*tree_own(&store->root, slash == path ? "/" : path), slash + 1,
			   strlen(slash + 1), permissions);
}

static int restore_node(struct store *store, struct reader *reader)
{
	struct saved_node saved;
	struct permissions *permissions;
	char path[WIRE_PATH_MAX];
	struct node **edge;
	const char *value;

	if (!take_into(reader, &saved, sizeof(saved)) || saved.path_length >= WIRE_PATH_MAX ||
	    saved.value_length > XENSTORE_PAYLOAD_MAX) {
		return -EINVAL;
	}
	permissions = take_entries(reader, &saved.permissions);
	if (!permissions || !take_into(reader, path, saved.path_length)) {
		permissions_put(permissions);
		return -EINVAL;
	}
	path[saved.path_length] = '\0';
	value = take(reader, saved.value_length);
	edge = value ? restored_edge(store, path, permissions) : NULL;
	if (edge) {
		node_set_permissions(*edge, permissions);
		node_set_value(edge, value, saved.value_length);
		(*edge)->generation = saved.generation;
		store_charge(store, node_owner(*edge), (*edge)->name_length ? 1 : 0,
			     (*edge)->name_length ? access_node_memory(*edge) : 0);
	}
	permissions_put(permissions);
	return edge ? 0 : -EINVAL;
}

static int restore_domain(struct store *store, struct reader *reader)
{
	struct saved_domain saved;
	struct domain *domain;

	if (!take_into(reader, &saved, sizeof(saved))) {
		return -EINVAL;
	}
	domain = store_domain(store, saved.domid);
	domain->gfn = saved.gfn;
	domain->died = saved.died;
	domain->target = saved.target;
	domain->port = saved.port;
	domain->shutdown = saved.shutdown != 0;
	return 0;
}

/* The queue is made of whole messages, except that the first may be begun. */
static bool queue_is_sound(struct client *client, uint32_t begun)
{
	size_t length = buffer_length(&client->out), at = begun;
	struct xsd_sockmsg header;

	client->boundary = client->out_total - length + begun;
	for (client->outstanding = 0; at + sizeof(header) <= length; client->outstanding++) {
		memcpy(&header, buffer_bytes(&client->out) + at, sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX) {
			return false;
		}
		at += sizeof(header) + header.len;
	}
	return at == length;
}

static int restore_client(struct store *store, struct reader *reader)
{
	struct saved_client saved;
	struct client *client;
	const char *in, *out;

	if (!take_into(reader, &saved, sizeof(saved)) || saved.connect.kind > CLIENT_RING ||
	    saved.in_length > WIRE_MESSAGE || saved.out_total < saved.out_length ||
	    saved.in_total < saved.in_length || store_client(store, saved.connect.client)) {
		return -EINVAL;
	}
	in = take(reader, saved.in_length);
	out = take(reader, saved.out_length);
	if (!in || !out) {
		return -EINVAL;
	}
	client =
		store_connect(store, saved.connect.client, saved.connect.kind, saved.connect.domid);
	client->ring_in = saved.connect.ring_in;
	client->ring_out = saved.connect.ring_out;
	memcpy(client->session, saved.connect.session, sizeof(client->session) - 1);
	client->in_total = saved.in_total;
	client->out_total = saved.out_total;
	client->floor = saved.floor;
	client->last_transaction = saved.last_transaction;
	buffer_append(&client->in, in, saved.in_length);
	buffer_append(&client->out, out, saved.out_length);
	if (client->kind == CLIENT_RING) {
		client->domain->client = client;
	}
	return saved.begun <= saved.out_length && queue_is_sound(client, saved.begun) ? 0 : -EINVAL;
}

static int restore_watch(struct store *store, struct reader *reader)
{
	struct saved_watch saved;
	struct watch *watch;
	const char *path, *token;
	struct client *client;

	if (!take_into(reader, &saved, sizeof(saved)) || saved.path_length == 0 ||
	    saved.token_length == 0) {
		return -EINVAL;
	}
	path = take(reader, saved.path_length);
	token = take(reader, saved.token_length);
	client = store_client(store, saved.client);
	if (!path || !token || !client || path[saved.path_length - 1] ||
	    token[saved.token_length - 1] ||
	    watch_add(store, client, path, token, saved.relative != 0)) {
		return -EINVAL;
	}
	watch = container_of(client->watches_end, struct watch, next);
	if (watch->relative > saved.path_length) {
		return -EINVAL;
	}
	watch->sequence = saved.sequence;
	watch->last_start = saved.last_start;
	watch->last_hash = saved.last_hash;
	store->last_watch--; /* was counted when the watch was first made */
	return 0;
}

static int restore_transaction(struct store *store, struct reader *reader)
{
	struct saved_transaction saved;
	struct client *client;
	uint32_t last;

	if (!take_into(reader, &saved, sizeof(saved))) {
		return -EINVAL;
	}
	client = store_client(store, saved.client);
	if (!client || transaction_find(client, saved.id)) {
		return -EINVAL;
	}
	last = client->last_transaction;
	client->last_transaction = saved.id - 1;
	transaction_start(store, client)->doomed = true;
	client->last_transaction = last;
	return 0;
}

static int restore_end(struct store *store, struct reader *reader)
{
	return 0;
}

int snapshot_restore(struct store *store, uint32_t kind, const char *body, size_t length)
{
	static int (*const restorers[JOURNAL_END + 1])(struct store *, struct reader *) = {
		[JOURNAL_START] = restore_start,
		[JOURNAL_GLOBAL] = restore_global,
		[JOURNAL_NODE] = restore_node,
		[JOURNAL_DOMAIN] = restore_domain,
		[JOURNAL_CLIENT] = restore_client,
		[JOURNAL_WATCH] = restore_watch,
		[JOURNAL_TRANSACTION] = restore_transaction,
		[JOURNAL_END] = restore_end,
	};
	struct reader reader = {.at = body, .left = length};

	return kind <= JOURNAL_END ? restorers[kind](store, &reader) : -EINVAL;
}
