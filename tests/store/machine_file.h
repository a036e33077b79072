/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine made of files in the directory $PVX_MACHINE, for tests that run a whole daemon:
 *   ring.N    the ring page of domain N
 *   state.N   one letter: r running, s shut down, d dying; no file: no such domain
 *   evtchn    the daemon's end of all event channels: datagrams of one u32, the port
 *   dom.N     domain N's end, made by whoever plays that guest
 */
#ifndef TESTS_STORE_MACHINE_FILE_H
#define TESTS_STORE_MACHINE_FILE_H

#include <stdint.h>

/* The daemon's local port for a domain is its id + 1; the last one tells of domains that ended. */
#define MACHINE_FILE_VIRQ 1000000

enum machine_file_state {
	MACHINE_FILE_ABSENT,
	MACHINE_FILE_RUNNING,
	MACHINE_FILE_SHUTDOWN,
	MACHINE_FILE_DYING,
};

int machine_file_channel(void);
uint32_t machine_file_port(unsigned int domid);
void machine_file_notify(int channel, uint32_t port);
int machine_file_pending(int channel);
void *machine_file_ring(unsigned int domid);
void machine_file_unmap(void *page);
enum machine_file_state machine_file_state(unsigned int domid);

#endif
