/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start-up of a processor, in order. */
#ifndef ARCH_SETUP_H
#define ARCH_SETUP_H

#include <boot/cmdline.h>

void cpu_setup_early(const struct boot_options *options); /* features, while text can be patched */
void cpu_setup_modes(void); /* on each CPU, before it uses page tables of ours: NX, PAT */
void smap_patch(void);
void cpu_setup(unsigned cpu); /* on each CPU, once its area exists: tables, SYSCALL, FPU */
void cpu_set_online(void);

/* Gives back the memory of the code that ran only once, and runs guests. */
_Noreturn void cpu_leave_startup(void);

#endif
