/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID as toolstacks see it: as lists of leaves and as words of features. */
#ifndef ARCH_CPU_POLICY_H
#define ARCH_CPU_POLICY_H

#include <lib/base.h>
#include <xen/xen.h>

struct domain;
struct vcpu;

enum cpu_policy {
	CPU_POLICY_RAW,	  /* what the processor says */
	CPU_POLICY_HOST,  /* what the hypervisor makes use of */
	CPU_POLICY_GUEST, /* what a guest is told */
};

#define CPU_POLICY_WORDS 19 /* of features, in the order of the ABI */
#define CPU_POLICY_MSRS	 2

/* Of the guests in general: what the current one is told. */
uint32_t cpu_policy_feature_word(enum cpu_policy policy, unsigned word);

/* All leaves, one after the other: the cursor begins with zeroes. False: that was the last. */
struct cpu_policy_cursor {
	unsigned row;
	uint32_t sub_leaf;
};

bool cpu_policy_next(struct cpu_policy_cursor *at, enum cpu_policy policy, const struct vcpu *v,
		     struct xen_cpuid_leaf *leaf);
unsigned cpu_policy_leaves_max(void);
struct xen_msr_entry cpu_policy_msr(enum cpu_policy policy, unsigned index);

/* Features that the leaf does not have are not told to the domain from now on. */
void cpu_policy_hide_missing(struct domain *d, const struct xen_cpuid_leaf *leaf);

#endif
