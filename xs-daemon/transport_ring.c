/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients behind a ring page and an event channel.
 *
 * The guest can write to any byte of its page at any time. Its indexes are read once and bounded;
 * ours are kept by position in the client's streams and only ever written to the page.
 */
#include "access.h"
#include "daemon.h"
#include "log.h"

#include <stdatomic.h>

#define FEATURES      (XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR)
#define MESSAGES_ONCE 4

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store_word(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Where our side of each ring is. */
static uint32_t in_index(const struct client *client)
{
	return client->ring_in + (uint32_t)client->in_total;
}

static uint32_t out_index(const struct client *client)
{
	return client->ring_out + (uint32_t)(client->out_total - buffer_length(&client->out));
}

static void set_port(struct daemon *daemon, uint32_t port, struct connection *connection)
{
	if (port >= daemon->port_count) {
		size_t count = port * 2u + 64;

		daemon->port = memory_resized(daemon->port, count * sizeof(*daemon->port));
		memset(daemon->port + daemon->port_count, 0,
		       (count - daemon->port_count) * sizeof(*daemon->port));
		daemon->port_count = count;
	}
	daemon->port[port] = connection;
}

static int attach(struct daemon *daemon, struct client *client, uint32_t domid, uint64_t gfn,
		  uint32_t remote_port)
{
	struct connection *connection;
	struct xenstore_domain_interface *page =
		domid ? machine_map(domid, gfn) : machine_map_dom0(&remote_port);
	int port = page ? machine_bind(domid, remote_port) : -EINVAL;

	if (port < 0) {
		if (page) {
			machine_unmap(page);
		}
		return port;
	}
	connection = connection_new(daemon, client, -1);
	connection->page = page;
	connection->port = (uint32_t)port;
	connection->remote_port = remote_port;
	set_port(daemon, connection->port, connection);
	store_word(&page->server_features, FEATURES);
	return 0;
}

void ring_close(struct daemon *daemon, struct connection *connection)
{
	if (connection->page) {
		daemon->port[connection->port] = NULL;
		machine_unbind(connection->port);
		machine_unmap(connection->page);
		connection->page = NULL;
	}
}

/* Before an INTRODUCE is performed: is there such a ring, and where are its indexes? */
struct answer ring_introduce(struct daemon *daemon, const struct ring_name *name)
{
	struct answer answer = {.rc = -ENOENT};
	struct xenstore_domain_interface *page;

	if (!daemon->has_machine || machine_domain_state(name->domid) == MACHINE_GONE) {
		return answer;
	}
	page = machine_map(name->domid, name->gfn);
	if (!page) {
		answer.rc = -EINVAL;
		return answer;
	}
	answer = (struct answer){.ring_in = load(&page->req_cons),
				 .ring_out = load(&page->rsp_prod)};
	machine_unmap(page);
	return answer;
}

void ring_introduced(struct daemon *daemon, const struct ring_name *name)
{
	struct domain *domain = store_domain_find(&daemon->store, name->domid);
	struct connection *old = domain->client->connection;
	int rc;

	if (old) {
		domain->client->connection = NULL;
		ring_close(daemon, old);
		connection_free(daemon, old);
	}
	rc = attach(daemon, domain->client, name->domid, name->gfn, name->port);
	if (rc) {
		log_line("domain %u: ring %llu, port %u: %s", name->domid,
			 (unsigned long long)name->gfn, name->port, strerror(-rc));
		return;
	}
	connection_ready(daemon, domain->client->connection);
	machine_notify(((struct connection *)domain->client->connection)->port);
}

static void reset(struct daemon *daemon, struct connection *connection, uint32_t in, uint32_t out)
{
	struct client *client = connection->client;
	struct journal_reset record = {.client = client->id, .ring_in = in, .ring_out = out};

	connection_journal(daemon, JOURNAL_RESET, &record, sizeof(record));
	store_reset_client(&daemon->store, client);
	client->in_total = client->out_total = client->boundary = 0;
	client->ring_in = in;
	client->ring_out = out;
}

static void fail(struct daemon *daemon, struct connection *connection, uint32_t error,
		 const char *why)
{
	log_line("domain %u: %s; its ring is closed until it connects again",
		 connection->client->domain->domid, why);
	reset(daemon, connection, in_index(connection->client), out_index(connection->client));
	connection->failed = true;
	store_word(&connection->page->error, error);
	machine_notify(connection->port);
}

void ring_overrun(struct daemon *daemon, struct connection *connection)
{
	fail(daemon, connection, XENSTORE_ERROR_COMM, "it reads no replies, and the queue is full");
}

/* The guest asked for an empty ring; the order of these writes is the guest's guarantee. */
static void reconnect(struct daemon *daemon, struct connection *connection)
{
	struct xenstore_domain_interface *page = connection->page;

	reset(daemon, connection, 0, 0);
	store_word(&page->req_cons, 0);
	store_word(&page->req_prod, 0);
	store_word(&page->rsp_cons, 0);
	store_word(&page->rsp_prod, 0);
	store_word(&page->error, XENSTORE_ERROR_NONE);
	connection->failed = false;
	store_word(&page->connection, XENSTORE_CONNECTED);
	machine_notify(connection->port);
}

static void copy_in(const struct connection *connection, uint32_t index, char *to, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		to[i] = ((const volatile char *)
				 connection->page->req)[MASK_XENSTORE_IDX(index + i)];
	}
}

enum step { STEP_DONE, STEP_AGAIN, STEP_WAIT };

/* Takes from `available` bytes those that belong to the message that is under way. */
static enum step take(struct daemon *daemon, struct connection *connection, uint32_t available)
{
	struct client *client = connection->client;
	_Alignas(struct xsd_sockmsg) char message[WIRE_MESSAGE];
	uint32_t have = (uint32_t)buffer_length(&client->in), index = in_index(client), rest;
	struct {
		uint32_t client;
		char bytes[XENSTORE_RING_SIZE];
	} partial = {.client = client->id};

	if (have) {
		memcpy(message, buffer_bytes(&client->in), have);
	}
	if (have < WIRE_HEADER && have + available >= WIRE_HEADER) {
		copy_in(connection, index, message + have, (uint32_t)WIRE_HEADER - have);
	}
	if (have + available >= WIRE_HEADER) {
		const struct xsd_sockmsg *header = (const void *)message;

		if (header->len > XENSTORE_PAYLOAD_MAX) {
			fail(daemon, connection, XENSTORE_ERROR_PROTO,
			     "it sent too long a message");
			return STEP_DONE;
		}
		rest = (uint32_t)WIRE_HEADER + header->len - have;
		if (available >= rest) {
			uint32_t length = header->len;

			if (!connection_may(daemon, connection, header)) {
				return STEP_WAIT;
			}
			if (have < WIRE_HEADER) {
				have = (uint32_t)WIRE_HEADER;
				index = in_index(client) + have -
					(uint32_t)buffer_length(&client->in);
			}
			copy_in(connection, index, message + have,
				(uint32_t)WIRE_HEADER + length - have);
			connection_perform(daemon, connection, message);
			return STEP_AGAIN;
		}
	}
	copy_in(connection, in_index(client), partial.bytes, available);
	connection_journal(daemon, JOURNAL_PARTIAL, &partial, sizeof(uint32_t) + available);
	store_partial(client, partial.bytes, available);
	return STEP_AGAIN;
}

void ring_work(struct daemon *daemon, struct connection *connection)
{
	struct xenstore_domain_interface *page = connection->page;
	struct client *client = connection->client;
	bool moved = false;
	enum step step = STEP_AGAIN;
	int i;

	if (!page) {
		return;
	}
	if (load(&page->connection) == XENSTORE_RECONNECT) {
		reconnect(daemon, connection);
	}
	ring_flush(daemon, connection);
	if (connection_backlogged(daemon, client)) {
		return; /* its next event says that it has read something */
	}
	for (i = 0; i < MESSAGES_ONCE && step == STEP_AGAIN && !connection->failed; i++) {
		uint32_t available = load(&page->req_prod) - in_index(client);

		if (available > XENSTORE_RING_SIZE) {
			fail(daemon, connection, XENSTORE_ERROR_RINGIDX, "its indexes lie");
			break;
		}
		step = available ? take(daemon, connection, available) : STEP_DONE;
		if (client->connection != connection || connection->page != page) {
			return; /* the request was its own end, or a new ring */
		}
		if (step == STEP_AGAIN) {
			moved = true;
			store_word(&page->req_cons, in_index(client));
		}
	}
	if (moved) {
		machine_notify(connection->port);
	}
	if (step != STEP_DONE && !connection->failed) {
		connection_ready(daemon, connection);
	}
	ring_flush(daemon, connection);
}

void ring_flush(struct daemon *daemon, struct connection *connection)
{
	struct xenstore_domain_interface *page = connection->page;
	struct client *client = connection->client;
	uint32_t index, used, count;

	if (!page || connection->failed || !buffer_length(&client->out)) {
		return;
	}
	if (client->overrun) {
		ring_overrun(daemon, connection);
		return;
	}
	index = out_index(client);
	used = index - load(&page->rsp_cons);
	if (used > XENSTORE_RING_SIZE) {
		fail(daemon, connection, XENSTORE_ERROR_RINGIDX, "its indexes lie");
		return;
	}
	count = XENSTORE_RING_SIZE - used;
	if (count > buffer_length(&client->out)) {
		count = (uint32_t)buffer_length(&client->out);
	}
	if (count) {
		for (uint32_t i = 0; i < count; i++) {
			page->rsp[MASK_XENSTORE_IDX(index + i)] = buffer_bytes(&client->out)[i];
		}
		store_word(&page->rsp_prod, index + count);
		store_sent(client, count);
		machine_notify(connection->port);
	}
	connection_floor(daemon, client);
}

static void list_domain(struct store *store, struct link *link, void *context)
{
	const struct domain *domain = container_of(link, struct domain, link);

	if (domain->client && domain->domid != 0) {
		buffer_append(context, &domain->domid, sizeof(domain->domid));
	}
}

static void check_domain(struct daemon *daemon, uint32_t domid)
{
	struct domain *domain = store_domain_find(&daemon->store, domid);
	struct journal_state record = {.domid = domid};
	enum machine_state state = machine_domain_state(domid);

	if (!domain || state == MACHINE_RUNNING ||
	    (state == MACHINE_SHUTDOWN && domain->shutdown)) {
		return;
	}
	record.state = state == MACHINE_GONE ? DOMAIN_GONE : DOMAIN_SHUTDOWN;
	connection_journal(daemon, JOURNAL_STATE, &record, sizeof(record));
	store_domain_state(&daemon->store, domid, record.state);
}

/* Some domain ended, nobody says which. The list is taken first: ends change the table. */
static void check_domains(struct daemon *daemon)
{
	struct buffer list = {0};
	uint32_t domid;

	store_each(&daemon->store, &daemon->store.domains, list_domain, &list);
	while (buffer_length(&list)) {
		memcpy(&domid, buffer_bytes(&list), sizeof(domid));
		buffer_consume(&list, sizeof(domid));
		check_domain(daemon, domid);
	}
	buffer_release(&list);
}

void ring_events(struct daemon *daemon)
{
	int port;

	while ((port = machine_pending()) >= 0) {
		if (port == daemon->domain_port) {
			check_domains(daemon);
		} else if ((size_t)port < daemon->port_count && daemon->port[port]) {
			connection_ready(daemon, daemon->port[port]);
		}
	}
}

void ring_start_dom0(struct daemon *daemon)
{
	struct journal_connect record = {.kind = CLIENT_RING};
	struct xenstore_domain_interface *page;
	struct client *client = store_domain(&daemon->store, 0)->client;
	uint32_t port;

	if (client || !daemon->has_machine) {
		return;
	}
	page = machine_map_dom0(&port);
	if (!page) {
		log_line("Dom0's kernel offers no ring: only the socket serves it");
		return;
	}
	record.client = ++daemon->store.last_client;
	record.ring_in = load(&page->req_cons);
	record.ring_out = load(&page->rsp_prod);
	machine_unmap(page);
	connection_journal(daemon, JOURNAL_CONNECT, &record, sizeof(record));
	client = store_connect(&daemon->store, record.client, CLIENT_RING, 0);
	client->domain->client = client;
	client->ring_in = record.ring_in;
	client->ring_out = record.ring_out;
	if (attach(daemon, client, 0, 0, 0) == 0) {
		connection_ready(daemon, client->connection);
		machine_notify(((struct connection *)client->connection)->port);
	}
}

/* What was published before our death is told by the page's producer index, if it is credible. */
static void resume(struct store *store, struct link *link, void *context)
{
	struct daemon *daemon = context;
	struct client *client = container_of(link, struct client, link);
	struct domain *domain = client->domain;
	struct connection *connection;
	uint32_t published;

	if (client->kind != CLIENT_RING || client->connection) {
		return;
	}
	if (attach(daemon, client, domain->domid, domain->gfn, domain->port)) {
		log_line("domain %u: its ring is gone", domain->domid);
		return; /* check_domains() finds out whether the domain is, too */
	}
	connection = client->connection;
	published = load(&connection->page->rsp_prod) - out_index(client);
	if (published > buffer_length(&client->out)) {
		fail(daemon, connection, XENSTORE_ERROR_RINGIDX, "its indexes lie");
		return;
	}
	store_sent(client, published);
	store_word(&connection->page->req_cons, in_index(client));
	connection_ready(daemon, connection);
	ring_flush(daemon, connection);
	machine_notify(connection->port);
}

void ring_recover(struct daemon *daemon)
{
	store_each(&daemon->store, &daemon->store.clients, resume, daemon);
	check_domains(daemon);
}
