/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launch: the domains built at start-up begin to run, a boot domain before the others. */
#ifndef DOMAIN_LAUNCH_H
#define DOMAIN_LAUNCH_H

#include <domain/domain.h>

/*
 * Domains are built paused. Without a boot domain all but spare ones begin to run. With one, that
 * begins alone, with the rights it was given; when it shuts down its part is over, and the others
 * begin. A spare ("recovery") domain begins only if something went wrong: a domain could not be
 * built, or the boot domain ended in another way than by powering off.
 */
void launch_begin(bool something_went_wrong);

/* A domain has shut down: the boot domain's end lets the others begin. */
void launch_note_end(struct domain *d);

#endif
