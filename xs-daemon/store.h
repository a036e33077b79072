/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store as a pure state machine: no file descriptor, no clock, no randomness.
 *
 * Its inputs are the functions below, store_request() in request.h among them; its outputs are the
 * bytes in each client's queue. Equal inputs give equal outputs and state: that is what lets the
 * journal be a list of inputs, and recovery a replay.
 */
#ifndef XS_DAEMON_STORE_H
#define XS_DAEMON_STORE_H

#include "memory.h"
#include "table.h"
#include "tree.h"

enum quota {
	QUOTA_NODES,
	QUOTA_WATCHES,
	QUOTA_TRANSACTIONS,
	QUOTA_OUTSTANDING,
	QUOTA_TRANSACTION_NODES,
	QUOTA_MEMORY,
	QUOTA_NODE_SIZE,
	QUOTA_PATH_MAX,
	QUOTA_PERMISSIONS,
	QUOTA_COUNT,
};

#define DOMID_NONE 0x7ff4u

/* What a domain uses, and what was refused to it. Exists while any of it is not zero. */
struct domain {
	struct link link;
	uint32_t domid, target;
	struct client *client; /* its ring, once introduced */
	uint32_t clients;      /* all that speak in its name */
	uint64_t gfn;
	uint32_t port;
	bool shutdown;
	uint64_t died; /* the store's generation then: what was granted earlier is void */
	uint32_t nodes, watches, transactions;
	int64_t memory;
	bool memory_warned;
	uint32_t refused[QUOTA_COUNT];
	uint64_t refusal_logged[QUOTA_COUNT];
};

enum client_kind { CLIENT_SOCKET, CLIENT_SESSION, CLIENT_RING };

/* One byte stream in each direction, whatever carries it. */
struct client {
	struct link link;
	uint32_t id;
	enum client_kind kind;
	struct domain *domain;
	struct watch *watches, **watches_end;
	struct transaction *transactions;
	uint32_t last_transaction;

	struct buffer in;	      /* the part of a request that came */
	uint64_t in_total, out_total; /* bytes ever taken from it, and ever queued to it */
	struct buffer out;	      /* what is queued and not yet sent */
	uint64_t boundary;	    /* where in the stream the message begins that is being sent */
	uint32_t outstanding;	    /* messages queued and not wholly sent */
	uint64_t floor;		    /* events from here on may be dropped as repetitions */
	uint32_t ring_in, ring_out; /* a ring's indexes when its streams began */
	char session[33];	    /* the name under which it comes back after our death */

	uint64_t told; /* the last event that it was told of, and for which watch */
	const struct watch *told_watch;

	struct client *next_dirty;
	bool dirty;
	bool overrun;	  /* its queue outgrew the memory quota */
	void *connection; /* the shell's */
};

#define FLOOR_NONE UINT64_MAX

/* What CONTROL asked of the shell, which takes each order and clears it. */
struct shell_orders {
	bool trace, live_update;
	char *log_file, *report_file, *binary;
};

struct store {
	struct node *root;
	uint64_t generation;
	struct permissions *introduce_permissions, *release_permissions;
	struct table clients, domains, watches, watch_identities;
	uint64_t last_watch, last_event;
	uint32_t last_client;
	uint32_t quota[QUOTA_COUNT], soft_memory;
	struct buffer orphans; /* `connection` pointers of clients that the store dropped itself */
	struct client *dirty;  /* list of clients to whom something was queued */
	uint64_t now;	       /* seconds, for the interval of log lines only */
	uint64_t operations;
	struct shell_orders orders;
};

void store_init(struct store *store);
void store_release(struct store *store);
void store_clear_orders(struct store *store);

/* Inputs. Ids are the shell's to choose, never used twice. */
struct client *store_connect(struct store *store, uint32_t id, enum client_kind kind,
			     uint32_t domid);
void store_disconnect(struct store *store, struct client *client);
void store_reset_client(struct store *store, struct client *client);
void store_partial(struct client *client, const void *bytes, size_t length);
enum domain_state { DOMAIN_SHUTDOWN, DOMAIN_GONE };
void store_domain_state(struct store *store, uint32_t domid, enum domain_state state);
void store_domain_released(struct store *store, struct domain *domain);

struct client *store_client(const struct store *store, uint32_t id);
struct domain *store_domain(struct store *store, uint32_t domid);
struct domain *store_domain_find(const struct store *store, uint32_t domid);
void store_domain_idle(struct store *store, struct domain *domain);

/* Queues one message. */
void store_queue(struct store *store, struct client *client, uint32_t type, uint32_t req_id,
		 uint32_t tx_id, const char *payload, size_t length);

/* The shell has sent so many bytes of the queue. */
void store_sent(struct client *client, size_t length);

/* Calls visit for all entries of a table; visit may remove the one it is given. */
typedef void store_visit(struct store *store, struct link *link, void *context);
void store_each(struct store *store, const struct table *table, store_visit *visit, void *context);

/* Counts nodes and bytes that an owner gains; see access.h for limits. */
void store_charge(struct store *store, uint32_t owner, int32_t nodes, int64_t bytes);

#endif
