/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks: what a configuration says, opened in Dom0 and given to a guest through blkback. */
#ifndef GUEST_DISK_H
#define GUEST_DISK_H

#include <config/config.h>
#include <guest/device.h>

/* A block device of Dom0's. */
struct disk {
	const struct disk_config *config;
	unsigned int major, minor;
	bool loop;
};

/* Looks whether it is there, and used by nobody else; changes nothing. */
int disk_check(const struct disk_config *config);

int disk_open(struct disk *disk, const struct disk_config *config, const char *uuid);
void disk_nodes(struct nodes *nodes, domid_t domid, const struct disk *disk);
/* With the nodes written: runs its script, if it has one, which opens it. */
int disk_plug(domid_t domid, const struct disk_config *config);

#endif
