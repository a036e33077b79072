/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PVH: another hypervisor starts us directly. */
#ifndef BOOT_PVH_H
#define BOOT_PVH_H

#include <boot/boot_info.h>
#include <boot/physical.h>
#include <boot/report.h>

/* Fills info from the start information at address (EBX); false if there is nothing to start from.
 */
bool pvh_parse(struct boot_info *info, const struct physical *memory, paddr_t address,
	       const struct report *report);

#endif
