/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for the kernel's back ends, by its uevents: one comes when a device is gone. */
#include <dirent.h>
#include <errno.h>
#include <guest/backends.h>
#include <guest/netlink.h>
#include <lib/error.h>
#include <lib/watch.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define DEVICES	     "/sys/bus/xen-backend/devices"
#define UEVENT_GROUP 1 /* the kernel's own */

int backends_listen(void)
{
	return netlink_listen(NETLINK_KOBJECT_UEVENT, UEVENT_GROUP);
}

/* They are called vbd-DOMID-ID, vif-DOMID-ID; consoles are no driver's, and hold nothing. */
static bool any_left(domid_t domid)
{
	DIR *folder = opendir(DEVICES);
	struct dirent *entry;
	bool found = false;

	while (!found && folder && (entry = readdir(folder)) != NULL) {
		unsigned int of;

		found = sscanf(entry->d_name, "v%*[bdif]-%u-", &of) == 1 && of == domid;
	}
	if (folder) {
		closedir(folder);
	}
	return found;
}

int backends_wait(int listener, domid_t domid, unsigned int seconds)
{
	int64_t deadline = watch_clock() + (int64_t)seconds * 1000;
	int rc = 0;

	while (!rc && any_left(domid)) {
		rc = netlink_wait(listener, deadline);
	}
	close(listener);
	return rc == -ETIMEDOUT
		       ? fail(ETIMEDOUT,
			      "Dom0's kernel does not let go of the devices of domain %u", domid)
		       : rc;
}
