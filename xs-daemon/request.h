/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests: one table of operations, a handler each. */
#ifndef XS_DAEMON_REQUEST_H
#define XS_DAEMON_REQUEST_H

#include "edit.h"
#include "store.h"
#include "wire.h"

/*
 * What the world outside the store answered to its part of a request: 0 or -errno, and for an
 * INTRODUCE the indexes that the ring had. It is part of the input, so that a replay need not ask
 * again.
 */
struct answer {
	int32_t rc;
	uint32_t ring_in, ring_out;
};

/* Performs one whole message of a client and queues its reply and the events it causes. */
void store_request(struct store *store, struct client *client, const void *message,
		   struct answer answer);

/* True if performing the message can change state; the others need no journal. */
bool request_changes(const struct client *client, const struct xsd_sockmsg *header);

/* If the message is an INTRODUCE that needs a ring, what ring that is. */
struct ring_name {
	uint32_t domid, port;
	uint64_t gfn;
};
bool request_wants_ring(const struct store *store, const struct client *client, const void *message,
			struct ring_name *name);

/* What handlers see. */
struct request {
	struct store *store;
	struct client *client;
	const struct xsd_sockmsg *header;
	const char *payload;
	size_t length;
	struct transaction *transaction;
	struct buffer *log; /* a second performance: the reply goes here, not to the client */
	struct answer answer;
	uint64_t digest; /* of the reply */
};

/* A handler replies itself, or returns -errno for an ERROR reply. */
void request_reply(struct request *request, const char *payload, size_t length);
void request_reply_text(struct request *request, const char *text);
int request_path(const struct request *request, const char *text, char out[WIRE_PATH_MAX]);
static inline void request_ok(struct request *request)
{
	request_reply_text(request, "OK");
}

/* In request_domain.c and control.c. */
int request_introduce(struct request *request);
int request_release(struct request *request);
int request_get_domain_path(struct request *request);
int request_is_introduced(struct request *request);
int request_resume(struct request *request);
int request_set_target(struct request *request);
int request_control(struct request *request);

#endif
