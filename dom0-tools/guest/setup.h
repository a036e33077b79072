/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a new domain gets besides memory and devices: its nodes in the store, its share of the
 * machine. */
#ifndef GUEST_SETUP_H
#define GUEST_SETUP_H

#include <config/config.h>
#include <guest/nodes.h>
#include <lib/domain_build.h>

void setup_nodes(struct nodes *nodes, domid_t domid, const char *uuid,
		 const struct domain_config *config, const struct domain_rings *rings);

/* The number of the pool that the configuration names. */
int setup_pool(const struct domain_config *config, uint32_t *pool);

/* What CPUID says to it (cpuid.c), before it begins. */
int setup_cpuid(domid_t domid, const struct domain_config *config);

/* The nodes of vnuma=, if any, as the builder has them. */
void setup_vnuma(const struct domain_config *config, struct vnuma *vnuma);

/* Scheduling, affinity, clock, and what of the machine it may touch. */
int setup_domain(domid_t domid, const struct domain_config *config);

#endif
