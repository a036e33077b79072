/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes from ring to log, backlog and pty, and from the pty to the ring. */
#include <console/console.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int console_open(struct console *console, size_t limit, bool keep_all)
{
	int rc;

	console->fd = console->other = -1;
	console->keep_all = keep_all;
	console->limit = limit;
	console->backlog = malloc(limit);
	rc = console->backlog ? open_pty(console) : -ENOMEM;
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
	free(console->backlog);
	console->backlog = NULL;
	console->fd = console->other = -1;
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
	while (console->used) {
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

		size = ring_take(console->ring, bytes, room < sizeof(bytes) ? room : sizeof(bytes),
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

	if (size <= 0) {
		return false;
	}
	ring_put(console->ring, bytes, (size_t)size);
	return true;
}

short console_events(const struct console *console)
{
	return (short)((ring_room(console->ring) ? POLLIN : 0) | (console->used ? POLLOUT : 0));
}
