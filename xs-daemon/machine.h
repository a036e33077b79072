/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine under the daemon: rings, event channels and the state of domains. Who links decides
 * which one it is: machine_xen.c (the devices in /dev/xen), or one that tests make of files.
 */
#ifndef XS_DAEMON_MACHINE_H
#define XS_DAEMON_MACHINE_H

#include <stdint.h>
#include <xen/io/xs_wire.h>

enum machine_state { MACHINE_RUNNING, MACHINE_SHUTDOWN, MACHINE_GONE };

/* 0, or -errno where there is no such machine: then only the socket is served. */
int machine_open(void);

/* Readable when a port has an event; machine_pending() takes the next one, -1 if there is none. */
int machine_fd(void);
int machine_pending(void);

/* A domain's ring page, or NULL; Dom0's own, and the local port that is bound for it. */
struct xenstore_domain_interface *machine_map(uint32_t domid, uint64_t gfn);
void machine_unmap(struct xenstore_domain_interface *page);
struct xenstore_domain_interface *machine_map_dom0(uint32_t *remote_port);

/* The local port bound to a domain's, or -errno. */
int machine_bind(uint32_t domid, uint32_t remote_port);
void machine_unbind(uint32_t port);
void machine_notify(uint32_t port);

/* The local port that has an event when any domain ends. */
int machine_domain_port(void);
enum machine_state machine_domain_state(uint32_t domid);

#endif
