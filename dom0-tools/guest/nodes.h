/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nodes that a guest and its devices have in the store. They are written in one transaction,
 * and none is waited for before the next is sent.
 */
#ifndef GUEST_NODES_H
#define GUEST_NODES_H

#include <lib/store.h>
#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>

#define NODES_MAX 128 /* that are under way at once */

struct nodes {
	xs_transaction_t transaction;
	struct xs_call *calls[NODES_MAX];
	unsigned int count;
	int rc; /* of the first that failed */
};

/* Who owns a node, and who else may read it; without a reader both are the same. */
struct node_owner {
	domid_t owner, reader;
};

int nodes_begin(struct nodes *nodes);

/* 0, -EAGAIN if somebody else was in the way and all is to be written again, or -errno with a text.
 */
int nodes_end(struct nodes *nodes);

/* Paths are put together by the caller; values like printf. What fails is told by nodes_end(). */
void nodes_write(struct nodes *nodes, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void nodes_owner(struct nodes *nodes, const char *path, struct node_owner owner);
void nodes_remove(struct nodes *nodes, const char *path);

#endif
