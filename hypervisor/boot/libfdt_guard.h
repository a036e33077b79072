/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Debian's libfdt needs to run in the hypervisor: a stack guard at %fs:0x28. */
#ifndef BOOT_LIBFDT_GUARD_H
#define BOOT_LIBFDT_GUARD_H

/* Between these two libfdt may be called. */
void libfdt_begin(void);
void libfdt_end(void);

#endif
