/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying the loader's strings into boot_info, before their memory becomes somebody else's. */
#ifndef BOOT_BOOT_TEXT_H
#define BOOT_BOOT_TEXT_H

#include <boot/boot_info.h>
#include <boot/physical.h>
#include <boot/report.h>

/* Before any other use: an empty map, no modules, empty strings. */
void boot_info_init(struct boot_info *info);

/*
 * The zero-terminated string at address, at most limit bytes of it. What cannot be read or does
 * not fit is reported and cut off; `what` names the string in the report.
 */
const char *boot_text_copy(struct boot_info *info, const struct physical *memory, paddr_t address,
			   size_t limit, const char *what, const struct report *report);

/* The line behind its first word, which is a file's name. */
const char *boot_text_skip_name(const char *line);

#endif
