/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients on the Unix socket. */
#include "daemon.h"
#include "log.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_ONCE     16384
#define MESSAGES_ONCE 16		  /* then the others have their turn */
#define BACKLOG_SOFT  ((size_t)256 << 10) /* no request is taken from who has that much to read */
#define BACKLOG_MAX   ((size_t)64 << 20)

static void poll_for(struct daemon *daemon, struct connection *connection, int how, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};

	if (epoll_ctl(daemon->epoll, how, connection->fd, &event) < 0) {
		connection->closing = true;
		connection_ready(daemon, connection);
	}
}

int socket_listen(struct daemon *daemon)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(daemon->socket_path) >= sizeof(name.sun_path)) {
		return -ENAMETOOLONG;
	}
	strcpy(name.sun_path, daemon->socket_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	unlink(name.sun_path);
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    chmod(name.sun_path, 0600) < 0 || listen(fd, 512) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	daemon->listener = fd;
	return 0;
}

void socket_adopt(struct daemon *daemon, int fd, struct client *client)
{
	struct connection *connection = connection_new(daemon, client, fd);

	poll_for(daemon, connection, EPOLL_CTL_ADD, EPOLLIN);
}

void socket_accept(struct daemon *daemon)
{
	int fd = accept4(daemon->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct journal_connect record = {.kind = CLIENT_SOCKET};

	if (fd < 0) {
		return;
	}
	record.client = ++daemon->store.last_client;
	connection_journal(daemon, JOURNAL_CONNECT, &record, sizeof(record));
	socket_adopt(daemon, fd, store_connect(&daemon->store, record.client, CLIENT_SOCKET, 0));
}

static void close_socket(struct daemon *daemon, struct connection *connection)
{
	uint32_t id = connection->client->id;

	connection_journal(daemon, JOURNAL_DISCONNECT, &id, sizeof(id));
	close(connection->fd);
	store_disconnect(&daemon->store, connection->client);
}

/* Performs whole messages that were read, some at a time. */
void socket_work(struct daemon *daemon, struct connection *connection)
{
	for (int i = 0; i < MESSAGES_ONCE && !connection->closing; i++) {
		size_t length = buffer_length(&connection->in);
		/* Messages follow each other at any alignment; the handlers want theirs aligned. */
		_Alignas(struct xsd_sockmsg) char message[WIRE_MESSAGE];
		struct xsd_sockmsg header;

		if (length < WIRE_HEADER ||
		    (connection->blocked &&
		     buffer_length(&connection->client->out) > BACKLOG_SOFT)) {
			break;
		}
		memcpy(&header, buffer_bytes(&connection->in), sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX) {
			connection->closing = true;
			break;
		}
		if (length < WIRE_HEADER + header.len) {
			break;
		}
		memcpy(message, buffer_bytes(&connection->in), WIRE_HEADER + header.len);
		buffer_consume(&connection->in, WIRE_HEADER + header.len);
		if (!connection->fresh || !session_request(daemon, connection, message)) {
			connection_perform(daemon, connection, message);
		}
		connection->fresh = false;
		if (i == MESSAGES_ONCE - 1) {
			connection_ready(daemon, connection);
		}
	}
	if (connection->closing || (connection->ended && !connection->ready)) {
		close_socket(daemon, connection);
	}
}

void socket_event(struct daemon *daemon, struct connection *connection, uint32_t events)
{
	ssize_t got;

	if (events & EPOLLOUT) {
		connection->blocked = false;
		poll_for(daemon, connection, EPOLL_CTL_MOD, EPOLLIN);
		socket_flush(daemon, connection);
		connection_ready(daemon, connection);
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || connection->ready) {
		return;
	}
	got = recv(connection->fd, buffer_reserve(&connection->in, READ_ONCE), READ_ONCE,
		   MSG_DONTWAIT);
	if (got > 0) {
		connection->in.end += (size_t)got;
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		connection->ended = true;
	}
	socket_work(daemon, connection);
}

void socket_flush(struct daemon *daemon, struct connection *connection)
{
	struct client *client = connection->client;
	size_t length = buffer_length(&client->out);
	ssize_t sent;

	if (length > BACKLOG_MAX && !connection->closing) {
		log_line("client %u reads nothing and has %zu bytes waiting: disconnected",
			 client->id, length);
		connection->closing = true;
		connection_ready(daemon, connection);
	}
	if (!length || connection->blocked) {
		connection_floor(daemon, client);
		return;
	}
	sent = send(connection->fd, buffer_bytes(&client->out), length,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0) {
		store_sent(client, (size_t)sent);
	} else if (errno != EAGAIN && errno != EINTR) {
		connection->closing = true;
		connection_ready(daemon, connection);
		store_sent(client, length);
	}
	if (buffer_length(&client->out) && !connection->blocked) {
		connection->blocked = true;
		poll_for(daemon, connection, EPOLL_CTL_MOD, EPOLLOUT);
	}
	connection_floor(daemon, client);
}
