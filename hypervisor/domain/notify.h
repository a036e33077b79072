/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events the hypervisor itself sends, and the acting on what a sent event demands. */
#ifndef DOMAIN_NOTIFY_H
#define DOMAIN_NOTIFY_H

#include <domain/domain.h>

void notify_act(struct event_kick *kick); /* after EVENT_KICK: wakes, and ends the kick */

void notify_virq(struct vcpu *v, uint32_t virq); /* one per vCPU */

/* Those of which there is one for all: to Dom0, or who has taken it over. */
void notify_global_virq(uint32_t virq);
int notify_set_handler(struct domain *d, uint32_t virq); /* -EINVAL: it is none of these */
void notify_drop_handlers(const struct domain *d);	 /* d goes: they are Dom0's again */

void notify_port(struct domain *d, uint32_t port); /* as if d sent by it */
void notify_nmi(void); /* of the machine: Dom0 gets it, and what the chipset says of its reason */

/* An interrupt came. False: the last one has not been taken yet, so it told nothing. */
bool notify_pirq(struct domain *d, uint32_t port, uint32_t pirq);
unsigned notify_pirq_cpu(struct domain *d, uint32_t port); /* where it is of most use */
unsigned notify_cpu(struct vcpu_events *v);		   /* where the vCPU runs, or ran last */

#endif
