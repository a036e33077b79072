/* SPDX-License-Identifier: MIT */
/*
 * A device's front half, and how it comes to terms with the back half through the store. Both write
 * nodes, and last of all their state, which the other watches:
 *
 *	back	Initialising  InitWait			     Connected
 *	front	Initialising		Initialised or Connected	  Connected
 *
 * and both go by Closing to Closed. What fails returns a negative XEN_E* number.
 */
#ifndef PV_XENBUS_H
#define PV_XENBUS_H

#include "grant.h"
#include "store.h"
#include <xen/io/xenbus.h>

#define PV_PATH 128

struct pv_device {
	char front[PV_PATH]; /* our nodes: device/TYPE/ID */
	char back[PV_PATH];
	domid_t domain; /* who serves it */
};

/* A value of ours, or of the other half. */
static inline long pv_device_read(const char *half, const char *key, char *value, size_t size)
{
	char path[2 * PV_PATH];

	pv_format(path, sizeof(path), "%s/%s", half, key);
	return pv_store_read(0, path, value, size);
}

/* The same as a number, or what is said here. */
static inline unsigned long pv_device_number(const char *half, const char *key,
					     unsigned long otherwise)
{
	char value[24];

	return pv_device_read(half, key, value, sizeof(value)) > 0 ? pv_number(value) : otherwise;
}

static inline long pv_device_write(const struct pv_device *device, const char *key,
				   const char *value)
{
	char path[2 * PV_PATH];

	pv_format(path, sizeof(path), "%s/%s", device->front, key);
	return pv_store_write(0, path, value);
}

static inline long pv_device_write_number(const struct pv_device *device, const char *key,
					  unsigned long number)
{
	char value[24];

	pv_format(value, sizeof(value), "%lu", number);
	return pv_device_write(device, key, value);
}

static inline long pv_device_set_state(const struct pv_device *device, enum xenbus_state state)
{
	return pv_device_write_number(device, "state", state);
}

/* XenbusStateUnknown: its nodes are gone. */
static inline enum xenbus_state pv_device_state(const struct pv_device *device)
{
	return (enum xenbus_state)pv_device_number(device->back, "state", XenbusStateUnknown);
}

#define PV_STATE(name)	(1U << XenbusState##name)
#define PV_STATES_ENDED (PV_STATE(Closing) | PV_STATE(Closed))

/*
 * Sleeps until the back half is in one of the states, of which `wanted` has the bits, PV_STATE(),
 * or never will be because it is gone; its state. pv_store_wait() returns whenever that changes,
 * for who has more to do.
 */
static inline enum xenbus_state pv_device_await(const struct pv_device *device, unsigned int wanted)
{
	for (;;) {
		enum xenbus_state state = pv_device_state(device);

		if (state == XenbusStateUnknown || wanted >> state & 1) {
			return state;
		}
		pv_store_wait();
	}
}

/* Finds the other half, and watches its state. Who had closed the device begins anew with this. */
static inline long pv_device_open(struct pv_device *device, const char *type, unsigned int id)
{
	char state[2 * PV_PATH];
	long rc;

	pv_format(device->front, sizeof(device->front), "device/%s/%u", type, id);
	device->domain = (domid_t)pv_device_number(device->front, "backend-id", 0);
	rc = pv_device_read(device->front, "backend", device->back, sizeof(device->back));
	rc = rc < 0 ? rc : pv_device_set_state(device, XenbusStateInitialising);
	if (!rc) {
		pv_format(state, sizeof(state), "%s/state", device->back);
		rc = pv_store_watch(XS_WATCH, state, device->front);
	}
	return rc;
}

/* Opens it, and waits until the other half has said what it offers. */
static inline long pv_device_begin(struct pv_device *device, const char *type, unsigned int id)
{
	long rc = pv_device_open(device, type, id);

	if (!rc && pv_device_await(device, PV_STATE(InitWait) | PV_STATE(Closing)) !=
			   XenbusStateInitWait) {
		rc = -XEN_ENODEV;
	}
	return rc;
}

/* Waits until the other half has connected to what it was told. */
static inline long pv_device_connected(const struct pv_device *device)
{
	return pv_device_await(device, PV_STATE(Connected) | PV_STATES_ENDED) ==
			       XenbusStateConnected
		       ? 0
		       : -XEN_ENODEV;
}

/* Grants the other half a page, and tells it so; the reference, or an error. */
static inline long pv_device_share(const struct pv_device *device, const char *key, void *page)
{
	grant_ref_t ref = pv_grant_take();
	long rc;

	if (!ref) {
		return -XEN_ENOSPC;
	}
	pv_grant_access(ref, device->domain, pv_virt_to_mfn(page), 0);
	rc = pv_device_write_number(device, key, ref);
	return rc ? rc : (long)ref;
}

/* Makes an event channel for the other half, and tells it so; the port, or an error. */
static inline long pv_device_channel(const struct pv_device *device)
{
	long port = pv_event_alloc_unbound(DOMID_SELF, device->domain);
	long rc = port < 0 ? port
			   : pv_device_write_number(device, "event-channel", (unsigned long)port);

	return rc ? rc : port;
}

/* Parts from the other half, which then has let go of all that was granted to it. */
static inline void pv_device_close(const struct pv_device *device)
{
	char state[2 * PV_PATH];

	pv_device_set_state(device, XenbusStateClosing);
	pv_device_await(device, PV_STATES_ENDED);
	pv_device_set_state(device, XenbusStateClosed);
	pv_device_await(device, PV_STATE(Closed));
	pv_format(state, sizeof(state), "%s/state", device->back);
	pv_store_watch(XS_UNWATCH, state, device->front);
}

#endif
