/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a vif's configuration to an interface on a bridge. */
#include <errno.h>
#include <guest/netlink.h>
#include <guest/nic.h>
#include <guest/script.h>
#include <lib/error.h>
#include <lib/watch.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *bridge_of(const struct vif_config *config)
{
	return config->bridge ? config->bridge : NIC_BRIDGE;
}

/* The range that is set aside for guests' interfaces. */
static void invent_mac(struct vif_config *config)
{
	static const uint8_t range[3] = {0x00, 0x16, 0x3e};

	memcpy(config->mac, range, sizeof(range));
	if (getrandom(config->mac + 3, 3, 0) == 3) {
		config->mac[3] &= 0x7f;
		config->has_mac = true;
	}
}

int nic_check(struct vif_config *config)
{
	if (config->backend) {
		return fail(EOPNOTSUPP, "vif %u: interfaces of driver domains are not served",
			    config->devid);
	}
	if (!config->has_mac) {
		invent_mac(config);
	}
	if (!config->script && !if_nametoindex(bridge_of(config))) {
		return fail(
			ENOENT,
			"vif %u: there is no bridge '%s' ('ip link add %s type bridge' makes one)",
			config->devid, bridge_of(config), bridge_of(config));
	}
	return config->script ? script_check(config->script) : 0;
}

void nic_nodes(struct nodes *nodes, domid_t domid, const struct vif_config *config)
{
	const uint8_t *m = config->mac;
	struct device device;
	char mac[18];

	device_init(&device, domid, "vif", config->devid);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
		 m[5]);
	device_begin(nodes, &device);
	device_front(nodes, &device, "handle", "%u", config->devid);
	device_front(nodes, &device, "mac", "%s", mac);
	device_front(nodes, &device, "trusted", "%d", config->trusted);
	device_back(nodes, &device, "script", "%s", config->script ? config->script : "");
	device_back(nodes, &device, "mac", "%s", mac);
	device_back(nodes, &device, "bridge", "%s", bridge_of(config));
	device_back(nodes, &device, "handle", "%u", config->devid);
	device_back(nodes, &device, "type", "vif");
	if (config->gatewaydev) {
		device_back(nodes, &device, "gatewaydev", "%s", config->gatewaydev);
	}
	if (config->ip) {
		device_back(nodes, &device, "ip", "%s", config->ip);
	}
	if (config->vlan) {
		device_back(nodes, &device, "vlan", "%s", config->vlan);
	}
	if (config->vifname) {
		device_back(nodes, &device, "vifname", "%s", config->vifname);
	}
	if (config->rate_bytes) {
		device_back(nodes, &device, "rate", "%lu,%u", (unsigned long)config->rate_bytes,
			    config->rate_usecs);
	}
	if (config->mtu) {
		device_front(nodes, &device, "mtu", "%u", config->mtu);
		device_back(nodes, &device, "mtu", "%u", config->mtu);
	}
}

int nic_listen(void)
{
	return netlink_listen(NETLINK_ROUTE, RTMGRP_LINK);
}

/* Any message may be of ours: looking is cheap. A back end that failed leaves word in the store. */
static int wait_for(int listener, const char *name, const struct device *device,
		    unsigned int seconds)
{
	int64_t deadline = watch_clock() + (int64_t)seconds * 1000;
	int rc = 0;

	while (!rc && !if_nametoindex(name)) {
		char *error = store_read(XBT_NULL, "/local/domain/0/error/backend/vif/%u/%u/error",
					 device->domid, device->id);

		rc = error ? fail(EIO, "vif %u: the back end says: %s", device->id, error)
			   : netlink_wait(listener, deadline);
		free(error);
	}
	return rc == -ETIMEDOUT
		       ? fail(ETIMEDOUT,
			      "the interface %s does not appear (is the module xen-netback loaded?)",
			      name)
		       : rc;
}

/* --- Setting up ----------------------------------------------------------------------------- */

static int interface_ioctl(int control, unsigned long request, struct ifreq *ifr, const char *what)
{
	return ioctl(control, request, ifr) == 0 || errno == EEXIST
		       ? 0
		       : fail_errno(errno, "%s: %s", ifr->ifr_name, what);
}

static void name_to(char to[IFNAMSIZ], const char *name)
{
	snprintf(to, IFNAMSIZ, "%s", name);
}

static int rename_interface(int control, char name[IFNAMSIZ], const char *wanted)
{
	struct ifreq ifr = {.ifr_flags = 0};
	int rc;

	if (!wanted) {
		return 0;
	}
	name_to(ifr.ifr_name, name);
	name_to(ifr.ifr_newname, wanted);
	rc = interface_ioctl(control, SIOCSIFNAME, &ifr, "renaming it");
	name_to(name, wanted);
	return rc;
}

static int set_mtu(int control, const char *name, uint32_t mtu)
{
	struct ifreq ifr = {.ifr_mtu = (int)mtu};

	name_to(ifr.ifr_name, name);
	return mtu ? interface_ioctl(control, SIOCSIFMTU, &ifr, "setting its MTU") : 0;
}

static int join_bridge(int control, const char *name, const char *bridge)
{
	struct ifreq ifr = {.ifr_ifindex = (int)if_nametoindex(name)};

	name_to(ifr.ifr_name, bridge);
	return interface_ioctl(control, SIOCBRADDIF, &ifr, "adding an interface to this bridge");
}

static int bring_up(int control, const char *name)
{
	struct ifreq ifr = {.ifr_flags = 0};
	int rc;

	name_to(ifr.ifr_name, name);
	rc = interface_ioctl(control, SIOCGIFFLAGS, &ifr, "reading its state");
	ifr.ifr_flags |= IFF_UP;
	return rc ? rc : interface_ioctl(control, SIOCSIFFLAGS, &ifr, "bringing it up");
}

static int set_up(char name[IFNAMSIZ], const struct vif_config *config)
{
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc;

	if (control < 0) {
		return fail_errno(errno, "a socket for network interfaces");
	}
	rc = rename_interface(control, name, config->vifname);
	rc = rc ? rc : set_mtu(control, name, config->mtu);
	rc = rc ? rc : join_bridge(control, name, bridge_of(config));
	rc = rc ? rc : bring_up(control, name);
	close(control);
	return rc;
}

int nic_plug(int listener, domid_t domid, const struct vif_config *config, unsigned int seconds)
{
	char name[IFNAMSIZ], path[DEVICE_PATH + 32];
	struct device device;
	int rc;

	device_init(&device, domid, "vif", config->devid);
	snprintf(name, sizeof(name), "vif%u.%u", domid, config->devid);
	rc = wait_for(listener, name, &device, seconds);
	if (rc) {
		return rc;
	}
	if (config->script) { /* it does all, and tells the back end */
		return script_begin(config->script, &device, config->gatewaydev);
	}
	rc = set_up(name, config);
	snprintf(path, sizeof(path), "%s/hotplug-status", device.back);
	return rc ? rc : store_write(XBT_NULL, path, "connected");
}
