/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain is known from the list of domains, which is asked for when one comes or goes. Its
 * console is opened when its nodes are there. Rings and their ends of event channels belong to the
 * guests, so that a daemon that is started again finds all as it was; only the ptys are new.
 */
#include <console/daemon.h>

#include <console/place.h>
#include <errno.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/event.h>
#include <lib/foreign.h>
#include <lib/grant.h>
#include <lib/store.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define FIRST_CONSOLE 3 /* in polls: store, events and signals are before */

static void complain(const struct console *console)
{
	fprintf(stderr, "pvx-consoled: domain %u: %s\n", console->domid, fail_text());
}

static void open_log(struct daemon *daemon, struct console *console)
{
	char *name = store_read(XBT_NULL, "/local/domain/%u/name", console->domid);
	char file[256];
	int rc;

	snprintf(file, sizeof(file), "guest-%s", name ? name : "unnamed");
	rc = log_open(&console->log, &daemon->policy, file, daemon->policy.guest_time);
	if (rc) {
		fail_errno(-rc, "its log %s/%s.log", daemon->policy.folder, file);
		complain(console);
	}
	free(name);
}

/* Undoes what attach() did. */
static void detach(struct daemon *daemon, struct console *console)
{
	if (console->ring) {
		foreign_unmap(console->ring, 1);
	}
	if (console->port >= 0) {
		event_unbind(daemon->events, console->port);
	}
	console_close(console);
	log_close(&console->log);
	console->ring = NULL;
	console->port = -1;
}

static int open_ring(struct daemon *daemon, struct console *console, const struct place *place)
{
	domid_t domid = (domid_t)console->domid;

	console->ring = console->number ? grant_map(domid, (uint32_t)place->ring)
					: foreign_map(domid, &(uint64_t){place->ring}, 1);
	if (!console->ring) {
		return -EIO;
	}
	console->port = event_bind(daemon->events, domid, (unsigned int)place->port);
	return console->port < 0 ? console->port : 0;
}

/* If the console's nodes are there and it is not yet open, opens it. */
static void attach(struct daemon *daemon, struct console *console)
{
	struct place place;
	int rc;

	if (console->ring && place_closed(console)) {
		detach(daemon, console);
	}
	if (console->ring || !place_read(console, &place)) {
		return;
	}
	rc = open_ring(daemon, console, &place);
	if (!rc) {
		rc = console_open(console, place.limit, daemon->keep_all, place.socket);
		rc = !rc	    ? place_tell(console)
		     : place.socket ? fail_errno(-rc, "the socket %s", place.socket)
				    : fail_errno(-rc, "a pseudo terminal");
	}
	free(place.socket);
	if (rc) {
		complain(console);
		detach(daemon, console);
		return;
	}
	if (daemon->policy.guest && !console->number) { /* channels are for programs */
		open_log(daemon, console);
	}
	if (console_output(console, time(NULL))) {
		event_notify(daemon->events, console->port);
	}
}

static void watch(const struct console *console, bool begin)
{
	char path[PLACE_PATH];
	char token[16];

	place_folder(console, path);
	snprintf(token, sizeof(token), "%u", console->domid);
	if (begin) {
		xs_watch(store(), path, token);
	} else {
		xs_unwatch(store(), path, token);
	}
}

static void forget(struct daemon *daemon, size_t i)
{
	struct console *console = daemon->consoles[i];

	if (console->ring) {
		console_output(console, time(NULL));
	}
	detach(daemon, console);
	watch(console, false);
	free(console);
	daemon->consoles[i] = daemon->consoles[--daemon->count];
}

static struct console *find(const struct daemon *daemon, unsigned int domid, unsigned int number)
{
	for (size_t i = 0; i < daemon->count; i++) {
		if (daemon->consoles[i]->domid == domid && daemon->consoles[i]->number == number) {
			return daemon->consoles[i];
		}
	}
	return NULL;
}

static int learn(struct daemon *daemon, unsigned int domid, unsigned int number,
		 const unsigned char *handle)
{
	size_t polls = FIRST_CONSOLE + daemon->count + 1;
	struct console **consoles =
		realloc(daemon->consoles, (daemon->count + 1) * sizeof(struct console *));
	struct console *console = calloc(1, sizeof(*console));

	daemon->consoles = consoles ? consoles : daemon->consoles;
	free(daemon->polls);
	daemon->polls = calloc(polls, sizeof(struct pollfd));
	if (!consoles || !console || !daemon->polls) {
		free(console);
		return fail(ENOMEM, "no memory for the console of domain %u", domid);
	}
	console->domid = domid;
	console->number = number;
	memcpy(console->handle, handle, sizeof(console->handle));
	console->port = console->fd = console->other = console->door = -1;
	console->log.fd = -1;
	daemon->consoles[daemon->count++] = console;
	/* Fires at once, and when the nodes are written. */
	watch(console, true);
	return 0;
}

/* Its channels' nodes were written together with the console's. */
static int learn_channels(struct daemon *daemon, unsigned int domid)
{
	const struct console *first = find(daemon, domid, 0);
	unsigned int count = 0;
	unsigned int *numbers = first ? place_channels(domid, &count) : NULL;
	int rc = 0;

	for (unsigned int i = 0; !rc && i < count; i++) {
		if (numbers[i] && !find(daemon, domid, numbers[i])) {
			rc = learn(daemon, domid, numbers[i], first->handle);
		}
	}
	free(numbers);
	return rc;
}

/* Something has changed at a domain's consoles. */
static int on_domain(struct daemon *daemon, unsigned int domid)
{
	int rc = learn_channels(daemon, domid);

	for (size_t i = 0; !rc && i < daemon->count; i++) {
		if (daemon->consoles[i]->domid == domid) {
			attach(daemon, daemon->consoles[i]);
		}
	}
	return rc;
}

static const domain_info_t *alive(const struct domain_list *list, const struct console *console)
{
	for (unsigned int i = 0; i < list->count; i++) {
		if (list->info[i].domain == console->domid &&
		    !(list->info[i].flags & XEN_DOMINF_dying) &&
		    memcmp(list->info[i].handle, console->handle, sizeof(console->handle)) == 0) {
			return &list->info[i];
		}
	}
	return NULL;
}

/* Who has come, and who has gone. */
static int look_around(struct daemon *daemon)
{
	struct domain_list list = {0};
	int rc = domain_list_all(&list);

	for (size_t i = daemon->count; !rc && i > 0; i--) {
		if (!alive(&list, daemon->consoles[i - 1])) {
			forget(daemon, i - 1);
		}
	}
	for (unsigned int i = 0; !rc && i < list.count; i++) {
		const domain_info_t *info = &list.info[i];

		if (info->domain != 0 && !(info->flags & XEN_DOMINF_dying) &&
		    !find(daemon, info->domain, 0)) {
			rc = learn(daemon, info->domain, 0, info->handle);
		}
	}
	domain_list_free(&list);
	return rc;
}

/* Of several events about who came and went one look is enough. */
static int on_store(struct daemon *daemon)
{
	bool look = false;
	char **event;
	int rc = 0;

	errno = EAGAIN;
	while (!rc && (event = xs_check_watch(store()))) {
		if (event[0][0] == '@') {
			look = true;
		} else {
			rc = on_domain(daemon, (unsigned int)strtoul(event[1], NULL, 10));
		}
		free(event);
	}
	if (!rc && errno != EAGAIN) {
		return fail_errno(errno, "the store");
	}
	return !rc && look ? look_around(daemon) : rc;
}

/* What the hypervisor has logged since the last time. */
static void on_hypervisor_log(struct daemon *daemon)
{
	const size_t size = 16384;
	char *buffer = hypercall_memory(size);
	uint32_t count = 1;

	while (buffer && count) {
		struct xen_sysctl op = {.cmd = XEN_SYSCTL_readconsole};

		op.u.readconsole.incremental = 1;
		op.u.readconsole.index = daemon->hypervisor_index;
		op.u.readconsole.count = (uint32_t)size;
		set_xen_guest_handle(op.u.readconsole.buffer, buffer);
		if (hypercall_sysctl(&op)) {
			fprintf(stderr, "pvx-consoled: %s\n", fail_text());
			break;
		}
		count = op.u.readconsole.count;
		daemon->hypervisor_index = op.u.readconsole.index;
		log_write(&daemon->hypervisor, buffer, count, time(NULL));
	}
	if (buffer) {
		hypercall_memory_free(buffer, size);
	}
}

static void on_event(struct daemon *daemon, int port)
{
	if (port == daemon->hypervisor_port) {
		on_hypervisor_log(daemon);
	}
	for (size_t i = 0; i < daemon->count; i++) {
		struct console *console = daemon->consoles[i];

		if (console->ring && console->port == port && console_output(console, time(NULL))) {
			event_notify(daemon->events, port);
		}
	}
}

static void on_other_end(struct daemon *daemon, struct console *console, short events)
{
	bool moved = console->fd >= 0 && events & (POLLIN | POLLHUP) && console_input(console);

	console_connect(console);

	if (events & POLLOUT) {
		moved |= console_output(console, time(NULL));
	}
	if (moved) {
		event_notify(daemon->events, console->port);
	}
}

static size_t fill_polls(struct daemon *daemon)
{
	daemon->polls[0] = (struct pollfd){xs_fileno(store()), POLLIN, 0};
	daemon->polls[1] = (struct pollfd){daemon->events, POLLIN, 0};
	daemon->polls[2] = (struct pollfd){daemon->signals, POLLIN, 0};
	for (size_t i = 0; i < daemon->count; i++) {
		const struct console *console = daemon->consoles[i];

		daemon->polls[FIRST_CONSOLE + i] =
			console->ring ? console_waits(console) : (struct pollfd){.fd = -1};
	}
	return FIRST_CONSOLE + daemon->count;
}

/* -ECANCELED, without a text, when a signal wants an end. */
static int on_signal(struct daemon *daemon)
{
	struct signalfd_siginfo info;

	if (read(daemon->signals, &info, sizeof(info)) != sizeof(info)) {
		return 0;
	}
	if (info.ssi_signo != SIGHUP) {
		return -ECANCELED;
	}
	daemon_reopen_logs(daemon);
	return 0;
}

int daemon_step(struct daemon *daemon, int timeout)
{
	size_t count = fill_polls(daemon);
	int port;

	if (poll(daemon->polls, count, timeout) < 0) {
		return errno == EINTR ? 0 : fail_errno(errno, "poll");
	}
	/* The other ends first: the store's events change which there are. */
	for (size_t i = 0; i + FIRST_CONSOLE < count; i++) {
		if (daemon->polls[FIRST_CONSOLE + i].revents) {
			on_other_end(daemon, daemon->consoles[i],
				     daemon->polls[FIRST_CONSOLE + i].revents);
		}
	}
	while (daemon->polls[1].revents && (port = event_next(daemon->events)) >= 0) {
		on_event(daemon, port);
	}
	if (daemon->polls[2].revents) {
		return on_signal(daemon);
	}
	return daemon->polls[0].revents ? on_store(daemon) : 0;
}

void daemon_reopen_logs(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->count; i++) {
		if (daemon->consoles[i]->log.path) {
			log_reopen(&daemon->consoles[i]->log);
		}
	}
	if (daemon->hypervisor.path) {
		log_reopen(&daemon->hypervisor);
	}
}

static int follow_hypervisor(struct daemon *daemon)
{
	int rc = log_open(&daemon->hypervisor, &daemon->policy, "hypervisor",
			  daemon->policy.hypervisor_time);

	if (rc) {
		return fail_errno(-rc, "%s/hypervisor.log", daemon->policy.folder);
	}
	daemon->hypervisor_port = event_bind_virq(daemon->events, VIRQ_CON_RING);
	if (daemon->hypervisor_port < 0) {
		return daemon->hypervisor_port;
	}
	on_hypervisor_log(daemon);
	return 0;
}

int daemon_open(struct daemon *daemon)
{
	int rc;

	daemon->hypervisor_port = -1;
	daemon->hypervisor.fd = -1;
	daemon->polls = calloc(FIRST_CONSOLE, sizeof(struct pollfd));
	daemon->events = event_open();
	if (!daemon->polls || daemon->events < 0 || !store()) {
		return daemon->events < 0 ? daemon->events : -ENOTCONN;
	}
	rc = daemon->policy.hypervisor ? follow_hypervisor(daemon) : 0;
	if (!rc && (!xs_watch(store(), "@introduceDomain", "domains") ||
		    !xs_watch(store(), "@releaseDomain", "domains"))) {
		rc = fail_errno(errno, "watching for domains");
	}
	return rc ? rc : look_around(daemon);
}

void daemon_close(struct daemon *daemon)
{
	while (daemon->count) {
		forget(daemon, daemon->count - 1);
	}
	free(daemon->consoles);
	free(daemon->polls);
	log_close(&daemon->hypervisor);
	if (daemon->events >= 0) {
		close(daemon->events);
	}
}
