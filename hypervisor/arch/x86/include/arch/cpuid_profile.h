/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CPUID says to one domain where that differs from what all guests are told. */
#ifndef ARCH_CPUID_PROFILE_H
#define ARCH_CPUID_PROFILE_H

#include <arch/cpu_policy.h>
#include <arch/instructions.h>
#include <lib/base.h>

/* The leaves of which a profile consists. */
struct cpuid_row {
	uint32_t leaf;
	uint32_t kept; /* so many sub-leaves from 0 on; 1: it has none */
};

#define CPUID_ROWS 17
extern const struct cpuid_row cpuid_rows[CPUID_ROWS];

/* Where each word of features is from; those of no leaf are halves of MSR_ARCH_CAPABILITIES. */
enum cpuid_register { CPUID_A, CPUID_B, CPUID_C, CPUID_D };

struct cpuid_word {
	uint32_t leaf, sub_leaf;
	enum cpuid_register reg;
};

extern const struct cpuid_word cpuid_words[CPU_POLICY_WORDS];

static inline uint32_t *cpuid_register(struct cpuid *r, enum cpuid_register reg)
{
	return reg == CPUID_A ? &r->a : reg == CPUID_B ? &r->b : reg == CPUID_C ? &r->c : &r->d;
}

/*
 * A processor that has less than the one there is, or another name: cpuid_policy() is asked about
 * this one instead, so that it can only take away. It is made and changed before its domain begins
 * and is fixed from then on, so that vCPUs read it without a lock (cpu_policy.h).
 */
#define CPUID_PROFILE_LEAVES 25

struct cpuid_profile {
	struct cpuid leaf[CPUID_PROFILE_LEAVES]; /* one row after the other */
	uint64_t xcr0;				 /* state components its features need */
};

/* Null: it says nothing of this one. */
struct cpuid *cpuid_profile_at(struct cpuid_profile *p, uint32_t leaf, uint32_t sub_leaf);

/*
 * What it shall say of one leaf, of which all guests are told `most`. Features beyond that it does
 * not get. -ERANGE: there is no such leaf; -EINVAL: it says that there are more leaves than there
 * are.
 */
int cpuid_profile_set(struct cpuid_profile *p, const struct xen_cpuid_leaf *leaf,
		      struct cpuid most);

/* After the last one: what needs a feature that is not there goes too. */
void cpuid_profile_finish(struct cpuid_profile *p, uint64_t xcr0_most);

/* Which of the hypervisor's own leaves is the last, counted from their first. */
uint32_t cpuid_profile_xen_leaves(struct cpuid_profile *p);

#endif
