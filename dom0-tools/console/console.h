/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One guest's console: between its ring, a pseudo terminal and its log.
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

struct console {
	unsigned int domid;
	unsigned char handle[16]; /* the domain's UUID: a number may be used again */
	struct xencons_interface *ring;
	int port;  /* ours, -1: none */
	int fd;	   /* of the pty that we write and read */
	int other; /* its other end, held so that it outlives its users */
	char tty[64];
	char *backlog; /* a circle of `limit` bytes */
	size_t limit;
	size_t start;
	size_t used;
	bool keep_all;
	bool broken; /* said once */
	struct log log;
};

/* Opens the pty; -errno. The ring is the caller's. */
int console_open(struct console *console, size_t limit, bool keep_all);
void console_close(struct console *console);

/* Moves what can be moved without waiting; true if the guest is to be notified. */
bool console_output(struct console *console, time_t now);
bool console_input(struct console *console);
/* What to wait for: POLLIN while the ring has room, POLLOUT while there is a backlog. */
short console_events(const struct console *console);

#endif
