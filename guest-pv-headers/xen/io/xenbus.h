/* SPDX-License-Identifier: MIT */
/* The states by which the two halves of a device agree through the store. */
#ifndef PVX_XEN_IO_XENBUS_H
#define PVX_XEN_IO_XENBUS_H

enum xenbus_state {
	XenbusStateUnknown = 0,
	XenbusStateInitialising = 1,
	XenbusStateInitWait = 2,    /* back end waits for the front end's details */
	XenbusStateInitialised = 3, /* front end has written them */
	XenbusStateConnected = 4,
	XenbusStateClosing = 5,
	XenbusStateClosed = 6,
	XenbusStateReconfiguring = 7,
	XenbusStateReconfigured = 8
};
typedef enum xenbus_state XenbusState;

#endif
