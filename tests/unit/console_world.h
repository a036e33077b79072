/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world for pvx-consoled's loop: guests, a store and event channels of the test's own. For one
 * test program each. */
#ifndef TESTS_CONSOLE_WORLD_H
#define TESTS_CONSOLE_WORLD_H

#include "tap.h"

#include <console/daemon.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/event.h>
#include <lib/foreign.h>
#include <lib/grant.h>
#include <lib/store.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The machine: guests by number, each with a ring; what the hypervisor has logged. */
#define GUESTS 4
static struct {
	bool there;
	bool dying;
	unsigned char handle;
	unsigned int mapped;
	unsigned int notified;
	struct xencons_interface ring;
} guests[GUESTS];
static char hypervisor_log[100];
static int events[2]; /* a pipe: ports that have an event */
static char folder[] = "/tmp/test_console.XXXXXX";

int event_open(void)
{
	int fd = dup(events[0]);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

int event_next(int fd)
{
	int port;

	return read(fd, &port, sizeof(port)) == sizeof(port) ? port : -1;
}

static void fire_port(int port)
{
	if (write(events[1], &port, sizeof(port)) != sizeof(port)) {
		ok(false, "an event");
	}
}

int event_bind(int fd, domid_t domid, unsigned int remote_port)
{
	return remote_port == 7	  ? 100 + domid
	       : remote_port == 9 ? 200 + domid
				  : fail(EINVAL, "no such port");
}

int event_bind_virq(int fd, unsigned int virq)
{
	return virq == VIRQ_CON_RING ? 99 : -EINVAL;
}

void event_unbind(int fd, int port)
{
}

void event_notify(int fd, int port)
{
	guests[port % 100].notified++;
}

void *foreign_map(domid_t domid, const uint64_t *frames, size_t count)
{
	guests[domid].mapped++;
	return frames[0] == 1000u + domid ? &guests[domid].ring : NULL;
}

/* Channels' rings are granted; of guest N's channel by reference 8 + N. */
static struct xencons_interface channel_rings[GUESTS];

void *grant_map(domid_t domid, uint32_t ref)
{
	return ref == 8u + domid ? &channel_rings[domid] : NULL;
}

void foreign_unmap(const void *memory, size_t count)
{
	for (int i = 0; i < GUESTS; i++) {
		guests[i].mapped -= memory == &guests[i].ring;
	}
}

int domain_list_all(struct domain_list *list)
{
	*list = (struct domain_list){.info = calloc(GUESTS, sizeof(domain_info_t))};
	for (domid_t i = 0; i < GUESTS; i++) {
		if (guests[i].there) {
			domain_info_t *info = &list->info[list->count++];

			info->domain = i;
			info->flags = guests[i].dying ? XEN_DOMINF_dying : 0;
			info->handle[0] = guests[i].handle;
		}
	}
	return 0;
}

void domain_list_free(struct domain_list *list)
{
	free(list->info);
}

void *hypercall_memory(size_t bytes)
{
	return calloc(1, bytes);
}

void hypercall_memory_free(void *memory, size_t bytes)
{
	free(memory);
}

int hypercall_sysctl(struct xen_sysctl *op)
{
	uint32_t index = op->u.readconsole.index;
	uint32_t count = (uint32_t)strlen(hypervisor_log) - index;

	memcpy(op->u.readconsole.buffer.p, hypervisor_log + index, count);
	op->u.readconsole.count = count;
	op->u.readconsole.index = index + count;
	return 0;
}

int fail(int error, const char *format, ...)
{
	return -error;
}

int fail_errno(int error, const char *format, ...)
{
	return -error;
}

const char *fail_text(void)
{
	return "it failed";
}

/* The store: nodes, and events that nobody has asked for yet. A watch fires once when it is set. */
static struct {
	char path[64];
	char value[64];
} nodes[64];
static struct {
	char path[64];
	char token[16];
} fired[64];
static unsigned int fired_count;
static int store_fd;

static void fire(const char *path, const char *token)
{
	snprintf(fired[fired_count].path, sizeof(fired[0].path), "%s", path);
	snprintf(fired[fired_count++].token, sizeof(fired[0].token), "%s", token);
	eventfd_write(store_fd, 1);
}

static char *node(const char *path)
{
	unsigned int i;

	for (i = 0; i < 63 && nodes[i].path[0] && strcmp(nodes[i].path, path) != 0; i++) {
	}
	snprintf(nodes[i].path, sizeof(nodes[i].path), "%s", path);
	return nodes[i].value;
}

struct xs_handle *store(void)
{
	static long handle;

	return (struct xs_handle *)&handle;
}

char *store_read(xs_transaction_t t, const char *format, ...)
{
	char path[64];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return node(path)[0] ? strdup(node(path)) : NULL;
}

int store_write(xs_transaction_t t, const char *path, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(node(path), sizeof(nodes[0].value), format, args);
	va_end(args);
	return 0;
}

/* The only folders that are listed are those of channels: a node "channels" has one's number. */
char **xs_directory(struct xs_handle *handle, xs_transaction_t t, const char *path,
		    unsigned int *count)
{
	char **names = calloc(1, sizeof(*names));
	char name[64];

	snprintf(name, sizeof(name), "%s/channels", path);
	names[0] = node(name);
	*count = *names[0] != '\0';
	return names;
}

bool xs_watch(struct xs_handle *handle, const char *path, const char *token)
{
	fire(path, token);
	return true;
}

bool xs_unwatch(struct xs_handle *handle, const char *path, const char *token)
{
	return true;
}

int xs_fileno(struct xs_handle *handle)
{
	return store_fd;
}

char **xs_check_watch(struct xs_handle *handle)
{
	static unsigned int next;
	char **event = malloc(2 * sizeof(*event));
	eventfd_t value;

	if (next == fired_count) {
		next = fired_count = 0;
		eventfd_read(store_fd, &value);
		free(event);
		errno = EAGAIN;
		return NULL;
	}
	event[0] = fired[next].path;
	event[1] = fired[next++].token;
	return event;
}

/* The tests' side of guests and of users. */
static struct daemon daemon_;

static void steps(void)
{
	for (int i = 0; i < 20; i++) {
		if (daemon_step(&daemon_, 0) != 0) {
			ok(false, "a step");
		}
	}
}

static void guest_writes(unsigned int domid, const char *text)
{
	struct xencons_interface *ring = &guests[domid].ring;

	for (; *text; text++) {
		ring->out[ring->out_prod++ % sizeof(ring->out)] = *text;
	}
	fire_port(100 + (int)domid);
}

static void guest_starts(unsigned int domid, const char *name)
{
	static const char *const keys[] = {"name", "console/ring-ref", "console/port",
					   "console/type"};
	char values[4][16];

	snprintf(values[0], 16, "%s", name);
	snprintf(values[1], 16, "%u", 1000 + domid);
	snprintf(values[2], 16, "7");
	snprintf(values[3], 16, "xenconsoled");
	guests[domid].there = true;
	guests[domid].dying = false;
	guests[domid].handle++;
	for (int i = 0; i < 4; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, keys[i]);
		strcpy(node(path), values[i]);
	}
	fire("@introduceDomain", "domains");
}

static bool reads(int fd, const char *expected)
{
	char text[8192] = "";
	ssize_t size = read(fd, text, sizeof(text) - 1);

	text[size > 0 ? size : 0] = '\0';
	if (strcmp(text, expected) != 0) {
		printf("# got \"%s\"\n", text);
	}
	return strcmp(text, expected) == 0;
}

static void open_daemon(void)
{
	daemon_ = (struct daemon){
		.signals = -1,
		.keep_all = daemon_.keep_all,
		.policy = {.folder = folder, .guest = true, .hypervisor = true, .keep = 2}};
	ok(daemon_open(&daemon_) == 0, "the daemon starts");
	steps();
}

/* Calls what is to be tested in it; the exit code. */
static int world_run(void (*tests)(void))
{
	char command[64];

	if (!mkdtemp(folder) || pipe(events)) {
		return EXIT_FAILURE;
	}
	store_fd = eventfd(0, EFD_NONBLOCK);
	tests();
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ok(system(command) == 0, "cleared away");
	return done_testing();
}

#endif
