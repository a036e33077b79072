/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: a snapshot of the store followed by all inputs since then, each a checked record.
 *
 * A record is written before anything that an outsider could see of its effects: before a reply is
 * sent, and before an index of a ring moves. Replay performs the inputs again; the store being a
 * pure state machine, it gets the same state, and the same bytes at the same places of each
 * client's stream, so what was already sent is known by its position and is never sent twice.
 *
 * Torn or damaged records end a replay: what follows was never acknowledged to anybody.
 */
#ifndef XS_DAEMON_JOURNAL_H
#define XS_DAEMON_JOURNAL_H

#include "request.h"
#include "store.h"

/* Bump JOURNAL_VERSION with any change of kinds or bodies. */
#define JOURNAL_VERSION 1

enum journal_kind {
	JOURNAL_START = 1, /* u32 version */
	/* the snapshot */
	JOURNAL_GLOBAL,
	JOURNAL_NODE,
	JOURNAL_DOMAIN,
	JOURNAL_CLIENT,
	JOURNAL_WATCH,
	JOURNAL_TRANSACTION,
	JOURNAL_END,
	/* inputs */
	JOURNAL_CONNECT,
	JOURNAL_DISCONNECT,
	JOURNAL_REQUEST,
	JOURNAL_PARTIAL,
	JOURNAL_STATE,
	JOURNAL_RESET,
	JOURNAL_FLOOR,
	JOURNAL_KIND_COUNT,
};

/* Where records are: memory that whoever links provides and lets grow. */
struct journal {
	char *bytes;
	size_t used, size;
	int fd;
};

/* Makes room for `length` more bytes, or -errno. Not in journal.c: see journal_file.h. */
int journal_grow(struct journal *journal, size_t length);

/* Appends one record of up to two pieces; -errno if there is no room for it. */
int journal_append(struct journal *journal, enum journal_kind kind, const void *head,
		   size_t head_length, const void *tail, size_t tail_length);

/* Inputs, as records. */
struct journal_connect {
	uint32_t client, kind, domid, ring_in, ring_out;
	char session[36];
};
struct journal_request {
	uint32_t client;
	struct answer answer;
};
struct journal_reset {
	uint32_t client, ring_in, ring_out;
};
struct journal_floor {
	uint64_t floor;
	uint32_t client, pad;
};
struct journal_state {
	uint32_t domid, state;
};

/* Appends the whole state; transactions must have been doomed. */
int journal_snapshot(struct journal *journal, struct store *store);

/*
 * Builds a store, which is empty before, from a journal. Returns how many bytes were good, or
 * -EINVAL if not even the snapshot is whole; then the store's content means nothing.
 */
ssize_t journal_replay(struct store *store, const char *bytes, size_t length);

#endif
