/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channels: consoles besides the first, of which pvx-consoled serves the other end as a pty or a
 * socket. Their numbers begin with 1; hvcN is what Linux makes of number N.
 */
#ifndef GUEST_CHANNEL_H
#define GUEST_CHANNEL_H

#include <config/config.h>
#include <guest/nodes.h>
#include <xen/xen.h>

int channel_check(const struct channel_config *config);
void channel_nodes(struct nodes *nodes, domid_t domid, unsigned int number,
		   const struct channel_config *config);

#endif
