/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 10,000 domains on rings of plain memory: introduced, each writing, reading and watching, hearing
 * of each other, dying. The daemon's own transport and connection code; only the machine is made
 * up.
 */
#include "control.h"
#include "daemon.h"
#include "log.h"
#include "tap.h"
#include "watch.h"

#define DOMAINS 10000
#define NODES	10 /* that each domain makes */

static struct daemon self;
static struct xenstore_domain_interface *page[DOMAINS + 1];
static bool gone[DOMAINS + 1];
static unsigned int mapped, bound, notified;
static int pending = -1;

void log_line(const char *format, ...)
{
}

void log_to(const char *path)
{
}

int machine_open(void)
{
	return 0;
}

int machine_fd(void)
{
	return -1;
}

int machine_pending(void)
{
	int port = pending;

	pending = -1;
	return port;
}

struct xenstore_domain_interface *machine_map(uint32_t domid, uint64_t gfn)
{
	mapped++;
	return page[domid];
}

void machine_unmap(struct xenstore_domain_interface *unmapped)
{
	mapped--;
}

struct xenstore_domain_interface *machine_map_dom0(uint32_t *remote_port)
{
	return NULL;
}

int machine_bind(uint32_t domid, uint32_t remote_port)
{
	bound++;
	return (int)domid;
}

void machine_unbind(uint32_t port)
{
	bound--;
}

void machine_notify(uint32_t port)
{
	notified++;
}

int machine_domain_port(void)
{
	return DOMAINS + 1;
}

enum machine_state machine_domain_state(uint32_t domid)
{
	return domid > DOMAINS || gone[domid] ? MACHINE_GONE : MACHINE_RUNNING;
}

/* ---- Dom0, as a client without a transport ---- */

static struct connection *dom0;

static bool dom0_request(uint32_t type, const char *payload, size_t length)
{
	_Alignas(8) char message[WIRE_MESSAGE];
	struct xsd_sockmsg header = {.type = type, .len = (uint32_t)length};
	struct buffer *out = &dom0->client->out;

	store_sent(dom0->client, buffer_length(out));
	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, length);
	connection_perform(&self, dom0, message);
	memcpy(&header, buffer_bytes(out), sizeof(header));
	store_sent(dom0->client, buffer_length(out));
	connection_flush_all(&self);
	return header.type != XS_ERROR;
}

static bool introduce(uint32_t domid)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "/local/domain/%u", domid) + 1;
	bool good = dom0_request(XS_MKDIR, text, (size_t)length);

	length += snprintf(text + length, sizeof(text) - (size_t)length, "n%u", domid) + 1;
	good = good && dom0_request(XS_SET_PERMS, text, (size_t)length);
	length = snprintf(text, sizeof(text), "%u%c%u%c%u", domid, 0, domid, 0, domid) + 1;
	return good && dom0_request(XS_INTRODUCE, text, (size_t)length);
}

/* ---- guests ---- */

static void guest_send(uint32_t domid, uint32_t type, const char *payload, size_t length)
{
	char message[256];
	struct xsd_sockmsg header = {.type = type, .req_id = domid, .len = (uint32_t)length};
	struct xenstore_domain_interface *ring = page[domid];

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, length);
	for (size_t i = 0; i < sizeof(header) + length; i++) {
		ring->req[MASK_XENSTORE_IDX(ring->req_prod + i)] = message[i];
	}
	ring->req_prod += (uint32_t)(sizeof(header) + length);
	pending = (int)domid;
	ring_events(&self);
}

/* Works off all that is ready, with time for the credits of those who wait. */
static void settle(void)
{
	while (self.ready) {
		struct connection *connection = self.ready;

		self.now += 5;
		self.ready = connection->next_ready;
		if (!self.ready) {
			self.ready_end = &self.ready;
		}
		connection->ready = false;
		ring_work(&self, connection);
		connection_flush_all(&self);
	}
}

/* The type of the next message in the ring, with the payload; 0 is none. */
static uint32_t guest_take(uint32_t domid, char payload[4096])
{
	struct xenstore_domain_interface *ring = page[domid];
	struct xsd_sockmsg header;
	char *bytes = (char *)&header;

	if (ring->rsp_cons == ring->rsp_prod) {
		return 0;
	}
	for (size_t i = 0; i < sizeof(header); i++) {
		bytes[i] = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons + i)];
	}
	for (size_t i = 0; i < header.len; i++) {
		payload[i] = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons + sizeof(header) + i)];
	}
	ring->rsp_cons += (uint32_t)sizeof(header) + header.len;
	return header.type;
}

static bool guest_call(uint32_t domid, uint32_t type, const char *payload, size_t length)
{
	char reply[4096];
	uint32_t got;

	guest_send(domid, type, payload, length);
	settle();
	while ((got = guest_take(domid, reply)) == XS_WATCH_EVENT) {
	}
	return got == type;
}

static void test_introduction(void)
{
	unsigned int good = 0;

	for (uint32_t domid = 1; domid <= DOMAINS; domid++) {
		page[domid] = memory_zeroed(1, 4096);
		/* Guests must not assume that indexes begin at 0; neither may we. */
		page[domid]->req_cons = page[domid]->req_prod = UINT32_MAX - domid % 2000;
		page[domid]->rsp_cons = page[domid]->rsp_prod = UINT32_MAX - domid % 3000;
		good += introduce(domid);
	}
	settle();
	is_int(good, DOMAINS, "%u domains are introduced", DOMAINS);
	is_int(bound, DOMAINS, "each has its event channel");
}

static void test_work(void)
{
	unsigned int wrote = 0, read = 0, watched = 0;
	char text[64];

	for (uint32_t domid = 1; domid <= DOMAINS; domid++) {
		watched += guest_call(domid, XS_WATCH, "data\0token", 11);
		for (int i = 0; i < NODES; i++) {
			int length = snprintf(text, sizeof(text), "data/n%d%cvalue", i, 0);

			wrote += guest_call(domid, XS_WRITE, text, (size_t)length);
		}
		read += guest_call(domid, XS_READ, "data/n0", 8);
	}
	is_int(watched, DOMAINS, "each watches");
	is_int(wrote, DOMAINS * NODES, "each writes its %d nodes", NODES);
	is_int(read, DOMAINS, "each reads one");
	ok(control_check(&self.store), "the accounts are right");
	is_int(store_domain(&self.store, 77)->nodes, NODES + 2,
	       "a domain owns home, data and nodes");
}

/* A write that one domain watches reaches that one alone. */
static void test_events(void)
{
	char payload[4096];
	unsigned int reached = 0;
	uint64_t before = notified;

	dom0_request(XS_WRITE, "/local/domain/5000/data/n3\0new", 30);
	for (uint32_t domid = 1; domid <= DOMAINS; domid++) {
		while (guest_take(domid, payload) == XS_WATCH_EVENT) {
			reached += domid == 5000 && strcmp(payload, "data/n3") == 0 ? 1 : 1000;
		}
	}
	is_int(reached, 1, "an event reaches the one that watches");
	is_int(notified - before, 1, "and costs one notification");
}

static void test_death(void)
{
	for (uint32_t domid = 1; domid <= DOMAINS; domid++) {
		gone[domid] = domid % 2 == 0;
	}
	pending = self.domain_port;
	ring_events(&self);
	connection_flush_all(&self);
	is_int(bound, DOMAINS / 2, "half of them die at once: their channels are closed");
	ok(!tree_find(self.store.root, "/local/domain/5000") &&
		   tree_find(self.store.root, "/local/domain/5001"),
	   "their nodes are gone, those of the others are not");
	is_int(self.store.watches.count, DOMAINS / 2, "so are their watches");
	ok(guest_call(5001, XS_READ, "data/n0", 8), "the living are served");
	ok(control_check(&self.store), "the accounts are right");
}

static void release(struct store *store, struct link *link, void *context)
{
	struct client *client = container_of(link, struct client, link);

	store_disconnect(store, client);
}

int main(void)
{
	self.journal.fd = -1;
	self.has_machine = true;
	self.domain_port = machine_domain_port();
	self.ready_end = &self.ready;
	self.now = 1;
	store_init(&self.store);
	dom0 = connection_new(
		&self, store_connect(&self.store, ++self.store.last_client, CLIENT_SOCKET, 0), -1);
	test_introduction();
	test_work();
	test_events();
	test_death();
	store_each(&self.store, &self.store.clients, release, NULL);
	connection_flush_all(&self);
	is_int(mapped, 0, "no page stays mapped");
	store_release(&self.store);
	free(self.port);
	for (uint32_t domid = 1; domid <= DOMAINS; domid++) {
		free(page[domid]);
	}
	return done_testing();
}
