/* SPDX-License-Identifier: MIT */
/* One connection to the daemon: calls under way, events, and coming back after a restart. */
#ifndef PVXSTORE_STREAM_H
#define PVXSTORE_STREAM_H

#include "pvxstore.h"

#include <errno.h> /* before the protocol, which then names errors */
#include <pthread.h>
#include <stddef.h>
#include <xen/io/xs_wire.h>

struct xs_call {
	struct xs_call *next;
	uint64_t end; /* of its bytes in the stream of requests */
	bool done;
	int error;
	char *reply;
	uint32_t reply_length;
	uint32_t length; /* of the message */
	char message[];
};

struct event {
	struct event *next;
	char *strings[2];
	char bytes[];
};

struct xs_handle {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int fd, poll_fd, event_fd;
	bool socket, filter, broken;
	bool reading; /* some thread is; the others wait for `changed` */
	char session[33];
	bool resumes; /* the daemon knows our session */
	uint64_t sent, received;
	uint32_t next_id;
	struct xs_call *calls, **calls_end;
	struct event *events, **events_end;
	char in[2 * (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)];
	size_t in_length;
};

bool stream_open(struct xs_handle *handle);
void stream_close(struct xs_handle *handle);
/* With the lock held. stream_read() takes in what comes, waiting for it if it should. */
bool stream_send(struct xs_handle *handle, struct xs_call *call);
bool stream_read(struct xs_handle *handle, bool wait);

#endif
