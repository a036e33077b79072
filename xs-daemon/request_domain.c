/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests about domains: introduction, release, paths, targets. */
#include "access.h"
#include "request.h"
#include "watch.h"

#include <stdio.h>

/* Numbers of the payload, at least `least` of them. */
static bool numbers(const struct request *request, const char **text, size_t least)
{
	return wire_strings(request->payload, request->length, text, least) >= least;
}

/* An introduced domain other than Dom0. */
static int introduced(const struct request *request, const char *text, struct domain **domain)
{
	uint32_t domid = wire_number(text);

	if (domid == 0) {
		return -EINVAL;
	}
	*domain = store_domain_find(request->store, domid);
	return *domain && (*domain)->client ? 0 : -ENOENT;
}

static bool ring_name(const char *payload, size_t length, struct ring_name *name)
{
	const char *text[3];

	if (wire_strings(payload, length, text, 3) < 3) {
		return false;
	}
	*name = (struct ring_name){.domid = wire_number(text[0]),
				   .port = wire_number(text[2]),
				   .gfn = (uint64_t)strtoll(text[1], NULL, 10)};
	return true;
}

/* A second INTRODUCE that says the same changes nothing. */
static bool is_new(const struct store *store, const struct ring_name *name)
{
	const struct domain *domain = store_domain_find(store, name->domid);

	return name->domid != 0 && (!domain || !domain->client || domain->gfn != name->gfn ||
				    domain->port != name->port);
}

bool request_wants_ring(const struct store *store, const struct client *client, const void *message,
			struct ring_name *name)
{
	const struct xsd_sockmsg *header = message;

	return header->type == XS_INTRODUCE && header->tx_id == 0 && access_privileged(client) &&
	       ring_name((const char *)message + WIRE_HEADER, header->len, name) &&
	       is_new(store, name);
}

int request_introduce(struct request *request)
{
	struct store *store = request->store;
	struct ring_name name;
	struct domain *domain;
	bool first;

	if (!ring_name(request->payload, request->length, &name)) {
		return -EINVAL;
	}
	if (!is_new(store, &name)) {
		request_ok(request);
		return 0;
	}
	if (request->answer.rc) {
		return request->answer.rc;
	}
	domain = store_domain(store, name.domid);
	first = !domain->client;
	if (first) {
		domain->client =
			store_connect(store, ++store->last_client, CLIENT_RING, name.domid);
		domain->shutdown = false;
	} else {
		store_reset_client(store, domain->client);
		domain->client->in_total = domain->client->out_total = 0;
		domain->client->boundary = 0;
	}
	domain->gfn = name.gfn;
	domain->port = name.port;
	domain->client->ring_in = request->answer.ring_in;
	domain->client->ring_out = request->answer.ring_out;
	if (first) {
		watch_fire_special(store, "@introduceDomain");
	}
	request_ok(request);
	return 0;
}

int request_release(struct request *request)
{
	const char *text;
	struct domain *domain;
	int rc;

	if (wire_strings(request->payload, request->length, &text, 1) != 1) {
		return -EINVAL;
	}
	rc = introduced(request, text, &domain);
	if (!rc) {
		store_domain_released(request->store, domain);
		request_ok(request);
	}
	return rc;
}

int request_resume(struct request *request)
{
	const char *text;
	struct domain *domain;
	int rc;

	if (wire_strings(request->payload, request->length, &text, 1) != 1) {
		return -EINVAL;
	}
	rc = introduced(request, text, &domain);
	if (!rc) {
		domain->shutdown = false;
		request_ok(request);
	}
	return rc;
}

int request_set_target(struct request *request)
{
	const char *text[2];
	struct domain *domain, *target;
	int rc;

	if (!numbers(request, text, 2)) {
		return -EINVAL;
	}
	rc = introduced(request, text[0], &domain);
	rc = rc ? rc : introduced(request, text[1], &target);
	if (!rc) {
		domain->target = target->domid;
		request_ok(request);
	}
	return rc;
}

int request_get_domain_path(struct request *request)
{
	char path[64];
	const char *text;

	if (wire_strings(request->payload, request->length, &text, 1) != 1) {
		return -EINVAL;
	}
	snprintf(path, sizeof(path), "/local/domain/%u", wire_number(text));
	request_reply_text(request, path);
	return 0;
}

int request_is_introduced(struct request *request)
{
	const struct domain *domain;
	const char *text;
	uint32_t domid;

	if (wire_strings(request->payload, request->length, &text, 1) != 1) {
		return -EINVAL;
	}
	domid = wire_number(text);
	domain = store_domain_find(request->store, domid);
	request_reply_text(request, domid == 0 || (domain && domain->client) ? "T" : "F");
	return 0;
}
