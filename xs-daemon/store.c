/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's clients, domains and queues: see store.h. */
#include "store.h"

#include "access.h"
#include "edit.h"
#include "transaction.h"
#include "watch.h"
#include "wire.h"

#include <stdio.h>

void store_init(struct store *store)
{
	static const struct permission dom0 = {.domid = 0};

	*store = (struct store){.soft_memory = 2097152};
	for (int i = 0; i < QUOTA_COUNT; i++) {
		store->quota[i] = quota_kinds[i].standard;
	}
	store->introduce_permissions = permissions_new(&dom0, 1, 0);
	store->release_permissions = permissions_new(&dom0, 1, 0);
	store->root = tree_new(store->introduce_permissions);
}

static void drop_client(struct store *store, struct link *link, void *context)
{
	store_disconnect(store, container_of(link, struct client, link));
}

static void drop_domain(struct store *store, struct link *link, void *context)
{
	table_remove(&store->domains, link);
	free(container_of(link, struct domain, link));
}

void store_release(struct store *store)
{
	store_each(store, &store->clients, drop_client, NULL);
	store_each(store, &store->domains, drop_domain, NULL);
	tree_put(store->root);
	permissions_put(store->introduce_permissions);
	permissions_put(store->release_permissions);
	store_clear_orders(store);
	buffer_release(&store->orphans);
	free(store->clients.bucket);
	free(store->domains.bucket);
	free(store->watches.bucket);
	free(store->watch_identities.bucket);
}

void store_clear_orders(struct store *store)
{
	free(store->orders.log_file);
	free(store->orders.report_file);
	free(store->orders.binary);
	store->orders = (struct shell_orders){.trace = store->orders.trace};
}

void store_each(struct store *store, const struct table *table, store_visit *visit, void *context)
{
	for (size_t i = 0; i < table->size; i++) {
		for (struct link *link = table->bucket[i], *next; link; link = next) {
			next = link->next;
			visit(store, link, context);
		}
	}
}

struct domain *store_domain_find(const struct store *store, uint32_t domid)
{
	uint64_t hash = table_hash_number(domid);
	struct link *link = table_find(&store->domains, hash);

	return link ? container_of(link, struct domain, link) : NULL;
}

struct domain *store_domain(struct store *store, uint32_t domid)
{
	struct domain *domain = store_domain_find(store, domid);

	if (!domain) {
		domain = memory_zeroed(1, sizeof(*domain));
		domain->domid = domid;
		domain->target = DOMID_NONE;
		table_insert(&store->domains, &domain->link, table_hash_number(domid));
	}
	return domain;
}

/* Forgets a domain of which nothing is left to know. */
void store_domain_idle(struct store *store, struct domain *domain)
{
	if (!domain->clients && !domain->nodes && !domain->watches && !domain->transactions &&
	    !domain->died && domain->domid != 0) {
		table_remove(&store->domains, &domain->link);
		free(domain);
	}
}

void store_charge(struct store *store, uint32_t owner, int32_t nodes, int64_t bytes)
{
	struct domain *domain = store_domain(store, owner);

	domain->nodes += (uint32_t)nodes;
	domain->memory += bytes;
	access_warn_memory(store, domain);
	store_domain_idle(store, domain);
}

struct client *store_client(const struct store *store, uint32_t id)
{
	uint64_t hash = table_hash_number(id);
	struct link *link = table_find(&store->clients, hash);

	return link ? container_of(link, struct client, link) : NULL;
}

struct client *store_connect(struct store *store, uint32_t id, enum client_kind kind,
			     uint32_t domid)
{
	struct client *client = memory_zeroed(1, sizeof(*client));

	client->id = id;
	client->kind = kind;
	client->domain = store_domain(store, domid);
	client->domain->clients++;
	client->watches_end = &client->watches;
	client->floor = FLOOR_NONE;
	if (id > store->last_client) {
		store->last_client = id;
	}
	table_insert(&store->clients, &client->link, table_hash_number(id));
	return client;
}

void store_reset_client(struct store *store, struct client *client)
{
	watch_remove_all(store, client);
	transaction_drop_all(store, client);
	buffer_consume(&client->in, buffer_length(&client->in));
	buffer_consume(&client->out, buffer_length(&client->out));
	client->boundary = client->out_total;
	client->outstanding = 0;
	client->floor = FLOOR_NONE;
	client->overrun = false;
}

void store_disconnect(struct store *store, struct client *client)
{
	struct client **dirty = &store->dirty;

	store_reset_client(store, client);
	while (client->dirty && *dirty != client) {
		dirty = &(*dirty)->next_dirty;
	}
	if (client->dirty) {
		*dirty = client->next_dirty;
	}
	table_remove(&store->clients, &client->link);
	if (client->domain->client == client) {
		client->domain->client = NULL;
	}
	client->domain->clients--;
	store_domain_idle(store, client->domain);
	if (client->connection) {
		buffer_append(&store->orphans, &client->connection, sizeof(client->connection));
	}
	buffer_release(&client->in);
	buffer_release(&client->out);
	free(client);
}

void store_partial(struct client *client, const void *bytes, size_t length)
{
	buffer_append(&client->in, bytes, length);
	client->in_total += length;
}

void store_queue(struct store *store, struct client *client, uint32_t type, uint32_t req_id,
		 uint32_t tx_id, const char *payload, size_t length)
{
	struct xsd_sockmsg header = {
		.type = type, .req_id = req_id, .tx_id = tx_id, .len = (uint32_t)length};
	uint32_t limit = store->quota[QUOTA_MEMORY];

	buffer_append(&client->out, &header, sizeof(header));
	buffer_append(&client->out, payload, length);
	client->out_total += WIRE_HEADER + length;
	client->outstanding++;
	if (!client->dirty) {
		client->dirty = true;
		client->next_dirty = store->dirty;
		store->dirty = client;
	}
	if (!access_privileged(client) && limit && buffer_length(&client->out) > limit) {
		client->overrun = true;
	}
}

void store_sent(struct client *client, size_t length)
{
	uint64_t sent = client->out_total - buffer_length(&client->out);
	struct xsd_sockmsg header;

	while (client->boundary < sent + length) {
		memcpy(&header, buffer_bytes(&client->out) + (client->boundary - sent),
		       sizeof(header));
		client->boundary += WIRE_HEADER + header.len;
		client->outstanding--;
	}
	buffer_consume(&client->out, length);
}

struct hunt {
	struct domain *domain;
	size_t length;
	char path[WIRE_PATH_MAX];
	char (*found)[WIRE_PATH_MAX];
	size_t count;
};

static bool hunt_owned(const struct node *node, void *context)
{
	struct hunt *hunt = context;
	size_t length = hunt->length;

	hunt->path[length] = '/';
	memcpy(hunt->path + length + 1, node->bytes, node->name_length + 1u);
	hunt->length += 1u + node->name_length;
	if (node_owner(node) == hunt->domain->domid) {
		hunt->found = memory_resized(hunt->found, (hunt->count + 1) * WIRE_PATH_MAX);
		strcpy(hunt->found[hunt->count++], hunt->path);
	} else {
		node_each(node, hunt_owned, hunt);
	}
	hunt->length = length;
	return hunt->count < hunt->domain->nodes;
}

/* Nodes owned by a domain that died go, with all below them; its home is tried first. */
static void remove_owned(struct store *store, struct domain *domain)
{
	struct hunt hunt = {.domain = domain};
	struct edit edit = {.store = store};
	char home[64];
	const struct node *node;

	snprintf(home, sizeof(home), "/local/domain/%u", domain->domid);
	node = tree_find(store->root, home);
	if (node && node_owner(node) == domain->domid) {
		edit_remove(&edit, home);
	}
	if (domain->nodes) {
		node_each(store->root, hunt_owned, &hunt);
	}
	for (size_t i = 0; i < hunt.count; i++) {
		if (tree_find(store->root, hunt.found[i])) {
			edit_remove(&edit, hunt.found[i]);
		}
	}
	free(hunt.found);
}

/* The domain's ring is gone for good, and with it all that the domain owned. */
void store_domain_released(struct store *store, struct domain *domain)
{
	uint32_t domid = domain->domid;

	if (domain->client) {
		domain->died = ++store->generation;
		store_disconnect(store, domain->client);
	}
	domain->died = ++store->generation;
	domain->shutdown = false;
	domain->target = DOMID_NONE;
	remove_owned(store, store_domain(store, domid));
	watch_fire_special(store, "@releaseDomain");
}

void store_domain_state(struct store *store, uint32_t domid, enum domain_state state)
{
	struct domain *domain = store_domain_find(store, domid);

	if (!domain || !domain->client || domid == 0) {
		return;
	}
	if (state == DOMAIN_GONE) {
		store_domain_released(store, domain);
	} else if (!domain->shutdown) {
		domain->shutdown = true;
		watch_fire_special(store, "@releaseDomain");
	}
}
