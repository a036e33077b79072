/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shares of the processors. */
#ifndef LIB_SCHEDULE_H
#define LIB_SCHEDULE_H

#include <lib/hypercall.h>

struct schedule_share {
	unsigned int scheduler; /* XEN_SCHEDULER_*, of the domain's pool */
	unsigned int weight;
	unsigned int cap; /* percent of one CPU, 0: none */
};

int schedule_get_share(domid_t domid, struct schedule_share *share);

/* A weight of 0 leaves it as it is; the scheduler is that of the domain's pool. */
int schedule_set_share(domid_t domid, const struct schedule_share *share);

#endif
