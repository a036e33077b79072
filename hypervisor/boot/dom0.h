/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dom0 from the boot loader's modules. */
#ifndef BOOT_DOM0_H
#define BOOT_DOM0_H

#include <boot/boot_info.h>
#include <boot/cmdline.h>
#include <boot/report.h>

struct domain;

/* The first module is the kernel, with its command line; the second, if there is one, the initrd.
 * Null: it could not be built; the reason has been logged. */
struct domain *dom0_build(const struct boot_info *info, const struct boot_options *options,
			  const struct report *report);

#endif
