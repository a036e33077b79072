/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network interfaces: netback makes vifN.M in Dom0, and we put it on its bridge. That it has been
 * made comes as a message of the kernel's (rtnetlink), so who wants to see it listens before the
 * nodes are written.
 */
#ifndef GUEST_NIC_H
#define GUEST_NIC_H

#include <config/config.h>
#include <guest/device.h>

#define NIC_BRIDGE "xenbr0" /* where a configuration says none */

/* Looks whether its bridge is there; fills in a MAC address if none is said. Changes nothing else.
 */
int nic_check(struct vif_config *config);

void nic_nodes(struct nodes *nodes, domid_t domid, const struct vif_config *config);

/* A listener for new interfaces. */
int nic_listen(void);

/* Waits for the interface, puts it on its bridge and tells the back end; so many seconds at most.
 */
int nic_plug(int listener, domid_t domid, const struct vif_config *config, unsigned int seconds);

#endif
