/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shell around the store: connections, their transports, the journal and the event loop. */
#ifndef XS_DAEMON_DAEMON_H
#define XS_DAEMON_DAEMON_H

#include "journal_file.h"
#include "machine.h"
#include "request.h"

struct connection {
	struct client *client;
	struct connection *next_ready;
	bool ready; /* in the list of those with input to work on */
	bool closing;
	bool ended;	  /* the socket's other end will send no more */
	bool blocked;	  /* the socket takes no more for now */
	bool fresh;	  /* no request came yet */
	int fd;		  /* a socket, or -1 for a ring */
	struct buffer in; /* read from the socket and not yet performed */
	/* a ring */
	struct xenstore_domain_interface *page;
	uint32_t port;
	uint32_t remote_port;
	bool failed; /* deaf until it asks to be connected again */
	/* changes that an unprivileged domain may make at once, in thousandths */
	int64_t credit;
	uint64_t credit_time;
};

struct daemon {
	struct store store;
	struct journal journal;
	const char *journal_path; /* NULL: none is kept */
	size_t snapshot_size, output_since;
	bool journal_full, started;
	const char *socket_path;
	int epoll, listener;
	bool has_machine, stop;
	int domain_port;
	uint64_t now; /* milliseconds */
	int64_t shared_credit;
	uint64_t shared_time;
	struct connection *ready, **ready_end;
	struct connection **port; /* by local port */
	size_t port_count;
	uint64_t watchdog; /* milliseconds between two signs of life, or 0 */
	uint64_t last_sign;
	bool recovering_sessions;
	uint64_t session_deadline;
	int argument_count;
	char **arguments;
};

/* connection.c: what all transports share. */
struct connection *connection_new(struct daemon *daemon, struct client *client, int fd);
void connection_free(struct daemon *daemon, struct connection *connection);
void connection_ready(struct daemon *daemon, struct connection *connection);
/* May this message be performed now? If not, the connection stays ready and is tried again. */
bool connection_backlogged(const struct daemon *daemon, const struct client *client);
bool connection_may(struct daemon *daemon, struct connection *connection,
		    const struct xsd_sockmsg *header);
/* Journals and performs one whole message. */
void connection_perform(struct daemon *daemon, struct connection *connection, const void *message);
/* Journals an input that is no message. False if the journal has no room. */
bool connection_journal(struct daemon *daemon, enum journal_kind kind, const void *body,
			size_t length);
/* Sends what was queued, and forgets clients that the store dropped. */
void connection_flush_all(struct daemon *daemon);
void connection_floor(struct daemon *daemon, struct client *client);
void connection_compact(struct daemon *daemon, bool force);

/* transport_socket.c */
int socket_listen(struct daemon *daemon);
void socket_accept(struct daemon *daemon);
void socket_adopt(struct daemon *daemon, int fd, struct client *client);
void socket_event(struct daemon *daemon, struct connection *connection, uint32_t events);
void socket_work(struct daemon *daemon, struct connection *connection);
void socket_flush(struct daemon *daemon, struct connection *connection);

/* transport_ring.c */
struct answer ring_introduce(struct daemon *daemon, const struct ring_name *name);
void ring_introduced(struct daemon *daemon, const struct ring_name *name);
void ring_recover(struct daemon *daemon);
void ring_start_dom0(struct daemon *daemon);
void ring_events(struct daemon *daemon);
void ring_work(struct daemon *daemon, struct connection *connection);
void ring_flush(struct daemon *daemon, struct connection *connection);
void ring_close(struct daemon *daemon, struct connection *connection);
void ring_overrun(struct daemon *daemon, struct connection *connection);

/* event_loop.c */
void loop_run(struct daemon *daemon);
void loop_clock(struct daemon *daemon);

/* orders.c: what CONTROL asks of the shell. */
void orders_perform(struct daemon *daemon);
/* Before a live update is ordered: 0 if the file that the message names can be executed. */
int orders_check(const void *message);
/* After a live update: takes over the sockets of the daemon that executed us. */
bool orders_inherited(struct daemon *daemon);

/* session.c: clients that come back after our death. */
bool session_request(struct daemon *daemon, struct connection *connection, const void *message);
void session_expire(struct daemon *daemon);

/* service.c: what systemd wants to be told, and hands over. */
void service_notify(const char *text);
int service_listener(void);

#endif
