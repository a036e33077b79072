/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all transports share: journal before effect, fairness between domains, flushing. */
#include "access.h"
#include "daemon.h"
#include "log.h"
#include "snapshot.h"

/* Changes that unprivileged domains may make: each one so many a second, and a shared reserve. */
#define RATE	     200
#define BURST	     10
#define SHARED_RATE  1000
#define SHARED_BURST 1000
#define CREDIT_ONE   1000

#define FLOOR_BACKLOG 4096 /* a queue longer than this is looked through for repetitions */

struct connection *connection_new(struct daemon *daemon, struct client *client, int fd)
{
	struct connection *made = memory_zeroed(1, sizeof(*made));

	made->client = client;
	made->fd = fd;
	made->fresh = true;
	made->credit = BURST * CREDIT_ONE;
	made->credit_time = daemon->now;
	client->connection = made;
	return made;
}

void connection_free(struct daemon *daemon, struct connection *connection)
{
	struct connection **edge = &daemon->ready;

	if (connection->ready) {
		while (*edge != connection) {
			edge = &(*edge)->next_ready;
		}
		*edge = connection->next_ready;
		if (!*edge) {
			daemon->ready_end = edge;
		}
	}
	buffer_release(&connection->in);
	free(connection);
}

void connection_ready(struct daemon *daemon, struct connection *connection)
{
	if (!connection->ready) {
		connection->ready = true;
		connection->next_ready = NULL;
		*daemon->ready_end = connection;
		daemon->ready_end = &connection->next_ready;
	}
}

static void refill(int64_t *credit, uint64_t *since, uint64_t now, int64_t rate, int64_t burst)
{
	int64_t more = (int64_t)(now - *since) * rate;

	*since = now;
	*credit = more > burst * CREDIT_ONE - *credit ? burst * CREDIT_ONE : *credit + more;
}

bool connection_backlogged(const struct daemon *daemon, const struct client *client)
{
	uint32_t outstanding = daemon->store.quota[QUOTA_OUTSTANDING];

	return !access_privileged(client) && outstanding && client->outstanding >= outstanding;
}

bool connection_may(struct daemon *daemon, struct connection *connection,
		    const struct xsd_sockmsg *header)
{
	struct client *client = connection->client;

	/* A transaction counts once, at its end. */
	if (access_privileged(client) || !request_changes(client, header) ||
	    (header->tx_id && header->type != XS_TRANSACTION_END)) {
		return true;
	}
	refill(&connection->credit, &connection->credit_time, daemon->now, RATE, BURST);
	if (connection->credit >= CREDIT_ONE) {
		connection->credit -= CREDIT_ONE;
		return true;
	}
	refill(&daemon->shared_credit, &daemon->shared_time, daemon->now, SHARED_RATE,
	       SHARED_BURST);
	if (daemon->shared_credit >= CREDIT_ONE) {
		daemon->shared_credit -= CREDIT_ONE;
		return true;
	}
	return false;
}

static bool journal_put(struct daemon *daemon, enum journal_kind kind, const void *head,
			size_t head_length, const void *tail, size_t tail_length)
{
	int rc;

	if (!daemon->journal_path || !daemon->started) {
		return true; /* none is kept, or the snapshot that begins it will have it all */
	}
	if (daemon->journal_full) {
		return false; /* one input is missing: only a snapshot makes it whole again */
	}
	rc = daemon->journal.fd < 0
		     ? -ENOSPC
		     : journal_append(&daemon->journal, kind, head, head_length, tail, tail_length);
	if (rc) {
		log_line("journal %s: %s; changes are refused until there is room",
			 daemon->journal_path, strerror(-rc));
		daemon->journal_full = true;
	}
	return rc == 0;
}

bool connection_journal(struct daemon *daemon, enum journal_kind kind, const void *body,
			size_t length)
{
	return journal_put(daemon, kind, body, length, NULL, 0);
}

/* A full disk: what changes nothing is still served, and the gap is closed by a snapshot later. */
static void refuse(struct daemon *daemon, struct connection *connection, const void *message)
{
	const struct xsd_sockmsg *header = message;
	struct client *client = connection->client;

	if (!request_changes(client, header)) {
		store_request(&daemon->store, client, message, (struct answer){0});
		return;
	}
	client->in_total += WIRE_HEADER + header->len - buffer_length(&client->in);
	buffer_consume(&client->in, buffer_length(&client->in));
	store_queue(&daemon->store, client, XS_ERROR, header->req_id, header->tx_id, "ENOSPC", 7);
}

void connection_perform(struct daemon *daemon, struct connection *connection, const void *message)
{
	const struct xsd_sockmsg *header = message;
	struct client *client = connection->client;
	struct journal_request record = {.client = client->id};
	struct ring_name ring;
	bool introduces = request_wants_ring(&daemon->store, client, message, &ring);

	if (daemon->store.orders.trace) {
		log_line("client %u: operation %u, transaction %u, %u bytes: %.*s", client->id,
			 header->type, header->tx_id, header->len,
			 header->len < 64 ? (int)header->len : 64,
			 (const char *)message + WIRE_HEADER);
	}
	if (introduces) {
		record.answer = ring_introduce(daemon, &ring);
	} else {
		record.answer.rc = orders_check(message);
	}
	if ((client->kind != CLIENT_SOCKET || request_changes(client, header)) &&
	    !journal_put(daemon, JOURNAL_REQUEST, &record, sizeof(record), message,
			 WIRE_HEADER + header->len)) {
		refuse(daemon, connection, message);
		return;
	}
	store_request(&daemon->store, client, message, record.answer);
	if (introduces && !record.answer.rc) {
		ring_introduced(daemon, &ring);
	}
}

/* Tells the store, and the journal, from where on a slow reader's queue may be deduplicated. */
void connection_floor(struct daemon *daemon, struct client *client)
{
	size_t backlog = buffer_length(&client->out);
	struct journal_floor record = {.client = client->id, .floor = FLOOR_NONE};

	if (backlog > FLOOR_BACKLOG || (backlog && client->floor != FLOOR_NONE)) {
		record.floor = client->out_total - backlog;
	}
	if (record.floor != client->floor &&
	    (client->kind == CLIENT_SOCKET ||
	     connection_journal(daemon, JOURNAL_FLOOR, &record, sizeof(record)))) {
		client->floor = record.floor;
	}
}

static void bury(struct daemon *daemon)
{
	struct connection *orphan;

	while (buffer_length(&daemon->store.orphans)) {
		memcpy(&orphan, buffer_bytes(&daemon->store.orphans), sizeof(orphan));
		buffer_consume(&daemon->store.orphans, sizeof(orphan));
		if (orphan->fd < 0) {
			ring_close(daemon, orphan);
		}
		connection_free(daemon, orphan);
	}
}

void connection_flush_all(struct daemon *daemon)
{
	struct client *client;

	bury(daemon);
	while ((client = daemon->store.dirty) != NULL) {
		struct connection *connection = client->connection;

		daemon->store.dirty = client->next_dirty;
		client->dirty = false;
		daemon->output_since += buffer_length(&client->out);
		if (connection && connection->fd >= 0) {
			socket_flush(daemon, connection);
		} else if (connection) {
			ring_flush(daemon, connection);
		}
	}
	bury(daemon);
}

static void has_transaction(struct store *store, struct link *link, void *context)
{
	*(bool *)context |= container_of(link, struct client, link)->transactions != NULL;
}

/*
 * A snapshot when the journal has doubled, or when a replay would have to hold much output. One
 * that finds open transactions must give up their bases, so it waits for a moment without any.
 */
void connection_compact(struct daemon *daemon, bool force)
{
	size_t due = daemon->snapshot_size * 2 + ((size_t)8 << 20);
	size_t output_due = (size_t)64 << 20;
	bool open = false, doomed;
	int rc;

	if (!daemon->journal_path) {
		return;
	}
	force |= daemon->journal_full || daemon->journal.used > due * 4 ||
		 daemon->output_since > output_due * 4;
	if (!force && daemon->journal.used < due && daemon->output_since < output_due) {
		return;
	}
	store_each(&daemon->store, &daemon->store.clients, has_transaction, &open);
	if (open && !force) {
		return;
	}
	doomed = snapshot_doom(&daemon->store);
	rc = journal_file_compact(daemon->journal_path, &daemon->journal, &daemon->store);
	if (rc) {
		if (!daemon->journal_full) {
			log_line("journal %s: no snapshot: %s", daemon->journal_path,
				 strerror(-rc));
		}
		daemon->journal_full |= doomed || daemon->journal.fd < 0;
		return;
	}
	daemon->journal_full = false;
	daemon->snapshot_size = daemon->journal.used;
	daemon->output_since = 0;
}
