/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 2: GRUB on BIOS and UEFI. */
#ifndef BOOT_MULTIBOOT2_H
#define BOOT_MULTIBOOT2_H

#include <boot/boot_info.h>
#include <boot/physical.h>
#include <boot/report.h>

/* Fills info from the tags at address (EBX); false if there is nothing to start from. */
bool multiboot2_parse(struct boot_info *info, const struct physical *memory, paddr_t address,
		      const struct report *report);

#endif
