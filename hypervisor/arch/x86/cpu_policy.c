/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID as toolstacks see it: as lists of leaves and as words of features. */
#include <arch/cpu_policy.h>
#include <arch/cpuid.h>
#include <arch/features.h>
#include <arch/msr.h>
#include <arch/regs.h>
#include <domain/domain.h>
#include <xen/arch-x86/cpuid.h>

#define MSR_ARCH_CAPABILITIES 0x10a

/* Sub-leaves from 0 on; a leaf without them has none to be named. */
static const struct {
	uint32_t leaf, sub_leaves;
} rows[] = {
	{0, 0},		 {1, 0},	  {2, 0},	   {4, 6},	    {7, 3},
	{0xd, 63},	 {0x40000000, 0}, {0x80000000, 0}, {0x80000001, 0}, {0x80000002, 0},
	{0x80000003, 0}, {0x80000004, 0}, {0x80000005, 0}, {0x80000006, 0}, {0x80000007, 0},
	{0x80000008, 0}, {0x80000021, 0},
};

enum reg { A, B, C, D };

/* Where each word of features is from; those of no row are halves of MSR_ARCH_CAPABILITIES. */
static const struct {
	uint32_t leaf, sub_leaf;
	enum reg reg;
} words[CPU_POLICY_WORDS] = {
	[0] = {1, 0, D},	  [1] = {1, 0, C},	     [2] = {0x80000001, 0, D},
	[3] = {0x80000001, 0, C}, [4] = {0xd, 1, A},	     [5] = {7, 0, B},
	[6] = {7, 0, C},	  [7] = {0x80000007, 0, D},  [8] = {0x80000008, 0, B},
	[9] = {7, 0, D},	  [10] = {7, 1, A},	     [11] = {0x80000021, 0, A},
	[12] = {7, 1, B},	  [13] = {7, 2, D},	     [14] = {7, 1, C},
	[15] = {7, 1, D},	  [18] = {0x80000021, 0, C},
};

#define LEAF_7_SMEP BIT(7)
#define LEAF_7_SMAP BIT(20)

/* These say what a guest is in, and how it set itself up; nobody decides over them. */
#define LEAF_1_C_STATE (BIT(27) | BIT(31)) /* OSXSAVE, hypervisor */

static uint32_t *reg_of(struct cpuid *r, enum reg reg)
{
	return reg == A ? &r->a : reg == B ? &r->b : reg == C ? &r->c : &r->d;
}

static struct cpuid ask(enum cpu_policy policy, const struct vcpu *v, uint32_t leaf,
			uint32_t sub_leaf)
{
	struct cpuid r = {0, 0, 0, 0};

	if (policy == CPU_POLICY_GUEST) {
		r = guest_cpuid(v, leaf, sub_leaf);
		if (leaf == 1) {
			r.b &= 0x00ffffff; /* the vCPU's number */
		}
		return r;
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

	if (!words[word].leaf) {
		uint64_t value = cpu_policy_msr(policy, 1).val;

		return (uint32_t)(word == 16 ? value : value >> 32);
	}
	r = ask(policy, current_vcpu(), words[word].leaf, words[word].sub_leaf);
	return *reg_of(&r, words[word].reg);
}

unsigned cpu_policy_leaves_max(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		count += MAX(rows[i].sub_leaves, 1u);
	}
	return count;
}

bool cpu_policy_next(struct cpu_policy_cursor *at, enum cpu_policy policy, const struct vcpu *v,
		     struct xen_cpuid_leaf *leaf)
{
	while (at->row < ARRAY_COUNT(rows)) {
		uint32_t number = rows[at->row].leaf, sub_leaves = rows[at->row].sub_leaves;
		uint32_t sub_leaf = at->sub_leaf++;
		struct cpuid r = ask(policy, v, number, sub_leaf);

		if (at->sub_leaf >= sub_leaves) {
			at->row++;
			at->sub_leaf = 0;
		}
		if (r.a | r.b | r.c | r.d) {
			*leaf = (struct xen_cpuid_leaf){
				number, sub_leaves ? sub_leaf : XEN_CPUID_NO_SUBLEAF, r.a, r.b, r.c,
				r.d};
			return true;
		}
	}
	return false;
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

/* --- What single domains are not told --------------------------------------------------------- */

void cpu_policy_hide_missing(struct domain *d, const struct xen_cpuid_leaf *leaf)
{
	struct cpuid has = {leaf->a, leaf->b, leaf->c, leaf->d};
	uint32_t sub_leaf = leaf->subleaf == XEN_CPUID_NO_SUBLEAF ? 0 : leaf->subleaf;

	for (unsigned i = 0; i < CPU_POLICY_WORDS; i++) {
		if (words[i].leaf && words[i].leaf == leaf->leaf && words[i].sub_leaf == sub_leaf) {
			d->arch.hidden_features[i] = ~*reg_of(&has, words[i].reg);
			d->arch.hides_features = true;
		}
	}
	d->arch.hidden_features[1] &= ~(uint32_t)LEAF_1_C_STATE;
}

void cpuid_hide(const struct domain *d, uint32_t leaf, uint32_t sub_leaf, struct cpuid *r)
{
	for (unsigned i = 0; i < CPU_POLICY_WORDS; i++) {
		if (words[i].leaf && words[i].leaf == leaf && words[i].sub_leaf == sub_leaf) {
			*reg_of(r, words[i].reg) &= ~d->arch.hidden_features[i];
		}
	}
}
