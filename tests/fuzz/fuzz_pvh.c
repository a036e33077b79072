/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the structures of a PVH loader. */
#include "fuzz_loader.h"

#include <boot/pvh.h>

static void fuzz_parse(struct boot_info *info, const struct physical *physical,
		       const struct report *report)
{
	pvh_parse(info, physical, 0, report);
}
