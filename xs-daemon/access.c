/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Permissions and quotas: see access.h. */
#include "access.h"

#include "log.h"

#define REFUSAL_INTERVAL 60 /* seconds between two lines about the same domain and quota */

const struct quota_kind quota_kinds[QUOTA_COUNT] = {
	[QUOTA_NODES] = {"nodes", 1000, "Nodes per domain"},
	[QUOTA_WATCHES] = {"watches", 128, "Watches per domain"},
	[QUOTA_TRANSACTIONS] = {"transactions", 10, "Transactions per domain"},
	[QUOTA_OUTSTANDING] = {"outstanding", 20, "Outstanding requests per domain"},
	[QUOTA_TRANSACTION_NODES] = {"transaction-nodes", 1024,
				     "Max. number of accessed nodes per transaction"},
	[QUOTA_MEMORY] = {"memory", 2621440, "Total Xenstore memory per domain (error level)"},
	[QUOTA_NODE_SIZE] = {"node-size", 2048, "Max. size of a node"},
	[QUOTA_PATH_MAX] = {"path-max", 2048, "Max. length of a node path"},
	[QUOTA_PERMISSIONS] = {"permissions", 5, "Max. number of permissions per node"},
};

/* Rights by the entries that name a domain; those from before its id's last death are void. */
static uint32_t rights_of(const struct permissions *permissions, const struct domain *domain)
{
	if (permissions->entry[0].domid == domain->domid) {
		return RIGHT_READ | RIGHT_WRITE | RIGHT_OWNER;
	}
	for (uint32_t i = 1; i < permissions->count; i++) {
		if (permissions->entry[i].domid == domain->domid &&
		    permissions->generation >= domain->died) {
			return permissions->entry[i].rights;
		}
	}
	return permissions->entry[0].rights;
}

uint32_t access_rights(const struct store *store, const struct client *client,
		       const struct permissions *permissions)
{
	const struct domain *domain = client->domain, *target;
	uint32_t rights;

	if (access_privileged(client)) {
		return RIGHT_READ | RIGHT_WRITE | RIGHT_OWNER;
	}
	rights = rights_of(permissions, domain);
	if (domain->target != DOMID_NONE) {
		target = store_domain_find(store, domain->target);
		rights |= target ? rights_of(permissions, target) : 0;
	}
	return rights;
}

static void refuse(struct store *store, struct domain *domain, enum quota quota, uint64_t value)
{
	domain->refused[quota]++;
	if (domain->refusal_logged[quota] &&
	    store->now < domain->refusal_logged[quota] + REFUSAL_INTERVAL) {
		return;
	}
	domain->refusal_logged[quota] = store->now + !store->now;
	log_line("domain %u refused: quota %s is %u, it asked for %llu (refused %u times so far)",
		 domain->domid, quota_kinds[quota].name, store->quota[quota],
		 (unsigned long long)value, domain->refused[quota]);
}

bool access_within(struct store *store, const struct client *client, enum quota quota,
		   uint64_t value)
{
	if (access_privileged(client) || store->quota[quota] == 0 || value <= store->quota[quota]) {
		return true;
	}
	refuse(store, client->domain, quota, value);
	return false;
}

void access_warn_memory(const struct store *store, struct domain *domain)
{
	bool above = domain->domid != 0 && store->soft_memory &&
		     domain->memory > (int64_t)store->soft_memory;

	if (above && !domain->memory_warned) {
		log_line("domain %u uses %lld bytes of memory, above the soft quota of %u",
			 domain->domid, (long long)domain->memory, store->soft_memory);
	}
	domain->memory_warned = above;
}

uint32_t access_node_size(uint32_t permissions, uint32_t value_length, uint32_t child_bytes)
{
	return 24 + 8 * permissions + value_length + child_bytes;
}

int64_t access_node_memory(const struct node *node)
{
	return (int64_t)access_node_size(node->permissions->count, node->value_length,
					 node->name_length);
}
