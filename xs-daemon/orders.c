/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What CONTROL asks of the shell: log files, reports, and the live update.
 *
 * A live update is a restart that keeps its sockets: the state goes through the journal, the
 * descriptors through exec, named in the environment as "LISTENER;CLIENT=FD;CLIENT=FD;...".
 */
#include "control.h"
#include "daemon.h"
#include "log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define INHERITANCE "PVX_STORED_SOCKETS"

static void keep_open(int fd, bool keep)
{
	fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

/* Bytes that were read from a socket and not performed go into the state, for the successor. */
static void hand_over(struct store *store, struct link *link, void *context)
{
	struct client *client = container_of(link, struct client, link);
	struct connection *connection = client->connection;
	struct buffer *list = context;
	char text[32];

	if (!connection || connection->fd < 0) {
		return;
	}
	store_partial(client, buffer_bytes(&connection->in), buffer_length(&connection->in));
	keep_open(connection->fd, true);
	buffer_append(list, text,
		      (size_t)snprintf(text, sizeof(text), ";%u=%d", client->id, connection->fd));
}

static void take_back(struct store *store, struct link *link, void *context)
{
	struct client *client = container_of(link, struct client, link);
	struct connection *connection = client->connection;

	if (connection && connection->fd >= 0) {
		client->in_total -= buffer_length(&client->in);
		buffer_consume(&client->in, buffer_length(&client->in));
		keep_open(connection->fd, false);
	}
}

static void execute(struct daemon *daemon, const char *binary)
{
	struct buffer list = {0};
	char text[32];

	buffer_append(&list, text, (size_t)snprintf(text, sizeof(text), "%d", daemon->listener));
	store_each(&daemon->store, &daemon->store.clients, hand_over, &list);
	buffer_append(&list, "", 1);
	setenv(INHERITANCE, buffer_bytes(&list), 1);
	connection_compact(daemon, true);
	keep_open(daemon->listener, true);
	if (!daemon->journal_full && daemon->journal_path) {
		execv(binary, daemon->arguments);
	}
	log_line("live update to %s: %m", binary);
	unsetenv(INHERITANCE);
	keep_open(daemon->listener, false);
	store_each(&daemon->store, &daemon->store.clients, take_back, NULL);
	connection_compact(daemon, true);
	buffer_release(&list);
}

void orders_perform(struct daemon *daemon)
{
	struct shell_orders *orders = &daemon->store.orders;
	struct buffer report = {0};

	if (orders->log_file) {
		log_to(orders->log_file);
		free(orders->log_file);
		orders->log_file = NULL;
	}
	if (orders->report_file) {
		FILE *file = orders->report_file[0] ? fopen(orders->report_file, "w") : NULL;

		control_report(&daemon->store, &report);
		if (file) {
			fwrite(buffer_bytes(&report), 1, buffer_length(&report), file);
			fclose(file);
		} else {
			log_line("%.*s", (int)buffer_length(&report), buffer_bytes(&report));
		}
		buffer_release(&report);
		free(orders->report_file);
		orders->report_file = NULL;
	}
	if (orders->live_update) {
		orders->live_update = false;
		execute(daemon, orders->binary);
		free(orders->binary);
		orders->binary = NULL;
	}
}

int orders_check(const void *message)
{
	const struct xsd_sockmsg *header = message;
	const char *text[3];

	if (header->type != XS_CONTROL ||
	    wire_strings((const char *)message + WIRE_HEADER, header->len, text, 3) != 3 ||
	    strcmp(text[0], "live-update") != 0 || strcmp(text[1], "-f") != 0) {
		return 0;
	}
	return access(text[2], X_OK) < 0 ? -errno : 0;
}

bool orders_inherited(struct daemon *daemon)
{
	const char *list = getenv(INHERITANCE);
	struct client *client;
	unsigned int id;
	int fd, length;

	if (!list || sscanf(list, "%d%n", &daemon->listener, &length) != 1) {
		return false;
	}
	keep_open(daemon->listener, false);
	for (list += length; sscanf(list, ";%u=%d%n", &id, &fd, &length) == 2; list += length) {
		client = store_client(&daemon->store, id);
		if (!client) {
			close(fd);
			continue;
		}
		keep_open(fd, false);
		socket_adopt(daemon, fd, client);
		struct connection *connection = client->connection;

		connection->fresh = false;
		buffer_append(&connection->in, buffer_bytes(&client->in),
			      buffer_length(&client->in));
		client->in_total -= buffer_length(&client->in);
		buffer_consume(&client->in, buffer_length(&client->in));
		socket_flush(daemon, connection);
		connection_ready(daemon, connection);
	}
	unsetenv(INHERITANCE);
	return true;
}
