/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processors can do, found out once at boot. */
#ifndef ARCH_FEATURES_H
#define ARCH_FEATURES_H

#include <lib/base.h>

struct cpu_features {
	bool nx, gbpages, smep, smap, fsgsbase, xsave, x2apic, invariant_tsc, tsc_deadline, rdtscp;
	bool avx, avx512;
	bool shared; /* this machine is another hypervisor's guest */
	uint32_t highest_leaf, highest_extended_leaf; /* of CPUID */
	uint32_t physical_bits;
	uint32_t xsave_bytes; /* size of an area for all of `xcr0` */
	uint64_t xcr0;	      /* the state components we let guests have */
	char vendor[13];
};

extern struct cpu_features cpu_features;

void features_detect(void);
bool features_same_here(void); /* this CPU has what the boot CPU has */

#endif
