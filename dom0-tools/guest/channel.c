/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a channel's configuration to its nodes. */
#include <errno.h>
#include <guest/channel.h>
#include <guest/device.h>
#include <lib/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

int channel_check(const struct channel_config *config)
{
	if (config->backend) {
		return fail(EOPNOTSUPP, "channel '%s': channels of driver domains are not served",
			    config->name);
	}
	if (config->connection == CHANNEL_SOCKET &&
	    (*config->path != '/' ||
	     strlen(config->path) >= sizeof(((struct sockaddr_un *)0)->sun_path))) {
		return fail(EINVAL, "channel '%s': '%s' cannot be the path of a socket",
			    config->name, config->path);
	}
	return 0;
}

/* What pvx-consoled acts on is in the back end's part, where the guest cannot write. */
void channel_nodes(struct nodes *nodes, domid_t domid, unsigned int number,
		   const struct channel_config *config)
{
	bool is_socket = config->connection == CHANNEL_SOCKET;
	struct device device;
	char tty[DEVICE_PATH + 8];

	device_init(&device, domid, "console", number);
	device_begin(nodes, &device);
	device_front(nodes, &device, "type", "xenconsoled");
	device_front(nodes, &device, "output", is_socket ? "socket" : "pty");
	device_front(nodes, &device, "name", "%s", config->name);
	device_back(nodes, &device, "name", "%s", config->name);
	device_back(nodes, &device, "connection", is_socket ? "socket" : "pty");
	device_back(nodes, &device, "protocol", "vt100");
	if (is_socket) {
		device_back(nodes, &device, "path", "%s", config->path);
	}
	snprintf(tty, sizeof(tty), "%s/tty", device.tools);
	nodes_write(nodes, tty, "%s", ""); /* until pvx-consoled serves it */
}
