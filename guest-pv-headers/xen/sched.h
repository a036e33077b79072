/* SPDX-License-Identifier: MIT */
/* sched_op: giving up the CPU, waiting for events, shutting down. */
#ifndef PVX_XEN_SCHED_H
#define PVX_XEN_SCHED_H

#include "event_channel.h"

#define SCHEDOP_yield		0
#define SCHEDOP_block		1
#define SCHEDOP_shutdown	2
#define SCHEDOP_poll		3
#define SCHEDOP_remote_shutdown 4
#define SCHEDOP_shutdown_code	5
#define SCHEDOP_watchdog	6
#define SCHEDOP_pin_override	7

#define SHUTDOWN_poweroff   0
#define SHUTDOWN_reboot	    1
#define SHUTDOWN_suspend    2
#define SHUTDOWN_crash	    3
#define SHUTDOWN_watchdog   4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX	    5

struct sched_shutdown {
	unsigned int reason; /* SHUTDOWN_* */
};
XEN_DEFINE_TYPE(sched_shutdown);

struct sched_poll {
	XEN_GUEST_HANDLE(evtchn_port_t) ports;
	unsigned int nr_ports;
	uint64_t timeout; /* absolute system time, 0 never */
};
XEN_DEFINE_TYPE(sched_poll);

struct sched_remote_shutdown {
	domid_t domain_id;
	unsigned int reason;
};
XEN_DEFINE_TYPE(sched_remote_shutdown);

struct sched_watchdog {
	uint32_t id;	  /* 0 asks for a new one */
	uint32_t timeout; /* seconds, 0 stops it */
};
XEN_DEFINE_TYPE(sched_watchdog);

struct sched_pin_override {
	int32_t pcpu; /* negative lifts the override */
};
XEN_DEFINE_TYPE(sched_pin_override);

#endif
