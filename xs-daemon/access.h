/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may do what to a node, how much a domain may use, and how refusals are told. */
#ifndef XS_DAEMON_ACCESS_H
#define XS_DAEMON_ACCESS_H

#include "store.h"

static inline bool access_privileged(const struct client *client)
{
	return client->domain->domid == 0;
}

/* All rights (RIGHT_*) of a client by a list of permissions. */
uint32_t access_rights(const struct store *store, const struct client *client,
		       const struct permissions *permissions);

/* Names, defaults and meaning of the quotas, in the order in which they are printed. */
struct quota_kind {
	const char *name;
	uint32_t standard;
	const char *meaning;
};
extern const struct quota_kind quota_kinds[QUOTA_COUNT];

/* Whether an unprivileged client stays within a quota with this value; a refusal is counted. */
bool access_within(struct store *store, const struct client *client, enum quota quota,
		   uint64_t value);

/* A line in the log when a domain's memory passes the warning level, once until it is below again.
 */
void access_warn_memory(const struct store *store, struct domain *domain);

/* The size that the quota node-size bounds, and that counts as memory of the owner. */
uint32_t access_node_size(uint32_t permissions, uint32_t value_length, uint32_t child_bytes);
int64_t access_node_memory(const struct node *node);

#endif
