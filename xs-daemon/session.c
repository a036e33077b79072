/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: socket clients that come back after our death as who they were.
 *
 * The first request on a socket may be CONTROL "session|NAME|RECEIVED|", where NAME is 32
 * characters of the client's choice and RECEIVED how many bytes of its stream it has got so far.
 * The answer is "new|" or "resumed|TAKEN|": how many bytes of its requests were taken. It then
 * sends those after TAKEN, and is sent what comes after RECEIVED. This exchange itself is in
 * neither stream.
 */
#include "daemon.h"
#include "log.h"

#include <stdio.h>
#include <sys/socket.h>

#define NAME_LENGTH	32
#define RETURN_DEADLINE 60000 /* milliseconds that clients have to come back after a restart */

struct hunt {
	const char *name;
	struct client *found;
};

static void match(struct store *store, struct link *link, void *context)
{
	struct client *client = container_of(link, struct client, link);
	struct hunt *hunt = context;

	if (client->kind == CLIENT_SESSION && strcmp(client->session, hunt->name) == 0) {
		hunt->found = client;
	}
}

static void answer(struct connection *connection, const struct xsd_sockmsg *request,
		   const char *text, size_t length)
{
	char message[WIRE_HEADER + 64];
	struct xsd_sockmsg header = {
		.type = XS_CONTROL, .req_id = request->req_id, .len = (uint32_t)length};

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), text, length);
	if (send(connection->fd, message, sizeof(header) + length, MSG_DONTWAIT | MSG_NOSIGNAL) <
	    0) {
		connection->closing = true;
	}
}

static void resume(struct daemon *daemon, struct connection *connection, struct client *client,
		   const struct xsd_sockmsg *request, uint64_t received)
{
	uint64_t sent = client->out_total - buffer_length(&client->out);
	uint32_t id = connection->client->id;
	char text[64];
	size_t length = sizeof("resumed");

	if (received < sent || received > client->out_total) {
		connection->closing = true; /* not the streams that we know */
		return;
	}
	connection_journal(daemon, JOURNAL_DISCONNECT, &id, sizeof(id));
	connection->client->connection = NULL;
	store_disconnect(&daemon->store, connection->client);
	connection->client = client;
	client->connection = connection;
	store_sent(client, received - sent);
	memcpy(text, "resumed", length);
	length += (size_t)snprintf(text + length, sizeof(text) - length, "%llu",
				   (unsigned long long)client->in_total) +
		  1;
	answer(connection, request, text, length);
	socket_flush(daemon, connection);
}

bool session_request(struct daemon *daemon, struct connection *connection, const void *message)
{
	const struct xsd_sockmsg *header = message;
	const char *text[3];
	struct client *client = connection->client;
	struct journal_connect record = {.client = client->id, .kind = CLIENT_SESSION};
	struct hunt hunt = {0};

	if (header->type != XS_CONTROL ||
	    wire_strings((const char *)message + WIRE_HEADER, header->len, text, 3) != 3 ||
	    strcmp(text[0], "session") != 0 || strlen(text[1]) != NAME_LENGTH) {
		return false;
	}
	hunt.name = text[1];
	store_each(&daemon->store, &daemon->store.clients, match, &hunt);
	if (hunt.found && !hunt.found->connection) {
		resume(daemon, connection, hunt.found, header, strtoull(text[2], NULL, 10));
		return true;
	}
	if (hunt.found) {
		connection->closing = true; /* two of one name: the second is no client of ours */
		return true;
	}
	strcpy(record.session, text[1]);
	strcpy(client->session, text[1]);
	client->kind = CLIENT_SESSION;
	connection_journal(daemon, JOURNAL_CONNECT, &record, sizeof(record));
	answer(connection, header, "new", 4);
	return true;
}

static void expire(struct store *store, struct link *link, void *context)
{
	struct client *client = container_of(link, struct client, link);

	if (client->kind == CLIENT_SESSION && !client->connection) {
		connection_journal(context, JOURNAL_DISCONNECT, &client->id, sizeof(client->id));
		store_disconnect(store, client);
	}
}

/* Those who did not come back in time are gone. */
void session_expire(struct daemon *daemon)
{
	if (daemon->session_deadline == 0) {
		daemon->session_deadline = daemon->now + RETURN_DEADLINE;
	} else if (daemon->now >= daemon->session_deadline) {
		daemon->recovering_sessions = false;
		store_each(&daemon->store, &daemon->store.clients, expire, daemon);
	}
}
