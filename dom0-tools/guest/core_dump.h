/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's memory and registers in a file, in the dump-core format of the Xen documentation. */
#ifndef GUEST_CORE_DUMP_H
#define GUEST_CORE_DUMP_H

#include <stdbool.h>
#include <xen/xen.h>

#define CORE_FOLDER "/var/lib/xen/dump"

/*
 * The domain goes on meanwhile unless it is paused. `progress`: how far it is stands on standard
 * error. -errno with a text, and then there is no file.
 */
int core_dump(domid_t domid, const char *path, bool progress);

/* Into CORE_FOLDER, under the domain's name. */
int core_dump_named(domid_t domid, const char *name, bool progress);

#endif
