/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes from ring to log, backlog and pty, and from the pty to the ring. */
#include <console/console.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* A terminal that changes nothing of what passes. */
static int open_pty(struct console *console)
{
	struct termios raw;

	console->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (console->fd < 0 || grantpt(console->fd) || unlockpt(console->fd) ||
	    ptsname_r(console->fd, console->tty, sizeof(console->tty))) {
		return -errno;
	}
	console->other = open(console->tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (console->other < 0 || tcgetattr(console->other, &raw)) {
		return -errno;
	}
	cfmakeraw(&raw);
	return tcsetattr(console->other, TCSANOW, &raw) ? -errno : 0;
}

/* One that a killed daemon has left is ours; another file of that name is not. */
static int open_socket(struct console *console, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode)) {
		unlink(path);
	}
	console->door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return console->door < 0 || bind(console->door, (void *)&address, sizeof(address)) < 0 ||
			       chmod(path, 0600) < 0 || listen(console->door, 1) < 0
		       ? -errno
		       : 0;
}

static void close_socket(int door)
{
	struct sockaddr_un address = {.sun_path = ""};
	socklen_t size = sizeof(address);

	if (getsockname(door, (void *)&address, &size) == 0 && *address.sun_path) {
		unlink(address.sun_path);
	}
	close(door);
}

int console_open(struct console *console, size_t limit, bool keep_all, const char *socket)
{
	int rc;

	console->fd = console->other = console->door = -1;
	console->keep_all = keep_all;
	console->limit = limit;
	console->backlog = malloc(limit);
	rc = !console->backlog ? -ENOMEM
	     : socket	       ? open_socket(console, socket)
			       : open_pty(console);
	if (rc) {
		console_close(console);
	}
	return rc;
}

void console_close(struct console *console)
{
	if (console->fd >= 0) {
		close(console->fd);
	}
	if (console->other >= 0) {
		close(console->other);
	}
	if (console->door >= 0) {
		close_socket(console->door);
	}
	free(console->backlog);
	console->backlog = NULL;
	console->fd = console->other = console->door = -1;
}

static void hang_up(struct console *console)
{
	close(console->fd);
	console->fd = -1;
}

void console_connect(struct console *console)
{
	if (console->door >= 0 && console->fd < 0) {
		console->fd = accept4(console->door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	}
}

static void backlog_add(struct console *console, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		console->backlog[(console->start + console->used) % console->limit] = bytes[i];
		if (console->used < console->limit) {
			console->used++;
		} else {
			console->start = (console->start + 1) % console->limit;
		}
	}
}

/* From the backlog to the pty, as far as that takes it. */
static void flush_backlog(struct console *console)
{
	while (console->used && console->fd >= 0) {
		size_t straight = console->limit - console->start;
		size_t size = console->used < straight ? console->used : straight;
		ssize_t written = write(console->fd, console->backlog + console->start, size);

		if (written <= 0) {
			return;
		}
		console->start = (console->start + (size_t)written) % console->limit;
		console->used -= (size_t)written;
	}
}

bool console_output(struct console *console, time_t now)
{
	char bytes[sizeof(console->ring->out)];
	bool moved = false;
	size_t size;

	flush_backlog(console);
	/* A guest that writes all the time gets its turn, and then others get theirs. */
	for (int turn = 0; turn < 4; turn++) {
		size_t room = console->keep_all ? console->limit - console->used : sizeof(bytes);
		bool broken;

		size = ring_look(console->ring, bytes, room < sizeof(bytes) ? room : sizeof(bytes),
				 &broken);
		if (broken && !console->broken) {
			fprintf(stderr,
				"pvx-consoled: domain %u: the indexes of its console ring are wrong; its output is skipped\n",
				console->domid);
		}
		console->broken |= broken;
		if (size == 0) {
			break;
		}
		moved = true;
		log_write(&console->log, bytes, size, now);
		ring_taken(console->ring, size); /* not before: we may be killed */
		backlog_add(console, bytes, size);
		flush_backlog(console);
	}
	return moved;
}

bool console_input(struct console *console)
{
	char bytes[sizeof(console->ring->in)];
	size_t room = ring_room(console->ring);
	ssize_t size = room ? read(console->fd, bytes, room) : 0;

	if (room && console->door >= 0 && (size == 0 || (size < 0 && errno != EAGAIN))) {
		hang_up(console);
	}
	if (size <= 0) {
		return false;
	}
	ring_put(console->ring, bytes, (size_t)size);
	return true;
}

struct pollfd console_waits(const struct console *console)
{
	short events =
		(short)((ring_room(console->ring) ? POLLIN : 0) | (console->used ? POLLOUT : 0));

	if (console->fd < 0) {
		return (struct pollfd){console->door, POLLIN, 0};
	}
	return (struct pollfd){events ? console->fd : -1, events, 0};
}
