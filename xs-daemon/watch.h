/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches: an index by path, so that an event costs the depth of its path and those it reaches. */
#ifndef XS_DAEMON_WATCH_H
#define XS_DAEMON_WATCH_H

#include "store.h"

struct watch {
	struct link by_path, by_identity;
	struct watch *next, **prev; /* of the client, in order of registration */
	struct client *client;
	uint64_t sequence;
	size_t relative; /* length of the home to cut off of paths in events */
	uint64_t last_start, last_hash;
	char *token;
	char path[];
};

/* -EEXIST if the client has it. `relative` says that the path was given relative to its home. */
int watch_add(struct store *store, struct client *client, const char *path, const char *token,
	      bool relative);
int watch_remove(struct store *store, struct client *client, const char *path, const char *token);
void watch_remove_all(struct store *store, struct client *client);
void watch_first_event(struct store *store, struct client *client);

/* Permissions of a node, and of its parent, from before the change; NULL where there is none. */
struct watch_past {
	const struct permissions *node, *parent;
};

/* Something changed at `path`: tells the watches on it and above it. */
void watch_fire(struct store *store, const char *path, struct watch_past past);

/* Everything below `path` went: tells the watches on exactly these nodes. */
void watch_fire_below(struct store *store, const char *path, const struct node *gone);

/* "@introduceDomain" or "@releaseDomain". */
void watch_fire_special(struct store *store, const char *name);

#endif
