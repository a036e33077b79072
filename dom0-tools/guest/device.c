/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices' nodes in the store. */
#include <errno.h>
#include <guest/device.h>
#include <guest/script.h>
#include <lib/error.h>
#include <lib/watch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/io/xenbus.h>

#define VALUE_SIZE 1200

void device_init(struct device *d, domid_t domid, const char *type, unsigned int id)
{
	*d = (struct device){.domid = domid, .type = type, .id = id};
	snprintf(d->front, sizeof(d->front), "/local/domain/%u/device/%s/%u", domid, type, id);
	snprintf(d->back, sizeof(d->back), "/local/domain/0/backend/%s/%u/%u", type, domid, id);
	snprintf(d->tools, sizeof(d->tools), "/libxl/%u/device/%s/%u", domid, type, id);
}

static void write_at(struct nodes *nodes, const char *folder, const char *key, const char *format,
		     va_list args)
{
	char path[DEVICE_PATH + 64], value[VALUE_SIZE];

	snprintf(path, sizeof(path), "%s/%s", folder, key);
	vsnprintf(value, sizeof(value), format, args);
	nodes_write(nodes, path, "%s", value);
}

void device_front(struct nodes *nodes, const struct device *d, const char *key, const char *format,
		  ...)
{
	va_list args;

	va_start(args, format);
	write_at(nodes, d->front, key, format, args);
	va_end(args);
}

/* Tools look at a copy that no guest can reach. */
void device_back(struct nodes *nodes, const struct device *d, const char *key, const char *format,
		 ...)
{
	va_list args;

	va_start(args, format);
	write_at(nodes, d->back, key, format, args);
	va_end(args);
	va_start(args, format);
	write_at(nodes, d->tools, key, format, args);
	va_end(args);
}

void device_begin(struct nodes *nodes, const struct device *d)
{
	char path[DEVICE_PATH + 64];

	nodes_write(nodes, d->front, "%s", "");
	nodes_owner(nodes, d->front, (struct node_owner){d->domid, 0});
	device_front(nodes, d, "backend", "%s", d->back);
	device_front(nodes, d, "backend-id", "0");
	device_front(nodes, d, "state", "%d", XenbusStateInitialising);
	nodes_write(nodes, d->back, "%s", "");
	nodes_owner(nodes, d->back, (struct node_owner){0, d->domid});
	device_back(nodes, d, "frontend", "%s", d->front);
	device_back(nodes, d, "frontend-id", "%u", d->domid);
	device_back(nodes, d, "online", "1");
	device_back(nodes, d, "state", "%d", XenbusStateInitialising);
	snprintf(path, sizeof(path), "%s/frontend", d->tools);
	nodes_write(nodes, path, "%s", d->front);
	snprintf(path, sizeof(path), "%s/backend", d->tools);
	nodes_write(nodes, path, "%s", d->back);
}

void device_remove(struct nodes *nodes, const struct device *d)
{
	nodes_remove(nodes, d->front);
	nodes_remove(nodes, d->back);
	nodes_remove(nodes, d->tools);
}

unsigned int *device_list(domid_t domid, const char *type, unsigned int *count)
{
	char path[DEVICE_PATH];
	char **names;
	unsigned int *ids;

	*count = 0;
	if (!store()) {
		return NULL;
	}
	snprintf(path, sizeof(path), "/libxl/%u/device/%s", domid, type);
	names = xs_directory(store(), XBT_NULL, path, count);
	ids = calloc(*count + 1, sizeof(*ids));
	for (unsigned int i = 0; ids && i < *count; i++) {
		ids[i] = (unsigned int)strtoul(names[i], NULL, 10);
	}
	free(names);
	return ids;
}

char *device_read_back(const struct device *d, const char *key)
{
	return store_read(XBT_NULL, "%s/%s", d->back, key);
}

char *device_read_front(const struct device *d, const char *key)
{
	return store_read(XBT_NULL, "%s/%s", d->front, key);
}

/* Closed, or its nodes are gone. */
static int is_closed(void *context)
{
	char *state = device_read_back(context, "state");
	int closed = !state || atoi(state) == XenbusStateClosed;

	free(state);
	return closed;
}

static int remove_nodes(const struct device *d)
{
	struct nodes nodes;
	int rc;

	do {
		rc = nodes_begin(&nodes);
		if (!rc) {
			device_remove(&nodes, d);
			rc = nodes_end(&nodes);
		}
	} while (rc == -EAGAIN);
	return rc;
}

int device_detach(const struct device *d, bool force, unsigned int seconds)
{
	struct device copy = *d;
	char online[DEVICE_PATH + 16], state[DEVICE_PATH + 16];
	int rc = 0, removed;

	if (!force) {
		snprintf(online, sizeof(online), "%s/online", d->back);
		snprintf(state, sizeof(state), "%s/state", d->back);
		rc = store_write(XBT_NULL, online, "0");
		rc = rc ? rc : store_write(XBT_NULL, state, "%d", XenbusStateClosing);
		rc = rc ? rc : watch_until(state, is_closed, &copy, seconds);
	}
	if (rc == -ETIMEDOUT) {
		return fail(
			ETIMEDOUT,
			"the guest does not let go of its %s %u (--force takes it all the same)",
			d->type, d->id);
	}
	if (rc) {
		return rc;
	}
	rc = script_end(d);
	removed = remove_nodes(d); /* whatever the script made of it, the guest has lost it */
	return rc ? rc : removed;
}
