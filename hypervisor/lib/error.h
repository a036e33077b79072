/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error numbers as the ABI has them, under their plain names: functions return 0 or -EINVAL. */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

/* The ABI's list is an X-macro; a host that has its own <errno.h> agrees on the numbers. */
#define XEN_ERRNO(name, value) name = value,
enum error_number {
#include <xen/errno.h>
};

#endif
