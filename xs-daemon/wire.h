/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of the protocol: paths, strings, permissions, numbers and names of errors. */
#ifndef XS_DAEMON_WIRE_H
#define XS_DAEMON_WIRE_H

#include "tree.h"

#include <errno.h>
#include <xen/io/xs_wire.h>

#define WIRE_HEADER   sizeof(struct xsd_sockmsg)
#define WIRE_MESSAGE  (WIRE_HEADER + XENSTORE_PAYLOAD_MAX)
#define WIRE_PATH_MAX (XENSTORE_ABS_PATH_MAX + 1)

/* The name that an ERROR reply carries for a positive errno value. */
const char *wire_error_name(int error);

/*
 * Makes a path canonical: a relative one is below the domain's home. `local_max` bounds the part
 * that is not "/local/domain/N/". Returns -EINVAL for what is no path.
 */
int wire_path(char out[WIRE_PATH_MAX], const char *text, uint32_t domid, uint32_t local_max);

/* Length of "/local/domain/N/" of that domain. */
size_t wire_home_length(uint32_t domid);

/*
 * Splits a payload in which each string has its NUL into at most `max` strings. Returns how many
 * there are, which may be above `max`, or 0 if the last one has no end.
 */
size_t wire_strings(const char *payload, size_t length, const char **string, size_t max);

/* The numbers of the protocol are read leniently, as all daemons do: "abc" is 0, "-1" wraps. */
uint32_t wire_number(const char *text);

/* "r12" and the like; false if it is none. */
bool wire_permission_parse(const char *text, struct permission *permission);
size_t wire_permission_format(char out[16], const struct permission *permission);

#endif
