/* SPDX-License-Identifier: MIT */
/*
 * The store, by the ring that the toolstack gave this guest.
 *
 * One request is under way at a time, and a call sleeps until its reply is there: these functions
 * are not for event handlers, nor for two vCPUs at once. The store's port stays masked
 * (pv_event_wait()). A path without a slash in front is one below this domain's home,
 * /local/domain/N. What fails returns a negative XEN_E* number.
 */
#ifndef PV_STORE_H
#define PV_STORE_H

#include "event.h"
#include "format.h"
#include "mmu.h"
#include <xen/errno.h>
#include <xen/io/xs_wire.h>

static struct {
	struct xenstore_domain_interface *ring;
	evtchn_port_t port;
	uint32_t requests;    /* so many there were */
	unsigned int changes; /* so many watches have fired */
	unsigned int known;   /* of which pv_store_wait() has told */
	char event[256];      /* path and token of the last, each with its NUL */
} pv_store;

/* After pv_mmu_start() and pv_events_start(). */
static inline long pv_store_start(const struct start_info *start)
{
	if (!start->store_mfn) {
		return -XEN_ENODEV;
	}
	pv_store.ring = pv_pfn_to_virt(pv_mfn_to_pfn(start->store_mfn));
	pv_store.port = start->store_evtchn;
	return 0;
}

static inline void pv_store_put(const void *data, size_t length)
{
	struct xenstore_domain_interface *ring = pv_store.ring;
	XENSTORE_RING_IDX produced = ring->req_prod;

	for (size_t i = 0; i < length; i++) {
		while (produced - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE) >=
		       XENSTORE_RING_SIZE) {
			pv_event_send(pv_store.port);
			pv_event_wait(pv_store.port);
		}
		ring->req[MASK_XENSTORE_IDX(produced)] = ((const char *)data)[i];
		__atomic_store_n(&ring->req_prod, ++produced, __ATOMIC_RELEASE);
	}
}

/* The next bytes the daemon has to say, as many as fit; the others are thrown away. */
static inline void pv_store_get(void *to, size_t size, size_t length)
{
	struct xenstore_domain_interface *ring = pv_store.ring;
	XENSTORE_RING_IDX consumed = ring->rsp_cons;

	for (size_t i = 0; i < length; i++) {
		while (consumed == __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE)) {
			pv_event_send(pv_store.port);
			pv_event_wait(pv_store.port);
		}
		if (i < size) {
			((char *)to)[i] = ring->rsp[MASK_XENSTORE_IDX(consumed)];
		}
		__atomic_store_n(&ring->rsp_cons, ++consumed, __ATOMIC_RELEASE);
	}
}

static inline long pv_store_error(const char *name)
{
	static const struct {
		const char *name;
		long number;
	} errors[] = {
#define XEN_ERRNO(name, value) {#name, value},
#include <xen/errno.h>
	};

	for (unsigned int i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (pv_same(errors[i].name, name)) {
			return -errors[i].number;
		}
	}
	return -XEN_EIO;
}

/* One message: the length of a reply or its error; that a watch has fired is kept for
 * pv_store_wait(). */
static inline int pv_store_message(char *reply, size_t size, long *result)
{
	struct xsd_sockmsg head;
	char name[16] = "";

	pv_store_get(&head, sizeof(head), sizeof(head));
	if (head.type == XS_WATCH_EVENT) {
		pv_store_get(pv_store.event, sizeof(pv_store.event) - 1, head.len);
		pv_store.changes++;
		return 0;
	}
	if (head.type == XS_ERROR) {
		pv_store_get(name, sizeof(name) - 1, head.len);
		*result = pv_store_error(name);
		return 1;
	}
	pv_store_get(reply, size, head.len);
	*result = size && head.len > size ? -XEN_E2BIG : (long)head.len;
	return 1;
}

struct pv_store_call {
	uint32_t type, transaction; /* XS_*, 0: in none */
	const char *path;	    /* goes with its NUL */
	const char *value;	    /* goes without, and may be null */
	size_t length;
	char *reply; /* null: the caller does not care */
	size_t size;
};

/* The length of the reply, or the error. */
static inline long pv_store_ask(const struct pv_store_call *call)
{
	size_t path = pv_length(call->path) + 1;
	struct xsd_sockmsg head = {.type = call->type,
				   .req_id = ++pv_store.requests,
				   .tx_id = call->transaction,
				   .len = (uint32_t)(path + call->length)};
	long result = 0;

	if (head.len > XENSTORE_PAYLOAD_MAX) {
		return -XEN_E2BIG;
	}
	pv_store_put(&head, sizeof(head));
	pv_store_put(call->path, path);
	pv_store_put(call->value, call->length);
	pv_event_send(pv_store.port);
	while (!pv_store_message(call->reply, call->size, &result)) {
	}
	return result;
}

/* A string, with its NUL; its length. */
static inline long pv_store_read(uint32_t transaction, const char *path, char *value, size_t size)
{
	long rc = pv_store_ask(&(struct pv_store_call){.type = XS_READ,
						       .transaction = transaction,
						       .path = path,
						       .reply = value,
						       .size = size - 1});

	value[rc < 0 ? 0 : rc] = 0;
	return rc;
}

static inline long pv_store_write(uint32_t transaction, const char *path, const char *value)
{
	long rc = pv_store_ask(&(struct pv_store_call){.type = XS_WRITE,
						       .transaction = transaction,
						       .path = path,
						       .value = value,
						       .length = pv_length(value)});

	return rc < 0 ? rc : 0;
}

/* The names of what is below a node, each with its NUL; their length. */
static inline long pv_store_list(uint32_t transaction, const char *path, char *names, size_t size)
{
	return pv_store_ask(&(struct pv_store_call){.type = XS_DIRECTORY,
						    .transaction = transaction,
						    .path = path,
						    .reply = names,
						    .size = size});
}

static inline long pv_store_remove(uint32_t transaction, const char *path)
{
	long rc = pv_store_ask(
		&(struct pv_store_call){.type = XS_RM, .transaction = transaction, .path = path});

	return rc < 0 ? rc : 0;
}

/* The number of a new transaction. */
static inline long pv_store_begin(void)
{
	char id[12] = "";
	long rc = pv_store_ask(&(struct pv_store_call){
		.type = XS_TRANSACTION_START, .path = "", .reply = id, .size = sizeof(id) - 1});

	return rc < 0 ? rc : (long)pv_number(id);
}

/* -XEN_EAGAIN: somebody changed what it had read, and it has to be made again from its beginning.
 */
static inline long pv_store_end(uint32_t transaction, int commit)
{
	long rc = pv_store_ask(&(struct pv_store_call){.type = XS_TRANSACTION_END,
						       .transaction = transaction,
						       .path = commit ? "T" : "F"});

	return rc < 0 ? rc : 0;
}

/* From now on changes of a node or below it are told, the first time at once. type: XS_WATCH,
 * XS_UNWATCH. */
static inline long pv_store_watch(uint32_t type, const char *path, const char *token)
{
	long rc = pv_store_ask(&(struct pv_store_call){
		.type = type, .path = path, .value = token, .length = pv_length(token) + 1});

	return rc < 0 ? rc : 0;
}

/* Sleeps until a watch has fired since the last time: look then at whatever is watched. */
static inline void pv_store_wait(void)
{
	long result;

	while (pv_store.changes == pv_store.known) {
		pv_store_message(NULL, 0, &result);
	}
	pv_store.known = pv_store.changes;
}

#endif
