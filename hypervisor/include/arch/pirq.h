/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an architecture provides for interrupt lines that a domain owns. */
#ifndef ARCH_PIRQ_H
#define ARCH_PIRQ_H

#include <lib/base.h>

struct domain;

/*
 * From now on the interrupt is told to the port, by notify_pirq(). -EINVAL: no such line; -EPERM:
 * not the domain's; -EEXIST: told to another port already; -EBUSY: somebody will not share it.
 */
int pirq_bind(struct domain *d, uint32_t pirq, uint32_t port, bool share);
void pirq_unbind(struct domain *d, uint32_t pirq);

#endif
