/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All consoles and what wakes them: the store, event channels, ptys, signals. */
#ifndef CONSOLE_DAEMON_H
#define CONSOLE_DAEMON_H

#include <console/console.h>
#include <poll.h>
#include <stdint.h>

struct daemon {
	struct log_policy policy;
	bool keep_all;
	int events;	     /* of event_open() */
	int signals;	     /* a signalfd */
	int hypervisor_port; /* of the VIRQ of the hypervisor's log; -1: not followed */
	uint32_t hypervisor_index;
	struct log hypervisor;
	struct console **consoles; /* of each domain but Dom0, with a ring or not yet */
	size_t count;
	struct pollfd *polls;
};

/* -errno with a text. */
int daemon_open(struct daemon *daemon);
/* Waits for something, up to `timeout` ms (-1: for ever), and does what is to be done. */
int daemon_step(struct daemon *daemon, int timeout);
void daemon_reopen_logs(struct daemon *daemon);
void daemon_close(struct daemon *daemon);

#endif
