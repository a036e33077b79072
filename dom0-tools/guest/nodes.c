/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many writes to the store at once. */
#include <errno.h>
#include <guest/nodes.h>
#include <lib/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/io/xs_wire.h>

#define PAYLOAD_SIZE 4096

int nodes_begin(struct nodes *nodes)
{
	*nodes = (struct nodes){.count = 0};
	if (!store()) {
		return -ENOTCONN;
	}
	nodes->transaction = xs_transaction_start(store());
	return nodes->transaction ? 0 : fail_errno(errno, "starting a transaction in the store");
}

/* Takes the replies to all that was sent. */
static void settle(struct nodes *nodes)
{
	for (unsigned int i = 0; i < nodes->count; i++) {
		unsigned int length;
		void *reply = xs_finish(store(), nodes->calls[i], &length);

		if (!reply && errno != ENOENT && !nodes->rc) {
			nodes->rc = fail_errno(errno, "writing to the store");
		}
		free(reply);
	}
	nodes->count = 0;
}

int nodes_end(struct nodes *nodes)
{
	settle(nodes);
	if (!xs_transaction_end(store(), nodes->transaction, nodes->rc != 0)) {
		return errno == EAGAIN ? -EAGAIN
				       : fail_errno(errno, "ending a transaction in the store");
	}
	return nodes->rc;
}

static void send(struct nodes *nodes, uint32_t operation, const char *payload, size_t length)
{
	struct xs_call *call;

	if (nodes->count == NODES_MAX) {
		settle(nodes);
	}
	call = xs_send(store(), nodes->transaction, operation, payload, (unsigned int)length);
	if (call) {
		nodes->calls[nodes->count++] = call;
	} else if (!nodes->rc) {
		nodes->rc = fail_errno(errno, "sending to the store");
	}
}

void nodes_write(struct nodes *nodes, const char *path, const char *format, ...)
{
	char payload[PAYLOAD_SIZE];
	size_t used = strlen(path) + 1;
	va_list args;
	int length;

	memcpy(payload, path, used);
	va_start(args, format);
	length = vsnprintf(payload + used, sizeof(payload) - used, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(payload) - used) {
		nodes->rc = fail(E2BIG, "the value of %s is too long for the store", path);
		return;
	}
	send(nodes, XS_WRITE, payload, used + (size_t)length);
}

void nodes_owner(struct nodes *nodes, const char *path, struct node_owner who)
{
	char payload[PAYLOAD_SIZE];
	int used = snprintf(payload, sizeof(payload), "%s%cn%u", path, '\0', who.owner) + 1;

	if (who.reader != who.owner) {
		used += snprintf(payload + used, sizeof(payload) - (size_t)used, "r%u",
				 who.reader) +
			1;
	}
	send(nodes, XS_SET_PERMS, payload, (size_t)used);
}

void nodes_remove(struct nodes *nodes, const char *path)
{
	send(nodes, XS_RM, path, strlen(path) + 1);
}
