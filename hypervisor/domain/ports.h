/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's event channels as a whole: all closed, and what they held given back. */
#ifndef DOMAIN_PORTS_H
#define DOMAIN_PORTS_H

#include <domain/domain.h>

/*
 * Closes every port, unbinds their interrupts, and takes a FIFO domain back to 2-level. A bounded
 * number of steps at a time: -ERESTART until all is done. For a reset, and for a domain that dies
 * (after event_domain_dying(), so that no new ports come).
 */
int ports_close_all(struct domain *d);

#endif
