/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for the kernel's back ends, by its uevents: one comes when a device is gone. */
#include <dirent.h>
#include <errno.h>
#include <guest/backends.h>
#include <lib/error.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEVICES	      "/sys/bus/xen-backend/devices"
#define UEVENT_GROUP  1 /* the kernel's own */
#define MESSAGE_BYTES 4096

int backends_listen(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = UEVENT_GROUP};
	int listener = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	if (listener >= 0 && bind(listener, (void *)&address, sizeof(address)) == 0) {
		return listener;
	}
	if (listener >= 0) {
		close(listener);
	}
	return fail_errno(errno, "listening for the kernel's events");
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
	struct pollfd ready = {.fd = listener, .events = POLLIN};
	char message[MESSAGE_BYTES];
	int rc = 0;

	while (!rc && any_left(domid)) {
		if (poll(&ready, 1, (int)seconds * 1000) <= 0) {
			rc = fail(ETIMEDOUT,
				  "Dom0's kernel does not let go of the devices of domain %u",
				  domid);
		} else if (recv(listener, message, sizeof(message), 0) < 0 && errno != ENOBUFS) {
			rc = fail_errno(errno, "listening for the kernel's events");
		}
	}
	close(listener);
	return rc;
}
