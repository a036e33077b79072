/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CONTROL commands: see control.h. */
#include "control.h"

#include "access.h"
#include "log.h"
#include "request.h"

#include <stdarg.h>
#include <stdio.h>

struct command {
	const char *name, *arguments;
	int (*perform)(struct request *request, const char *const *argument, size_t count);
};

__attribute__((format(printf, 2, 3))) static void print(struct buffer *text, const char *format,
							...)
{
	va_list args;
	char *room = buffer_reserve(text, 256);

	va_start(args, format);
	text->end += (size_t)vsnprintf(room, 256, format, args);
	va_end(args);
}

/* A reply holds at most one payload; a longer text is cut. */
static int reply_text(struct request *request, struct buffer *text)
{
	size_t length;

	print(text, "%c", 0);
	length = buffer_length(text);
	request_reply(request, buffer_bytes(text),
		      length < XENSTORE_PAYLOAD_MAX ? length : XENSTORE_PAYLOAD_MAX);
	buffer_release(text);
	return 0;
}

/* The columns are those of the stock daemon: scripts cut them. */
static void row(struct buffer *text, const char *name, int64_t value, const char *meaning)
{
	print(text, "%-17s: %8lld %s\n", name, (long long)value, meaning);
}

static void usage_row(struct buffer *text, const char *name, int64_t value)
{
	print(text, "%-16s: %8lld\n", name, (long long)value);
}

static int print_quotas(struct request *request)
{
	struct buffer text = {0};

	print(&text, "Quota settings:\n");
	for (int i = 0; i < QUOTA_COUNT; i++) {
		row(&text, quota_kinds[i].name, request->store->quota[i], quota_kinds[i].meaning);
	}
	return reply_text(request, &text);
}

static int print_domain(struct request *request, uint32_t domid)
{
	const struct domain *domain = store_domain_find(request->store, domid);
	struct buffer text = {0};
	char name[64];

	if (!domain || (domid != 0 && !domain->client)) {
		return -ENOENT;
	}
	print(&text, "Domain %u:\n", domid);
	usage_row(&text, "nodes", domain->nodes);
	usage_row(&text, "watches", domain->watches);
	usage_row(&text, "transactions", domain->transactions);
	usage_row(&text, "outstanding", domain->client ? domain->client->outstanding : 0);
	usage_row(&text, "memory", domain->memory);
	for (int i = 0; i < QUOTA_COUNT; i++) {
		if (domain->refused[i]) {
			snprintf(name, sizeof(name), "refused:%s", quota_kinds[i].name);
			usage_row(&text, name, domain->refused[i]);
		}
	}
	return reply_text(request, &text);
}

static bool number(const char *text, uint32_t *value)
{
	char *end;
	unsigned long long parsed = strtoull(text, &end, 10);

	*value = (uint32_t)parsed;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && parsed <= INT32_MAX;
}

static int do_quota(struct request *request, const char *const *argument, size_t count)
{
	uint32_t value;

	if (count == 0) {
		return print_quotas(request);
	}
	if (count == 1) {
		return number(argument[0], &value) ? print_domain(request, value) : -EINVAL;
	}
	if (count != 3 || strcmp(argument[0], "set") != 0 || !number(argument[2], &value)) {
		return -EINVAL;
	}
	for (int i = 0; i < QUOTA_COUNT; i++) {
		if (strcmp(argument[1], quota_kinds[i].name) == 0) {
			request->store->quota[i] = value;
			request_ok(request);
			return 0;
		}
	}
	return -EINVAL;
}

static int do_quota_soft(struct request *request, const char *const *argument, size_t count)
{
	struct buffer text = {0};
	uint32_t value;

	if (count == 0) {
		print(&text, "Quota settings:\n");
		row(&text, "memory", request->store->soft_memory,
		    "Total Xenstore memory per domain (warning level)");
		return reply_text(request, &text);
	}
	if (count != 3 || strcmp(argument[0], "set") != 0 || strcmp(argument[1], "memory") != 0 ||
	    !number(argument[2], &value)) {
		return -EINVAL;
	}
	request->store->soft_memory = value;
	request_ok(request);
	return 0;
}

struct recount {
	struct store *recounted;
	uint64_t nodes;
};

static bool recount(const struct node *node, void *context)
{
	struct recount *all = context;

	store_charge(all->recounted, node_owner(node), 1, access_node_memory(node));
	all->nodes++;
	return node_each(node, recount, context);
}

static void compare(struct store *store, struct link *link, void *context)
{
	struct recount *all = context;
	struct domain *kept = container_of(link, struct domain, link);
	struct domain *counted = store_domain_find(all->recounted, kept->domid);
	uint32_t nodes = counted ? counted->nodes : 0;

	if (kept->nodes != nodes) {
		log_line("check: domain %u owns %u nodes, its account says %u", kept->domid, nodes,
			 kept->nodes);
		kept->nodes = nodes;
		all->nodes = UINT64_MAX;
	}
}

bool control_check(struct store *store)
{
	struct store scratch = {.root = store->root};
	struct recount all = {.recounted = &scratch};

	node_each(store->root, recount, &all);
	store_each(store, &store->domains, compare, &all);
	scratch.root = NULL;
	store_release(&scratch);
	return all.nodes != UINT64_MAX;
}

static int do_check(struct request *request, const char *const *argument, size_t count)
{
	if (!control_check(request->store)) {
		return -EIO;
	}
	request_ok(request);
	return 0;
}

static int do_log(struct request *request, const char *const *argument, size_t count)
{
	bool on = count == 1 && strcmp(argument[0], "on") == 0;

	if (!on && (count != 1 || strcmp(argument[0], "off") != 0)) {
		return -EINVAL;
	}
	request->store->orders.trace = on;
	request_ok(request);
	return 0;
}

static void order(char **slot, const char *text)
{
	free(*slot);
	*slot = memory_string(text);
}

static int do_log_file(struct request *request, const char *const *argument, size_t count)
{
	if (count != 1) {
		return -EINVAL;
	}
	order(&request->store->orders.log_file, argument[0]);
	request_ok(request);
	return 0;
}

static int do_memory_report(struct request *request, const char *const *argument, size_t count)
{
	if (count > 1) {
		return -EINVAL;
	}
	order(&request->store->orders.report_file, count ? argument[0] : "");
	request_ok(request);
	return 0;
}

static int do_print(struct request *request, const char *const *argument, size_t count)
{
	if (count != 1) {
		return -EINVAL;
	}
	log_line("control: %s", argument[0]);
	request_ok(request);
	return 0;
}

/* Steps as xenstore-control sends them: -f FILE, then -s; or -a. Arguments stay what they were. */
static int do_live_update(struct request *request, const char *const *argument, size_t count)
{
	struct shell_orders *orders = &request->store->orders;

	if (count == 2 && strcmp(argument[0], "-f") == 0) {
		if (request->answer.rc) {
			return request->answer.rc;
		}
		order(&orders->binary, argument[1]);
	} else if (count == 1 && strcmp(argument[0], "-a") == 0) {
		if (!orders->binary) {
			request_reply_text(request, "No live-update session active.");
			return 0;
		}
		free(orders->binary);
		orders->binary = NULL;
	} else if (count >= 1 && strcmp(argument[0], "-s") == 0) {
		/* Open transactions do not stand in the way: they live on in the new daemon. */
		if (!orders->binary) {
			request_reply_text(request, "No live-update session active.");
			return 0;
		}
		orders->live_update = true;
	} else {
		return -EINVAL;
	}
	request_ok(request);
	return 0;
}

static int do_help(struct request *request, const char *const *argument, size_t count);

static const struct command commands[] = {
	{"check", "", do_check},
	{"log", "on|off", do_log},
	{"live-update", "[-F] [-t <timeout>] <file>", do_live_update},
	{"logfile", "<file>", do_log_file},
	{"memreport", "[<file>]", do_memory_report},
	{"print", "<string>", do_print},
	{"quota", "[set <name> <val>|<domid>]", do_quota},
	{"quota-soft", "[set <name> <val>]", do_quota_soft},
	{"help", "", do_help},
};

static int do_help(struct request *request, const char *const *argument, size_t count)
{
	struct buffer text = {0};

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		print(&text, "%s\t%s\n", commands[i].name, commands[i].arguments);
	}
	return reply_text(request, &text);
}

int request_control(struct request *request)
{
	const char *text[8];
	size_t count = wire_strings(request->payload, request->length, text, 8);

	if (count == 0 || count > 8) {
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(text[0], commands[i].name) == 0) {
			return commands[i].perform(request, text + 1, count - 1);
		}
	}
	return -EINVAL;
}

static void report_domain(struct store *store, struct link *link, void *context)
{
	const struct domain *domain = container_of(link, struct domain, link);

	print(context, "domain %u: %u nodes, %u watches, %u transactions, %lld bytes\n",
	      domain->domid, domain->nodes, domain->watches, domain->transactions,
	      (long long)domain->memory);
}

void control_report(struct store *store, struct buffer *text)
{
	print(text, "%zu clients, %zu watches, %llu requests since start\n", store->clients.count,
	      store->watches.count, (unsigned long long)store->operations);
	store_each(store, &store->domains, report_domain, text);
}
