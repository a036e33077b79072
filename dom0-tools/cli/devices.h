/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands for disks and for interfaces have in common. */
#ifndef CLI_DEVICES_H
#define CLI_DEVICES_H

#include <cli/cli.h>
#include <config/config.h>
#include <guest/device.h>

struct device_kind {
	const char *type; /* as device_init() takes it */
	const char *header;
	void (*print)(const struct cli *cli, const struct device *device);

	/* One specification in `text`; what is wrong with it goes to `messages`. An EXIT_ code. */
	int (*attach)(const struct cli *cli, const char *text, struct messages *messages);

	/* The number of the device that a word means; -EINVAL if it can mean none. */
	int (*find)(domid_t domid, const char *word, unsigned int *id);
};

/* Of one domain or more. */
int devices_list(struct cli *cli, int argc, char **argv, const struct device_kind *kind);

/* What follows the domain is one specification in pieces, as it would stand in a configuration. */
int devices_attach(struct cli *cli, int argc, char **argv, const struct device_kind *kind);
int devices_detach(struct cli *cli, char **argv, const struct device_kind *kind);

extern const struct cli_option devices_detach_options[];

/* What listings show of a node that the guest may write: a number and no other text; -1: there is
 * none. */
long devices_number(const struct device *device, const char *key);

#endif
