/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts that a configuration names for a device; none is ours. They are run as hotplug scripts
 * expect it: "add" and "remove" for a disk, "online" and "offline" for an interface (and
 * "type_if=vif"), the device in the environment: XENBUS_PATH, XENBUS_BASE_PATH, XENBUS_TYPE,
 * script; and for an interface vif and netdev. At both times the back end's nodes are there to be
 * read. One that does not end within a minute is killed.
 */
#ifndef GUEST_SCRIPT_H
#define GUEST_SCRIPT_H

#include <guest/device.h>

/* A name without '/' is one in /etc/xen/scripts. */
int script_check(const char *script);

/* `netdev`: NULL if the configuration says none. Fails as the script says in hotplug-error. */
int script_begin(const char *script, const struct device *device, const char *netdev);

/* Runs the script of a device that is gone, if it has one: its node tells. */
int script_end(const struct device *device);

#endif
