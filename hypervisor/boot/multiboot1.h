/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 1: what a loader hands over in EAX and EBX. */
#ifndef BOOT_MULTIBOOT1_H
#define BOOT_MULTIBOOT1_H

#include <boot/boot_info.h>
#include <boot/physical.h>
#include <boot/report.h>

/* Fills info from the structure at address (EBX); false if there is nothing to start from. */
bool multiboot1_parse(struct boot_info *info, const struct physical *memory, paddr_t address,
		      const struct report *report);

/* The framebuffer's 22 bytes and its six of colours, which Multiboot 2 puts two bytes further. */
void multiboot_screen(struct boot_screen *screen, const uint8_t *bytes, const uint8_t *colours);

#endif
