/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers (PIRQs) by which Dom0, who owns the devices, knows interrupt lines. */
#ifndef ARCH_PIRQ_H
#define ARCH_PIRQ_H

#include <lib/base.h>

struct domain;

/*
 * From now on the interrupt is told to the port, by notify_pirq(), and the line is open. -EINVAL:
 * no such line; -EPERM: not the domain's; -EEXIST: told to another port already; -EBUSY: the
 * hypervisor's own. Only Dom0 has lines, so nobody else is there to share one with.
 */
int pirq_bind(struct domain *d, uint32_t pirq, uint32_t port);
void pirq_unbind(uint32_t pirq); /* after the port was closed */

/* Its interrupts go to that CPU from now on, if it is told to the port; else nothing. */
void pirq_move(struct domain *d, uint32_t pirq, uint32_t port, unsigned cpu);

/* GSIs keep their own number; messages get theirs from the top down. */
#define PIRQ_COUNT 1024

#define PIRQ_ANY (-1)

/*
 * Gives a line a number: the one asked for or any. *pirq is the number in the end. A GSI that
 * has it already is no error. -EINVAL: no such GSI or number; -EEXIST: one of the two is taken;
 * -ENOSPC: no number or no vector is left.
 */
int pirq_map_gsi(uint32_t gsi, int *pirq);

/* The same for a line that exists, by its vector. */
int pirq_map_vector(unsigned vector, int *pirq);

/* The number is free again, and the line with it, bound or not; -EINVAL: there is none. */
int pirq_unmap(uint32_t pirq);

int pirq_find_free(bool for_gsi); /* -ENOSPC */

/* Whether its lines are level or edge, low or high; -EINVAL: no such GSI, -EEXIST: it is in use. */
int pirq_setup_gsi(uint32_t gsi, bool level, bool low);

/* Dom0 has served it; *port is the port it is bound to, or 0. -EINVAL: not mapped. */
int pirq_eoi(uint32_t pirq, uint32_t *port);

/* Whether Dom0 has to say so each time. -EINVAL: not mapped. */
int pirq_needs_eoi(uint32_t pirq, bool *needs);

/* Dom0's page with a bit for each number that says the same; null: none. */
void pirq_set_eoi_map(uint64_t *map);
mfn_t pirq_eoi_frame(void); /* where it is, or MFN_NONE */

void pirq_dump(void); /* for a debug key: numbers, vectors, counts */

#endif
