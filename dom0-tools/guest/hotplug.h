/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that come and go while a guest runs. */
#ifndef GUEST_HOTPLUG_H
#define GUEST_HOTPLUG_H

#include <guest/disk.h>
#include <guest/nic.h>

/* 0 when the back end is ready; -errno with a text, and then nothing is left of it. */
int hotplug_disk(domid_t domid, const struct disk_config *config);

/* A number is chosen if none is said. */
int hotplug_nic(domid_t domid, struct vif_config *config);

/* type: "vbd" or "vif". */
int hotplug_remove(domid_t domid, const char *type, unsigned int id, bool force,
		   unsigned int seconds);

#endif
