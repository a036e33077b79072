/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives the store in memory: requests, replies and a journal, for tests and fuzzers. */
#ifndef TESTS_UNIT_STORE_DRIVER_H
#define TESTS_UNIT_STORE_DRIVER_H

#include "journal.h"
#include "log.h"

#include <stdio.h>

/* The journal's memory is plain memory here. */
int journal_grow(struct journal *journal, size_t length)
{
	size_t size = (journal->used + length) * 2;

	journal->bytes = memory_resized(journal->bytes, size);
	memset(journal->bytes + journal->used, 0, size - journal->used);
	journal->size = size;
	return 0;
}

/* The log goes nowhere but is counted. */
static unsigned int driver_log_lines;

void log_line(const char *format, ...)
{
	driver_log_lines++;
}

/* One request, journalled if there is a journal; its reply is queued to the client. */
static inline void driver_request(struct store *store, struct journal *journal,
				  struct client *client, uint32_t type, uint32_t tx,
				  const void *payload, size_t length)
{
	_Alignas(8) char message[WIRE_MESSAGE];
	struct xsd_sockmsg header = {
		.type = type, .req_id = 7, .tx_id = tx, .len = (uint32_t)length};
	struct journal_request record = {.client = client->id};

	memcpy(message, &header, sizeof(header));
	if (length) {
		memcpy(message + sizeof(header), payload, length);
	}
	if (journal) {
		journal_append(journal, JOURNAL_REQUEST, &record, sizeof(record), message,
			       sizeof(header) + length);
	}
	store_request(store, client, message, record.answer);
}

struct driver_message {
	uint32_t type;
	size_t length;
	char payload[XENSTORE_PAYLOAD_MAX + 1];
};

/* Takes the oldest message out of the client's queue. */
static inline bool driver_take(struct client *client, struct driver_message *message)
{
	struct xsd_sockmsg header;

	if (buffer_length(&client->out) == 0) {
		return false;
	}
	memcpy(&header, buffer_bytes(&client->out), sizeof(header));
	message->type = header.type;
	message->length = header.len;
	memcpy(message->payload, buffer_bytes(&client->out) + sizeof(header), header.len);
	message->payload[header.len] = '\0';
	store_sent(client, sizeof(header) + header.len);
	return true;
}

/* Takes the reply, which ends what one request of this client queued; drops events before it. */
static inline bool driver_reply(struct client *client, struct driver_message *message)
{
	while (driver_take(client, message)) {
		if (message->type != XS_WATCH_EVENT) {
			return true;
		}
	}
	return false;
}

/* Everything an outsider could tell two stores apart by, as text. */
struct driver_dump {
	struct buffer text;
	char path[WIRE_PATH_MAX];
	size_t length;
};

static inline bool driver_dump_node(const struct node *node, void *context)
{
	struct driver_dump *dump = context;
	size_t length = dump->length;
	char line[512];

	dump->path[length] = '/';
	memcpy(dump->path + length + 1, node->bytes, node->name_length + 1u);
	dump->length += 1u + node->name_length;
	buffer_append(&dump->text, dump->path, dump->length);
	buffer_append(&dump->text, line,
		      (size_t)snprintf(line, sizeof(line), " g%llu p%u.%u:%u c%u = ",
				       (unsigned long long)node->generation,
				       node->permissions->count, node->permissions->entry[0].domid,
				       node->permissions->entry[0].rights, node_child_bytes(node)));
	buffer_append(&dump->text, node_value(node), node->value_length);
	buffer_append(&dump->text, "\n", 1);
	node_each(node, driver_dump_node, dump);
	dump->length = length;
	return true;
}

static inline struct buffer driver_dump(const struct store *store)
{
	struct driver_dump dump = {0};
	char line[256];

	driver_dump_node(store->root, &dump);
	for (uint32_t id = 1; id <= store->last_client; id++) {
		const struct client *client = store_client(store, id);

		if (!client) {
			continue;
		}
		buffer_append(&dump.text, line,
			      (size_t)snprintf(
				      line, sizeof(line),
				      "client %u of %u: in %llu out %llu w%u t%u n%u m%lld\n", id,
				      client->domain->domid, (unsigned long long)client->in_total,
				      (unsigned long long)client->out_total,
				      client->domain->watches, client->domain->transactions,
				      client->domain->nodes, (long long)client->domain->memory));
	}
	return dump.text;
}

#endif
