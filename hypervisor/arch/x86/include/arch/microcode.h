/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading one microcode update, chosen by the boot CPU, into each processor. */
#ifndef ARCH_MICROCODE_H
#define ARCH_MICROCODE_H

#include <lib/base.h>

uint32_t microcode_revision(bool intel);

/*
 * Loads the update into this CPU. True, and the other CPUs will load it as they start, if the CPU
 * then has the revision. The update's bytes have to stay until all have started.
 */
bool microcode_set(const uint8_t *update, uint32_t revision, bool intel);

/* On each other CPU, before it looks at its features. */
void microcode_init_cpu(void);

/* How many of them have not taken the update. */
unsigned microcode_failures(void);

#endif
