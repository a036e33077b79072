/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests on nodes, watches and transactions, and the table of all operations. */
#include "request.h"

#include "access.h"
#include "transaction.h"
#include "watch.h"

#include <stdio.h>

static struct edit edit_of(const struct request *request)
{
	return (struct edit){.store = request->store,
			     .client = request->client,
			     .transaction = request->transaction};
}

static const struct node *root_of(const struct request *request)
{
	return request->transaction ? request->transaction->root : request->store->root;
}

static void reply_as(struct request *request, uint32_t type, const char *payload, size_t length)
{
	const struct xsd_sockmsg *header = request->header;
	size_t skip = 0;

	if (request->transaction) {
		/* The generation in front of a part of a directory may differ, the names may not.
		 */
		skip = type == XS_DIRECTORY_PART ? strnlen(payload, length) : 0;
		request->digest =
			table_hash(table_hash_number(type), payload + skip, length - skip);
	}
	if (!request->log) {
		store_queue(request->store, request->client, type, header->req_id, header->tx_id,
			    payload, length);
	}
}

void request_reply(struct request *request, const char *payload, size_t length)
{
	reply_as(request, request->header->type, payload, length);
}

void request_reply_text(struct request *request, const char *text)
{
	request_reply(request, text, strlen(text) + 1);
}

int request_path(const struct request *request, const char *text, char out[WIRE_PATH_MAX])
{
	if (text[0] == '@') {
		return -EINVAL; /* special: to be watched, and no node */
	}
	return wire_path(out, text, request->client->domain->domid,
			 request->store->quota[QUOTA_PATH_MAX]);
}

/* The single string that is the whole payload, as a path. */
static int only_path(const struct request *request, char out[WIRE_PATH_MAX])
{
	const char *text;

	if (wire_strings(request->payload, request->length, &text, 1) != 1) {
		return -EINVAL;
	}
	return request_path(request, text, out);
}

/*
 * The node if the client has those rights on it. Of a node that is not there it learns so only if
 * it has them on the nearest one above.
 */
static int node_with(const struct request *request, const char *path, uint32_t rights,
		     const struct node **out)
{
	size_t found;
	const struct node *node = tree_find_nearest(root_of(request), path, &found);

	*out = NULL;
	if (request->transaction &&
	    !access_within(request->store, request->client, QUOTA_TRANSACTION_NODES,
			   transaction_access(request->transaction, path))) {
		return -ENOSPC;
	}
	if ((access_rights(request->store, request->client, node->permissions) & rights) !=
	    rights) {
		return -EACCES;
	}
	if (path[found]) {
		return -ENOENT;
	}
	*out = node;
	return 0;
}

static int do_read(struct request *request)
{
	char path[WIRE_PATH_MAX];
	const struct node *node;
	int rc = only_path(request, path);

	rc = rc ? rc : node_with(request, path, RIGHT_READ, &node);
	if (!rc) {
		request_reply(request, node_value(node), node->value_length);
	}
	return rc;
}

struct listing {
	char text[XENSTORE_PAYLOAD_MAX];
	size_t length, room;
};

static bool list_name(const struct node *child, void *context)
{
	struct listing *listing = context;

	if (listing->length + child->name_length + 1u > listing->room) {
		return false;
	}
	memcpy(listing->text + listing->length, child->bytes, child->name_length + 1u);
	listing->length += child->name_length + 1u;
	return true;
}

static int do_directory(struct request *request)
{
	char path[WIRE_PATH_MAX];
	struct listing listing = {.length = 0, .room = XENSTORE_PAYLOAD_MAX};
	const struct node *node;
	int rc = only_path(request, path);

	rc = rc ? rc : node_with(request, path, RIGHT_READ, &node);
	if (rc) {
		return rc;
	}
	if (node_child_bytes(node) > XENSTORE_PAYLOAD_MAX) {
		return -E2BIG;
	}
	node_each(node, list_name, &listing);
	request_reply(request, listing.text, listing.length);
	return 0;
}

static int do_directory_part(struct request *request)
{
	char path[WIRE_PATH_MAX];
	const char *text[2];
	struct listing listing;
	const struct node *node, *child;
	uint32_t offset, begins, generation_length;
	int rc;

	if (wire_strings(request->payload, request->length, text, 2) != 2) {
		return -EINVAL;
	}
	rc = request_path(request, text[0], path);
	rc = rc ? rc : node_with(request, path, RIGHT_READ, &node);
	if (rc) {
		return rc;
	}
	offset = wire_number(text[1]);
	generation_length =
		(uint32_t)snprintf(listing.text, 32, "%llu", (unsigned long long)node->generation) +
		1;
	listing.length = generation_length;
	listing.room = XENSTORE_PAYLOAD_MAX - 1;
	while ((child = node_child_at(node, offset, &begins)) != NULL) {
		size_t rest = child->name_length + 1u - (offset - begins);

		if (listing.length + rest > listing.room) {
			break;
		}
		memcpy(listing.text + listing.length, child->bytes + (offset - begins), rest);
		listing.length += rest;
		offset += (uint32_t)rest;
	}
	if (!child) {
		listing.text[listing.length++] = '\0'; /* an empty name ends the list */
	}
	request_reply(request, listing.text, listing.length);
	return 0;
}

static int do_get_perms(struct request *request)
{
	char path[WIRE_PATH_MAX], text[XENSTORE_PAYLOAD_MAX];
	const struct node *node;
	const struct domain *domain;
	size_t length = 0;
	int rc = only_path(request, path);

	rc = rc ? rc : node_with(request, path, RIGHT_READ, &node);
	if (rc) {
		return rc;
	}
	for (uint32_t i = 0; i < node->permissions->count; i++) {
		const struct permission *entry = &node->permissions->entry[i];

		domain = i ? store_domain_find(request->store, entry->domid) : NULL;
		if (domain && node->permissions->generation < domain->died) {
			continue; /* granted to one that died, not to the domain of that id now */
		}
		if (length + 16 > sizeof(text)) {
			return -E2BIG;
		}
		length += wire_permission_format(text + length, entry) + 1;
	}
	request_reply(request, text, length);
	return 0;
}

static int do_write(struct request *request)
{
	char path[WIRE_PATH_MAX];
	const char *end = memchr(request->payload, '\0', request->length), *value;
	struct edit edit = edit_of(request);
	const struct node *node;
	size_t length;
	int rc;

	if (!end) {
		return -EINVAL;
	}
	value = end + 1;
	length = (size_t)(request->payload + request->length - value);
	rc = request_path(request, request->payload, path);
	rc = rc ? rc : node_with(request, path, RIGHT_WRITE, &node);
	if (rc == -ENOENT) {
		rc = edit_create(&edit, path, value, length);
	} else if (!rc) {
		rc = edit_write(&edit, path, value, length);
	}
	if (!rc) {
		request_ok(request);
	}
	return rc;
}

static int do_mkdir(struct request *request)
{
	char path[WIRE_PATH_MAX];
	struct edit edit = edit_of(request);
	const struct node *node;
	int rc = only_path(request, path);

	rc = rc ? rc : node_with(request, path, RIGHT_WRITE, &node);
	if (rc == -ENOENT) {
		rc = edit_create(&edit, path, "", 0);
	}
	if (!rc) {
		request_ok(request);
	}
	return rc;
}

static int do_rm(struct request *request)
{
	char path[WIRE_PATH_MAX], *slash;
	struct edit edit = edit_of(request);
	const struct node *node;
	int rc = only_path(request, path);

	if (!rc && strcmp(path, "/") == 0) {
		return -EINVAL;
	}
	rc = rc ? rc : node_with(request, path, RIGHT_WRITE, &node);
	if (!rc) {
		edit_remove(&edit, path);
	} else if (rc == -ENOENT) {
		/* Nothing to remove is success, if there is a place where it could be. */
		slash = strrchr(path, '/');
		slash[slash == path] = '\0';
		rc = tree_find(root_of(request), path) ? 0 : -ENOENT;
	}
	if (!rc) {
		request_ok(request);
	}
	return rc;
}

static int set_special(struct request *request, const char *name, const struct permission *entry,
		       uint32_t count)
{
	struct store *store = request->store;
	struct permissions **special;

	if (strcmp(name, "@introduceDomain") == 0) {
		special = &store->introduce_permissions;
	} else if (strcmp(name, "@releaseDomain") == 0) {
		special = &store->release_permissions;
	} else {
		return -EINVAL;
	}
	if (!access_privileged(request->client)) {
		return -EACCES;
	}
	permissions_put(*special);
	*special = permissions_new(entry, count, ++store->generation);
	request_ok(request);
	return 0;
}

static int do_set_perms(struct request *request)
{
	char path[WIRE_PATH_MAX];
	const char *text[XENSTORE_PAYLOAD_MAX / 3];
	struct permission entry[XENSTORE_PAYLOAD_MAX / 3];
	struct edit edit = edit_of(request);
	const struct node *node;
	size_t count =
		wire_strings(request->payload, request->length, text, XENSTORE_PAYLOAD_MAX / 3);
	int rc;

	if (count < 2 || count > XENSTORE_PAYLOAD_MAX / 3) {
		return -EINVAL;
	}
	for (size_t i = 1; i < count; i++) {
		if (!wire_permission_parse(text[i], &entry[i - 1])) {
			return -EINVAL;
		}
	}
	if (!access_within(request->store, request->client, QUOTA_PERMISSIONS, count - 1)) {
		return -ENOSPC;
	}
	if (text[0][0] == '@') {
		return set_special(request, text[0], entry, (uint32_t)count - 1);
	}
	rc = request_path(request, text[0], path);
	rc = rc ? rc : node_with(request, path, RIGHT_WRITE | RIGHT_OWNER, &node);
	if (!rc && !access_privileged(request->client) && entry[0].domid != node_owner(node)) {
		rc = -EPERM;
	}
	rc = rc ? rc : edit_permissions(&edit, path, entry, (uint32_t)count - 1);
	if (!rc) {
		request_ok(request);
	}
	return rc;
}

/* The path of a watch may be special, and then has any syntax. */
static int watch_arguments(const struct request *request, const char *text[2],
			   char path[WIRE_PATH_MAX])
{
	if (wire_strings(request->payload, request->length, text, 2) != 2) {
		return -EINVAL;
	}
	if (text[0][0] != '@') {
		return request_path(request, text[0], path);
	}
	if (strlen(text[0]) > XENSTORE_REL_PATH_MAX) {
		return -EINVAL;
	}
	strcpy(path, text[0]);
	return 0;
}

static int do_watch(struct request *request)
{
	char path[WIRE_PATH_MAX];
	const char *text[2];
	struct client *client = request->client;
	int rc = watch_arguments(request, text, path);

	if (rc) {
		return rc;
	}
	if (!access_within(request->store, client, QUOTA_WATCHES, client->domain->watches + 1u)) {
		return -E2BIG;
	}
	rc = watch_add(request->store, client, path, text[1],
		       text[0][0] != '/' && text[0][0] != '@');
	if (!rc) {
		request_ok(request);
		watch_first_event(request->store, client);
	}
	return rc;
}

static int do_unwatch(struct request *request)
{
	char path[WIRE_PATH_MAX];
	const char *text[2];
	int rc = watch_arguments(request, text, path);

	rc = rc ? rc : watch_remove(request->store, request->client, path, text[1]);
	if (!rc) {
		request_ok(request);
	}
	return rc;
}

static int do_reset_watches(struct request *request)
{
	watch_remove_all(request->store, request->client);
	transaction_drop_all(request->store, request->client);
	request->transaction = NULL;
	request_ok(request);
	return 0;
}

static int do_transaction_start(struct request *request)
{
	struct client *client = request->client;
	char text[16];

	if (request->transaction) {
		return -EBUSY;
	}
	if (!access_within(request->store, client, QUOTA_TRANSACTIONS,
			   client->domain->transactions + 1u)) {
		return -ENOSPC;
	}
	snprintf(text, sizeof(text), "%u", transaction_start(request->store, client)->id);
	request_reply_text(request, text);
	return 0;
}

static uint64_t perform_logged(struct store *store, struct transaction *transaction,
			       const struct operation *operation);

static int do_transaction_end(struct request *request)
{
	struct transaction *transaction = request->transaction;
	const char *text;
	bool commit;
	int rc = 0;

	if (wire_strings(request->payload, request->length, &text, 1) != 1 ||
	    (strcmp(text, "T") != 0 && strcmp(text, "F") != 0)) {
		return -EINVAL;
	}
	if (!transaction) {
		return -ENOENT;
	}
	if (transaction->doomed) {
		rc = -EAGAIN;
	}
	commit = text[0] == 'T';
	request->transaction = NULL;
	if (commit && !rc) {
		rc = transaction_commit(request->store, transaction, perform_logged);
	} else {
		transaction_drop(request->store, transaction);
		rc = commit ? rc : 0;
	}
	if (!rc) {
		request_ok(request);
	}
	return rc;
}

enum {
	NODES = 1,	/* acts on nodes: inside a transaction, if one is given */
	READS = 2,	/* changes nothing outside of a transaction */
	PRIVILEGED = 4, /* for the control domain alone */
	NO_ID = 8,	/* a transaction id means nothing */
};

static const struct operation_kind {
	const char *name;
	int (*perform)(struct request *request);
	unsigned int flags;
} kinds[] = {
	[XS_CONTROL] = {"CONTROL", request_control, PRIVILEGED},
	[XS_DIRECTORY] = {"DIRECTORY", do_directory, NODES | READS},
	[XS_READ] = {"READ", do_read, NODES | READS},
	[XS_GET_PERMS] = {"GET_PERMS", do_get_perms, NODES | READS},
	[XS_WATCH] = {"WATCH", do_watch, NO_ID},
	[XS_UNWATCH] = {"UNWATCH", do_unwatch, NO_ID},
	[XS_TRANSACTION_START] = {"TRANSACTION_START", do_transaction_start, 0},
	[XS_TRANSACTION_END] = {"TRANSACTION_END", do_transaction_end, 0},
	[XS_INTRODUCE] = {"INTRODUCE", request_introduce, PRIVILEGED},
	[XS_RELEASE] = {"RELEASE", request_release, PRIVILEGED},
	[XS_GET_DOMAIN_PATH] = {"GET_DOMAIN_PATH", request_get_domain_path, READS},
	[XS_WRITE] = {"WRITE", do_write, NODES},
	[XS_MKDIR] = {"MKDIR", do_mkdir, NODES},
	[XS_RM] = {"RM", do_rm, NODES},
	[XS_SET_PERMS] = {"SET_PERMS", do_set_perms, NODES},
	[XS_IS_DOMAIN_INTRODUCED] = {"IS_DOMAIN_INTRODUCED", request_is_introduced,
				     READS | PRIVILEGED},
	[XS_RESUME] = {"RESUME", request_resume, PRIVILEGED},
	[XS_SET_TARGET] = {"SET_TARGET", request_set_target, PRIVILEGED},
	[XS_RESET_WATCHES] = {"RESET_WATCHES", do_reset_watches, 0},
	[XS_DIRECTORY_PART] = {"DIRECTORY_PART", do_directory_part, NODES | READS},
};

static const struct operation_kind *kind_of(uint32_t type)
{
	return type < sizeof(kinds) / sizeof(*kinds) && kinds[type].perform ? &kinds[type] : NULL;
}

static int perform(struct request *request)
{
	const struct xsd_sockmsg *header = request->header;
	const struct operation_kind *kind = kind_of(header->type);
	int rc;

	if (!kind) {
		rc = -ENOSYS;
	} else if (header->tx_id && !request->transaction && !(kind->flags & NO_ID)) {
		rc = -ENOENT;
	} else if (kind->flags & PRIVILEGED && !access_privileged(request->client)) {
		rc = -EACCES;
	} else {
		rc = kind->perform(request);
	}
	if (rc) {
		const char *name = wire_error_name(-rc);

		reply_as(request, XS_ERROR, name, strlen(name) + 1);
	}
	return rc;
}

static uint64_t perform_logged(struct store *store, struct transaction *transaction,
			       const struct operation *operation)
{
	struct xsd_sockmsg header = {.type = operation->type, .tx_id = 1, .len = operation->length};
	struct buffer unused = {0};
	struct request request = {.store = store,
				  .client = transaction->client,
				  .header = &header,
				  .payload = operation->payload,
				  .length = operation->length,
				  .transaction = transaction,
				  .log = &unused};

	perform(&request);
	return request.digest;
}

void store_request(struct store *store, struct client *client, const void *message,
		   struct answer answer)
{
	const struct xsd_sockmsg *header = message;
	const struct operation_kind *kind = kind_of(header->type);
	struct request request = {.store = store,
				  .client = client,
				  .header = header,
				  .payload = (const char *)message + WIRE_HEADER,
				  .length = header->len,
				  .answer = answer};
	struct transaction *transaction = NULL;

	store->operations++;
	client->in_total += WIRE_HEADER + header->len - buffer_length(&client->in);
	buffer_consume(&client->in, buffer_length(&client->in));
	if (header->tx_id) {
		transaction = transaction_find(client, header->tx_id);
		request.transaction = transaction;
	}
	perform(&request);
	if (transaction && kind && kind->flags & NODES) {
		transaction_log(transaction, header->type, request.payload, header->len,
				request.digest);
	}
}

bool request_changes(const struct client *client, const struct xsd_sockmsg *header)
{
	const struct operation_kind *kind = kind_of(header->type);

	return kind && (!(kind->flags & READS) || header->tx_id);
}
