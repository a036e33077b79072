/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot domains, built one after the other and set going. */
#ifndef BOOT_LAUNCH_DOMAINS_H
#define BOOT_LAUNCH_DOMAINS_H

#include <boot/boot_domains.h>

/* False: not one of them could be built; the reasons have been logged. */
bool launch_domains_build(const struct boot_domains *domains, const struct boot_info *info,
			  const struct report *report);

/* What was built begins to run, a Dom0 without a tree as well. */
void launch_domains_begin(void);

#endif
