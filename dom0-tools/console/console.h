/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's console or channel: between its ring, a pseudo terminal or socket, and its log.
 *
 *   ring -> log, backlog -> pty -> whoever has it open        pty -> ring
 *
 * The pty is there as long as the guest. While nobody reads it, output gathers in the backlog; when
 * that is full the oldest goes, or (keep_all) the guest waits.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <console/log.h>
#include <console/ring.h>
#include <poll.h>

struct console {
	unsigned int domid;
	unsigned int number;	  /* 0: the console; others: channels */
	unsigned char handle[16]; /* the domain's UUID: a number may be used again */
	struct xencons_interface *ring;
	int port; /* ours, -1: none */
	int fd; /* of the pty or the connection that we write and read; -1: nobody has connected */
	int other; /* the pty's other end, held so that it outlives its users */
	int door;  /* of a socket, where the next one connects; -1: it is a pty */
	char tty[64];
	char *backlog; /* a circle of `limit` bytes */
	size_t limit;
	size_t start;
	size_t used;
	bool keep_all;
	bool broken; /* said once */
	struct log log;
};

/* Opens the pty, or the socket at a path; -errno. The ring is the caller's. */
int console_open(struct console *console, size_t limit, bool keep_all, const char *socket);
void console_close(struct console *console);

/* Moves what can be moved without waiting; true if the guest is to be notified. */
bool console_output(struct console *console, time_t now);
bool console_input(struct console *console);
/* What to wait for: POLLIN while the ring has room, POLLOUT while there is a backlog; or a
 * connection. */
struct pollfd console_waits(const struct console *console);
/* Who is at the door becomes the one that we speak with, unless there is one. */
void console_connect(struct console *console);

#endif
