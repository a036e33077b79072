/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts that a configuration names for a device; none is ours. */
#ifndef GUEST_SCRIPT_H
#define GUEST_SCRIPT_H

#include <guest/device.h>

/*
 * Runs a script as hotplug scripts expect it: the action as argument, the device in the environment
 * (XENBUS_PATH, XENBUS_TYPE, XENBUS_BASE_PATH, vif). A name without '/' is one in /etc/xen/scripts.
 */
int script_run(const char *script, const struct device *device, const char *interface,
	       const char *action);

#endif
