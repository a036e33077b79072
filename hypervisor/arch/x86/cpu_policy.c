/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID as toolstacks see it: as lists of leaves and as words of features. */
#include <arch/cpu_policy.h>
#include <arch/cpuid.h>
#include <arch/cpuid_profile.h>
#include <arch/features.h>
#include <arch/msr.h>
#include <arch/regs.h>
#include <domain/domain.h>
#include <lib/error.h>
#include <lib/heap.h>
#include <xen/arch-x86/cpuid.h>

#define MSR_ARCH_CAPABILITIES 0x10a

#define LEAF_7_SMEP BIT(7)
#define LEAF_7_SMAP BIT(20)

static struct cpuid ask(enum cpu_policy policy, const struct domain *d, uint32_t leaf,
			uint32_t sub_leaf)
{
	struct cpuid r = {0, 0, 0, 0};

	if (policy == CPU_POLICY_GUEST) {
		return domain_cpuid(d, leaf, sub_leaf);
	}
	if (leaf <= cpu_features.highest_leaf ||
	    (leaf >> 31 && leaf <= cpu_features.highest_extended_leaf)) {
		r = cpuid(leaf, sub_leaf);
	}
	if (policy == CPU_POLICY_HOST && leaf == 7 && sub_leaf == 0) {
		r.b &= ~(uint32_t)((cpu_features.smep ? 0 : LEAF_7_SMEP) |
				   (cpu_features.smap ? 0 : LEAF_7_SMAP));
	}
	return r;
}

uint32_t cpu_policy_feature_word(enum cpu_policy policy, unsigned word)
{
	struct cpuid r;

	if (!cpuid_words[word].leaf) {
		uint64_t value = cpu_policy_msr(policy, 1).val;

		return (uint32_t)(word == 16 ? value : value >> 32);
	}
	r = ask(policy, NULL, cpuid_words[word].leaf, cpuid_words[word].sub_leaf);
	return *cpuid_register(&r, cpuid_words[word].reg);
}

struct xen_cpuid_leaf cpu_policy_leaf(unsigned index, enum cpu_policy policy,
				      const struct domain *d)
{
	uint32_t leaf = 0, sub_leaf = 0;
	struct cpuid r;

	(void)cpu_policy_has(index, &leaf, &sub_leaf);
	r = ask(policy, d, leaf, sub_leaf == XEN_CPUID_NO_SUBLEAF ? 0 : sub_leaf);
	return (struct xen_cpuid_leaf){leaf, sub_leaf, r.a, r.b, r.c, r.d};
}

/* Guests read them as zero, or not at all. */
struct xen_msr_entry cpu_policy_msr(enum cpu_policy policy, unsigned index)
{
	static const uint32_t numbers[CPU_POLICY_MSRS] = {MSR_PLATFORM_INFO, MSR_ARCH_CAPABILITIES};
	struct xen_msr_entry entry = {.idx = numbers[index]};

	if (policy != CPU_POLICY_GUEST && !read_msr_if_there(entry.idx, &entry.val)) {
		entry.val = 0;
	}
	return entry;
}

/* --- What single domains are told ------------------------------------------------------------ */

struct cpuid_profile *cpu_policy_profile(const struct domain *d)
{
	struct cpuid_profile *p = heap_alloc(sizeof(*p));
	struct cpuid *at = p ? p->leaf : NULL;

	for (unsigned i = 0; at && i < CPUID_ROWS; i++) {
		for (uint32_t sub_leaf = 0; sub_leaf < cpuid_rows[i].kept; sub_leaf++) {
			*at++ = domain_cpuid(d, cpuid_rows[i].leaf, sub_leaf);
		}
	}
	return p;
}

void cpu_policy_free(struct cpuid_profile *p)
{
	heap_free(p, sizeof(*p));
}

int cpu_policy_change(struct cpuid_profile *p, const struct xen_cpuid_leaf *leaf)
{
	return cpuid_profile_set(p, leaf, domain_cpuid(NULL, leaf->leaf, leaf->subleaf));
}

int cpu_policy_give(struct domain *d, struct cpuid_profile **p)
{
	struct cpuid_profile *old;
	bool begun;

	cpuid_profile_finish(*p, cpu_features.xcr0);
	lock_acquire(&d->lock);
	begun = d->begun;
	if (!begun) {
		old = d->arch.cpuid_profile;
		d->arch.cpuid_profile = *p;
		*p = old;
	}
	lock_release(&d->lock);
	return begun ? -EEXIST : 0;
}
