/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loop devices for disks in files. Each of ours carries its owner in its status ("pvx/UUID/VDEV"),
 * so that who comes later knows whose it is; the kernel frees one when its last user has closed it.
 */
#ifndef GUEST_LOOP_H
#define GUEST_LOOP_H

#include <stdbool.h>

/* The number of the new device, or -errno with a text. Direct I/O where the file system can. */
int loop_attach(const char *path, bool writable, const char *uuid, unsigned int vdev);

/* Lets go of all that carry this UUID, or this one vdev; how many there were. */
int loop_detach(const char *uuid, const unsigned int *vdev);

/* Calls for each of ours, until it does not return 0. */
int loop_each(int (*call)(void *context, int number, const char *uuid), void *context);

#endif
