/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the structures of a Multiboot 2 loader. */
#include "fuzz_loader.h"

#include <boot/multiboot2.h>

static void fuzz_parse(struct boot_info *info, const struct physical *physical,
		       const struct report *report)
{
	multiboot2_parse(info, physical, 0, report);
}
