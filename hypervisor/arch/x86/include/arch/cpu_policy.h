/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID as toolstacks see it: as lists of leaves and as words of features. */
#ifndef ARCH_CPU_POLICY_H
#define ARCH_CPU_POLICY_H

#include <lib/base.h>
#include <xen/xen.h>

struct cpuid_profile;
struct domain;

enum cpu_policy {
	CPU_POLICY_RAW,	  /* what the processor says */
	CPU_POLICY_HOST,  /* what the hypervisor makes use of */
	CPU_POLICY_GUEST, /* what a guest is told */
};

#define CPU_POLICY_WORDS 19 /* of features, in the order of the ABI */
#define CPU_POLICY_MSRS	 2

/* Of the guests in general. */
uint32_t cpu_policy_feature_word(enum cpu_policy policy, unsigned word);

/* One leaf, of cpu_policy_leaves_max(). Of CPU_POLICY_GUEST, what the domain is told; null: any. */
struct xen_cpuid_leaf cpu_policy_leaf(unsigned index, enum cpu_policy policy,
				      const struct domain *d);

/* Which leaves policies have, whoever wrote them. (cpuid_profile.c) */
unsigned cpu_policy_leaves_max(void);
bool cpu_policy_has(unsigned index, uint32_t *leaf, uint32_t *sub_leaf);
struct xen_msr_entry cpu_policy_msr(enum cpu_policy policy, unsigned index);

/*
 * A domain is told something else in three steps: a copy of what it is told, or null; what that
 * says of single leaves (errors are those of cpuid_profile_set()); the copy is the domain's from
 * now on, and `p` the former one, to be freed. -EEXIST: the domain has begun, and `p` is as it was.
 *
 * domain_arch.cpuid_profile changes only here, with the domain's lock held, and not after it has
 * begun: what its vCPUs find is fixed. Other callers come by domctl, one at a time.
 */
struct cpuid_profile *cpu_policy_profile(const struct domain *d);
int cpu_policy_change(struct cpuid_profile *p, const struct xen_cpuid_leaf *leaf);
int cpu_policy_give(struct domain *d, struct cpuid_profile **p);
void cpu_policy_free(struct cpuid_profile *p); /* null: nothing */

#endif
