/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions whose fault is expected, and where to go on instead. */
#ifndef ARCH_FIXUP_H
#define ARCH_FIXUP_H

#include <lib/base.h>

/* For inline assembly: a fault at local label `at` goes on at label `to`. */
#define FIXUP(at, to)                                   \
	".pushsection .fixup_table, \"a\", @progbits\n" \
	".long " #at " - ., " #to " - .\n"              \
	".popsection\n"

/* Where to go on after a fault at `rip`, or 0. */
uint64_t fixup_find(uint64_t rip);

#endif
