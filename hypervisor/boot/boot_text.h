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

/*
 * A command line behind the name of the file, where the loader leaves that at its head, and behind
 * the word that Debian's GRUB scripts put there for kernels that expect a name.
 */
const char *boot_text_trim(const char *line, bool has_name);

#endif
