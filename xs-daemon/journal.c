/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of the journal and their replay: see journal.h. */
#include "journal.h"

#include "snapshot.h"

struct record {
	uint32_t length, kind;
	uint64_t check;
};

#define ALIGNED(length) (((length) + 7) & ~(size_t)7)

/* Sums words, each mixed with all before it; the body is padded with zeros. */
static uint64_t checksum(uint32_t length, uint32_t kind, const char *body)
{
	uint64_t sum = 0x9e3779b97f4a7c15ULL ^ (uint64_t)length << 32 ^ kind, word;

	for (size_t i = 0; i < ALIGNED(length); i += 8) {
		memcpy(&word, body + i, 8);
		sum = (sum ^ word) * 0xff51afd7ed558ccdULL;
		sum ^= sum >> 32;
	}
	return sum;
}

int journal_append(struct journal *journal, enum journal_kind kind, const void *head,
		   size_t head_length, const void *tail, size_t tail_length)
{
	size_t length = head_length + tail_length, whole = sizeof(struct record) + ALIGNED(length);
	struct record *record;
	char *body;

	/* Room for an empty record stays behind each one, so that an end is always to be seen. */
	if (journal->used + whole + sizeof(*record) > journal->size) {
		int rc = journal_grow(journal, whole + sizeof(*record));

		if (rc) {
			return rc;
		}
	}
	record = (void *)(journal->bytes + journal->used);
	body = (char *)(record + 1);
	if (length) {
		memset(body + ALIGNED(length) - 8, 0, 8);
	}
	memcpy(body, head, head_length);
	if (tail_length) {
		memcpy(body + head_length, tail, tail_length);
	}
	*record = (struct record){.length = (uint32_t)length,
				  .kind = kind,
				  .check = checksum((uint32_t)length, kind, body)};
	journal->used += whole;
	return 0;
}

static void replay_connect(struct store *store, const char *body, size_t length)
{
	struct journal_connect connect;
	struct client *client;

	memcpy(&connect, body, sizeof(connect));
	client = store_client(store, connect.client);
	if (!client) {
		client = store_connect(store, connect.client, connect.kind, connect.domid);
	}
	client->kind = connect.kind;
	client->ring_in = connect.ring_in;
	client->ring_out = connect.ring_out;
	memcpy(client->session, connect.session, sizeof(client->session));
	client->session[sizeof(client->session) - 1] = '\0';
	if (connect.kind == CLIENT_RING) {
		client->domain->client = client;
	}
}

static void replay_disconnect(struct store *store, const char *body, size_t length)
{
	uint32_t id;
	struct client *client;

	memcpy(&id, body, sizeof(id));
	client = store_client(store, id);
	if (client) {
		store_disconnect(store, client);
	}
}

static void replay_request(struct store *store, const char *body, size_t length)
{
	struct journal_request request;
	struct client *client;
	struct xsd_sockmsg header;

	memcpy(&request, body, sizeof(request));
	client = store_client(store, request.client);
	if (!client || length < sizeof(request) + sizeof(header)) {
		return;
	}
	memcpy(&header, body + sizeof(request), sizeof(header));
	if (header.len > XENSTORE_PAYLOAD_MAX ||
	    length != sizeof(request) + sizeof(header) + header.len) {
		return;
	}
	store_request(store, client, body + sizeof(request), request.answer);
}

static void replay_partial(struct store *store, const char *body, size_t length)
{
	uint32_t id;
	struct client *client;

	memcpy(&id, body, sizeof(id));
	client = store_client(store, id);
	if (client && buffer_length(&client->in) + length <= WIRE_MESSAGE) {
		store_partial(client, body + sizeof(id), length - sizeof(id));
	}
}

static void replay_state(struct store *store, const char *body, size_t length)
{
	struct journal_state state;

	memcpy(&state, body, sizeof(state));
	store_domain_state(store, state.domid,
			   state.state == DOMAIN_GONE ? DOMAIN_GONE : DOMAIN_SHUTDOWN);
}

static void replay_reset(struct store *store, const char *body, size_t length)
{
	struct journal_reset reset;
	struct client *client;

	memcpy(&reset, body, sizeof(reset));
	client = store_client(store, reset.client);
	if (client) {
		store_reset_client(store, client);
		client->in_total = client->out_total = client->boundary = 0;
		client->ring_in = reset.ring_in;
		client->ring_out = reset.ring_out;
	}
}

static void replay_floor(struct store *store, const char *body, size_t length)
{
	struct journal_floor floor;
	struct client *client;

	memcpy(&floor, body, sizeof(floor));
	client = store_client(store, floor.client);
	if (client) {
		client->floor = floor.floor;
	}
}

static const struct replayer {
	void (*replay)(struct store *store, const char *body, size_t length);
	size_t least; /* length of the body */
} replayers[JOURNAL_KIND_COUNT] = {
	[JOURNAL_CONNECT] = {replay_connect, sizeof(struct journal_connect)},
	[JOURNAL_DISCONNECT] = {replay_disconnect, sizeof(uint32_t)},
	[JOURNAL_REQUEST] = {replay_request, sizeof(struct journal_request)},
	[JOURNAL_PARTIAL] = {replay_partial, sizeof(uint32_t)},
	[JOURNAL_STATE] = {replay_state, sizeof(struct journal_state)},
	[JOURNAL_RESET] = {replay_reset, sizeof(struct journal_reset)},
	[JOURNAL_FLOOR] = {replay_floor, sizeof(struct journal_floor)},
};

/* Nobody reads a plain socket's stream after us: what is queued to it is dropped at once. */
static void drain_sockets(struct store *store)
{
	struct client *client;

	while ((client = store->dirty) != NULL) {
		store->dirty = client->next_dirty;
		client->dirty = false;
		if (client->kind == CLIENT_SOCKET) {
			store_sent(client, buffer_length(&client->out));
		}
	}
}

/* One record at `at`: its whole size, or 0 if there is no good one. */
static size_t record_at(const char *bytes, size_t left, struct record *record)
{
	if (left < sizeof(*record)) {
		return 0;
	}
	memcpy(record, bytes, sizeof(*record));
	if (record->kind == 0 || record->kind >= JOURNAL_KIND_COUNT ||
	    record->length > left - sizeof(*record) ||
	    ALIGNED(record->length) > left - sizeof(*record) ||
	    record->check != checksum(record->length, record->kind, bytes + sizeof(*record))) {
		return 0;
	}
	return sizeof(*record) + ALIGNED(record->length);
}

ssize_t journal_replay(struct store *store, const char *bytes, size_t length)
{
	size_t at = 0, size;
	bool whole = false;
	struct record record;

	while ((size = record_at(bytes + at, length - at, &record)) != 0) {
		const char *body = bytes + at + sizeof(record);
		const struct replayer *replayer = &replayers[record.kind];

		if (!whole) {
			int rc = snapshot_restore(store, record.kind, body, record.length);

			if (rc < 0) {
				return rc;
			}
			whole = record.kind == JOURNAL_END;
		} else if (replayer->replay && record.length >= replayer->least) {
			replayer->replay(store, body, record.length);
			drain_sockets(store);
		} else {
			break;
		}
		at += size;
	}
	store_clear_orders(store);
	return whole ? (ssize_t)at : -EINVAL;
}
