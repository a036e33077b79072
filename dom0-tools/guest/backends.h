/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The back ends that Dom0's kernel has for a guest. */
#ifndef GUEST_BACKENDS_H
#define GUEST_BACKENDS_H

#include <xen/xen.h>

/* A listener for back ends that go; to be opened before their nodes are removed. */
int backends_listen(void);

/*
 * Waits until the kernel has let go of all: they hold pages of the guest mapped until then. Closes
 * the listener. -ETIMEDOUT, with a text, after so many seconds.
 */
int backends_wait(int listener, domid_t domid, unsigned int seconds);

#endif
