/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing the nodes of consoles. */
#include <console/place.h>
#include <lib/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/io/xenbus.h>

#define LIMIT_DEFAULT (1 << 20)
#define LIMIT_MAX     (16 << 20)

unsigned int *place_channels(unsigned int domid, unsigned int *count)
{
	char path[PLACE_PATH];
	char **names;
	unsigned int *numbers;

	*count = 0;
	snprintf(path, sizeof(path), "/libxl/%u/device/console", domid);
	names = xs_directory(store(), XBT_NULL, path, count);
	numbers = calloc(*count + 1, sizeof(*numbers));
	*count = numbers ? *count : 0;
	for (unsigned int i = 0; i < *count; i++) {
		numbers[i] = (unsigned int)strtoul(names[i], NULL, 10);
	}
	free(names);
	return numbers;
}

void place_folder(const struct console *console, char path[PLACE_PATH])
{
	if (console->number) {
		snprintf(path, PLACE_PATH, "/local/domain/%u/device/console/%u", console->domid,
			 console->number);
	} else {
		snprintf(path, PLACE_PATH, "/local/domain/%u/console", console->domid);
	}
}

static char *read_front(const struct console *console, const char *key)
{
	char folder[PLACE_PATH];

	place_folder(console, folder);
	return store_read(XBT_NULL, "%s/%s", folder, key);
}

static char *read_back(const struct console *console, const char *key)
{
	return store_read(XBT_NULL, "/local/domain/0/backend/console/%u/%u/%s", console->domid,
			  console->number, key);
}

static bool read_number(const struct console *console, const char *key, unsigned long *number)
{
	char *text = read_front(console, key);
	char *end = text;

	if (text) {
		*number = strtoul(text, &end, 10);
	}
	bool good = text && end != text && *end == '\0';
	free(text);
	return good;
}

bool place_closed(const struct console *console)
{
	unsigned long state = XenbusStateUnknown;

	return console->number && read_number(console, "state", &state) &&
	       (state == XenbusStateClosing || state == XenbusStateClosed);
}

/* Of a channel only what the back end says, of the first console what Dom0 wrote there. */
static bool is_ours(const struct console *console, char **socket)
{
	char *type =
		console->number ? read_back(console, "connection") : read_front(console, "type");
	bool ours = type ? strcmp(type, console->number ? "pty" : "xenconsoled") == 0
			 : !console->number;

	*socket = NULL;
	if (console->number && type && strcmp(type, "socket") == 0) {
		*socket = read_back(console, "path");
		ours = *socket != NULL;
	}
	free(type);
	return ours;
}

bool place_read(const struct console *console, struct place *place)
{
	*place = (struct place){.limit = LIMIT_DEFAULT};
	if (!read_number(console, "ring-ref", &place->ring) ||
	    !read_number(console, "port", &place->port) || place_closed(console) ||
	    !is_ours(console, &place->socket)) {
		return false;
	}
	if (!console->number) { /* a guest does not choose how much of our memory it takes */
		read_number(console, "limit", &place->limit);
	}
	place->limit = place->limit == 0	  ? LIMIT_DEFAULT
		       : place->limit > LIMIT_MAX ? LIMIT_MAX
						  : place->limit;
	return true;
}

int place_tell(const struct console *console)
{
	char path[PLACE_PATH];
	int rc;

	if (!console->number) {
		snprintf(path, sizeof(path), "/local/domain/%u/console/tty", console->domid);
		return store_write(XBT_NULL, path, "%s", console->tty);
	}
	snprintf(path, sizeof(path), "/libxl/%u/device/console/%u/tty", console->domid,
		 console->number);
	rc = store_write(XBT_NULL, path, "%s", console->tty);
	snprintf(path, sizeof(path), "/local/domain/0/backend/console/%u/%u/state", console->domid,
		 console->number);
	return rc ? rc : store_write(XBT_NULL, path, "%d", XenbusStateConnected);
}
