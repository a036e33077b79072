/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels, through Linux' /dev/xen/evtchn. Ports are those of this domain. */
#ifndef LIB_EVENT_H
#define LIB_EVENT_H

#include <xen/xen.h>

/* A descriptor that is readable when a port has an event; its reads do not wait. Or -errno. */
int event_open(void);
/* The next port that has an event, unmasked again; -1 if there is none. */
int event_next(int fd);
/* The port bound to a port of another domain, or to a VIRQ; -errno with a text. */
int event_bind(int fd, domid_t domid, unsigned int remote_port);
int event_bind_virq(int fd, unsigned int virq);
void event_unbind(int fd, int port);
void event_notify(int fd, int port);

#endif
