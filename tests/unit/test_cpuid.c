/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUID policy: what no guest may see, whatever the processor, and what it must see. */
#include "tap.h"

#include <arch/cpuid.h>
#include <arch/cpuid_profile.h>
#include <lib/error.h>
#include <string.h>
#include <xen/arch-x86/cpuid.h>

static const struct cpuid all_ones = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};

static const struct cpuid_view view = {
	.vcpu_id = 5,
	.xcr0_allowed = 0xe7,
	.xsave_bytes = 2696,
	.xsave_bytes_now = 832,
	.xsavec_bytes_now = 840,
	.tsc_khz = 2400000,
	.tsc_multiplier = 0xd5555555,
	.tsc_shift = -1,
	.tsc_is_reliable = true,
	.has_rdtscp = true,
	.machine_address_bits = 33,
	.xen_leaves = XEN_CPUID_MAX_NUM_LEAVES,
};

static bool is_zero(struct cpuid r)
{
	return !(r.a | r.b | r.c | r.d);
}

static void test_features(void)
{
	struct cpuid_view without_xsave = view;
	struct cpuid r = cpuid_policy(&view, 1, 0, all_ones);

	is_int(r.b >> 24, 10, "the APIC ID is twice the vCPU's number");
	ok(r.c & BIT(31), "there is a hypervisor");
	ok(!(r.c & (BIT(3) | BIT(5) | BIT(6) | BIT(17) | BIT(21) | BIT(24))),
	   "no MONITOR, VMX, SMX, PCID, x2APIC, TSC deadline");
	ok(!(r.d & (BIT(1) | BIT(3) | BIT(12) | BIT(13) | BIT(17) | BIT(28))),
	   "no VME, PSE, MTRR, PGE, PSE36, siblings");
	is_int(r.d & (BIT(4) | BIT(6) | BIT(9) | BIT(16) | BIT(25)),
	       BIT(4) | BIT(6) | BIT(9) | BIT(16) | BIT(25), "TSC, PAE, APIC, PAT, SSE");
	ok(r.c & BIT(26) && r.c & BIT(27), "XSAVE, and it is on");
	without_xsave.xcr0_allowed = 0;
	r = cpuid_policy(&without_xsave, 1, 0, all_ones);
	ok(!(r.c & (BIT(26) | BIT(27))), "neither where the processor has none");
	r = cpuid_policy(&without_xsave, 1, 0, (struct cpuid){0, 0, 0, 0});
	ok(r.c == (uint32_t)BIT(31) && r.d == 0, "what the processor lacks stays absent");

	r = cpuid_policy(&view, 7, 0, all_ones);
	ok(!(r.b & (BIT(7) | BIT(10) | BIT(20))), "no SMEP, INVPCID, SMAP");
	ok(r.b & BIT(0) && r.b & BIT(5), "FSGSBASE and AVX2");
	ok(!(r.c & (BIT(2) | BIT(3) | BIT(7) | BIT(16))), "no UMIP, PKU, shadow stacks, LA57");
	ok(!(r.d & (BIT(20) | BIT(26) | BIT(27) | BIT(28) | BIT(29) | BIT(31))),
	   "no branch tracking and nothing that MSRs control");
	is_int(r.a, 1, "one sub-leaf more");
	r = cpuid_policy(&view, 0x80000001, 0, all_ones);
	ok(!(r.c & BIT(2)) && !(r.d & BIT(26)), "no SVM, no pages of 1 GiB");
	ok(r.d & BIT(29) && r.d & BIT(20) && r.d & BIT(11), "long mode, NX, SYSCALL");
}

static void test_leaves(void)
{
	static const uint32_t nothing[] = {
		3,	    5,		6,	    8,		9,	    0xa,	0xb,
		0xc,	    0xe,	0x14,	    0x20,	0x80000007, 0x8000001d, 0x80000022,
		0x8fffffff, UINT32_MAX, 0x40000004, 0x40000006, 0x40000100, 0xc0000001};

	for (unsigned i = 0; i < ARRAY_COUNT(nothing); i++) {
		ok(is_zero(cpuid_policy(&view, nothing[i], 0, all_ones)), "leaf %#x says nothing",
		   nothing[i]);
	}
	is_int(cpuid_policy(&view, 0, 0, all_ones).a, 0xd, "the highest leaf");
	is_int(cpuid_policy(&view, 0, 0, (struct cpuid){.a = 7}).a, 7, "or the processor's own");
	is_int(cpuid_policy(&view, 0x80000000, 0, all_ones).a, 0x80000021, "of the extended ones");
	is_int(cpuid_policy(&view, 4, 0, all_ones).a >> 14, 0, "no cache is shared");
}

static void test_extended_state(void)
{
	struct cpuid r = cpuid_policy(&view, 0xd, 0, all_ones);

	ok(r.a == 0xe7 && r.b == 832 && r.c == 2696 && r.d == 0, "the components, and sizes");
	r = cpuid_policy(&view, 0xd, 1, all_ones);
	ok(r.a == 7 && r.b == 840 && r.c == 0 && r.d == 0, "XSAVEC but not XSAVES");
	ok(!is_zero(cpuid_policy(&view, 0xd, 2, all_ones)), "AVX");
	ok(is_zero(cpuid_policy(&view, 0xd, 9, all_ones)), "no protection keys");
	ok(is_zero(cpuid_policy(&view, 0xd, 200, all_ones)), "no component 200");
}

static void test_hypervisor(void)
{
	struct cpuid r = cpuid_policy(&view, 0x40000000, 0, all_ones);
	char signature[13] = "";

	memcpy(signature, &r.b, 4);
	memcpy(signature + 4, &r.c, 4);
	memcpy(signature + 8, &r.d, 4);
	ok(!strcmp(signature, "XenVMMXenVMM"), "the signature is %s", signature);
	is_int(r.a, 0x40000005, "the last of its leaves");
	is_int(cpuid_policy(&view, 0x40000001, 0, all_ones).a, 4 << 16 | 17, "the version");
	r = cpuid_policy(&view, 0x40000002, 0, all_ones);
	ok(r.a == 1 && r.b == 0x40000000 && r.c == 1 && r.d == 0, "the hypercall page");
	r = cpuid_policy(&view, 0x40000003, 0, all_ones);
	ok(r.a == 6 && r.b == 0 && r.c == 2400000, "the TSC");
	r = cpuid_policy(&view, 0x40000003, 1, all_ones);
	ok(r.c == 0xd5555555 && r.d == UINT32_MAX, "its scale");
	is_int(cpuid_policy(&view, 0x40000005, 0, all_ones).b, 33, "width of machine addresses");
}

/* --- Profiles of single domains ----------------------------------------------------------------
 */

static struct cpuid_profile profile;

static struct cpuid told(uint32_t leaf, uint32_t sub_leaf)
{
	return cpuid_policy(&view, leaf, sub_leaf, all_ones);
}

/* What all are told. */
static void profile_begin(void)
{
	struct cpuid *at = profile.leaf;

	for (unsigned i = 0; i < CPUID_ROWS; i++) {
		for (uint32_t sub_leaf = 0; sub_leaf < cpuid_rows[i].kept; sub_leaf++) {
			*at++ = told(cpuid_rows[i].leaf, sub_leaf);
		}
	}
	is_int(at - profile.leaf, CPUID_PROFILE_LEAVES, "each leaf has its place");
}

static int set(uint32_t leaf, uint32_t sub_leaf, struct cpuid r)
{
	struct xen_cpuid_leaf given = {leaf, sub_leaf, r.a, r.b, r.c, r.d};

	return cpuid_profile_set(&profile, &given, told(leaf, sub_leaf));
}

static void test_profile_leaves(void)
{
	static const struct {
		uint32_t leaf, sub_leaf;
		int rc;
	} cases[] = {
		{0, UINT32_MAX, -EINVAL},
		{1, UINT32_MAX, 0},
		{1, 0, -ERANGE},
		{0xd, UINT32_MAX, -ERANGE},
		{0xd, 62, 0},
		{0xd, 63, -ERANGE},
		{4, 5, 0},
		{4, 6, -ERANGE},
		{7, 0, -EINVAL},
		{7, 2, 0},
		{7, 3, -ERANGE},
		{0xb, 1, 0},
		{0xb, 2, -ERANGE},
		{9, UINT32_MAX, 0},
		{0xe, UINT32_MAX, -ERANGE},
		{0x40000000, UINT32_MAX, 0},
		{0x40000100, UINT32_MAX, 0},
		{0x40000001, UINT32_MAX, -ERANGE},
		{0x80000000, UINT32_MAX, -EINVAL},
		{0x80000021, UINT32_MAX, 0},
		{0x80000022, UINT32_MAX, -ERANGE},
		{UINT32_MAX, UINT32_MAX, -ERANGE},
	};

	profile_begin();
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		is_int(set(cases[i].leaf, cases[i].sub_leaf, all_ones), cases[i].rc,
		       "leaf %#x, %#x", cases[i].leaf, cases[i].sub_leaf);
	}
	for (unsigned i = 0; i < CPU_POLICY_WORDS; i++) {
		const struct cpuid_word *w = &cpuid_words[i];
		struct cpuid most = told(w->leaf, w->sub_leaf);

		if (w->leaf) {
			is_int(*cpuid_register(cpuid_profile_at(&profile, w->leaf, w->sub_leaf),
					       w->reg),
			       *cpuid_register(&most, w->reg), "no more features in word %u", i);
		}
	}
	is_int(cpu_policy_leaves_max(), 14 - 4 + 6 + 3 + 2 + 63 + 2 + 0x22,
	       "as many leaves as libxc knows");
	is_int(set(0, UINT32_MAX, (struct cpuid){.a = 7, .b = 0x12345678}), 0, "fewer leaves");
	is_int(cpuid_profile_at(&profile, 0, 9)->b, 0x12345678, "of another maker");
	ok(!cpuid_profile_at(&profile, 0xd, 2) && !cpuid_profile_at(&profile, 3, 0),
	   "nothing of the rest");
}

static void test_profile_xen_leaves(void)
{
	static const uint8_t last[][2] = {{0, 5}, {1, 2}, {2, 2}, {4, 4}, {5, 5}, {6, 5}, {255, 5}};

	for (unsigned i = 0; i < ARRAY_COUNT(last); i++) {
		set(0x40000000, UINT32_MAX, (struct cpuid){.a = 0x40000000U | last[i][0]});
		is_int(cpuid_profile_xen_leaves(&profile), last[i][1], "%u of the hypervisor's",
		       last[i][0]);
	}
}

/* Without a feature there is none that needs it. */
static void without(uint32_t leaf, enum cpuid_register reg, unsigned bit, uint64_t xcr0)
{
	struct cpuid r;

	profile_begin();
	r = told(leaf, 0);
	*cpuid_register(&r, reg) &= ~(uint32_t)BIT(bit);
	is_int(set(leaf, leaf == 7 ? 0 : UINT32_MAX, r), 0, "leaf %#x without bit %u", leaf, bit);
	cpuid_profile_finish(&profile, 0xe7);
	is_int(profile.xcr0, xcr0, "its state components");
}

static void test_profile_features(void)
{
	struct cpuid before = told(7, 0);

	profile_begin();
	cpuid_profile_finish(&profile, 0xe7);
	ok(profile.xcr0 == 0xe7 && cpuid_profile_at(&profile, 7, 0)->b == before.b,
	   "who has all keeps all");
	without(1, CPUID_C, 28, 3); /* AVX */
	ok(!(cpuid_profile_at(&profile, 7, 0)->b & (BIT(5) | BIT(16) | BIT(30))),
	   "no AVX2, AVX512F, AVX512BW without AVX");
	ok(cpuid_profile_at(&profile, 1, 0)->c & BIT(26), "but XSAVE");
	without(7, CPUID_B, 16, 7); /* AVX512F */
	ok(cpuid_profile_at(&profile, 7, 0)->b & BIT(5), "AVX2 without AVX512F");
	is_int(cpuid_profile_at(&profile, 7, 0)->c & 0x5842, 0, "but none of its kinds");
	without(1, CPUID_C, 26, 0); /* XSAVE */
	is_int(cpuid_profile_at(&profile, 0xd, 1)->a, 0, "no XSAVEC without XSAVE");
	without(1, CPUID_D, 24, 3); /* FXSR */
	is_int(cpuid_profile_at(&profile, 1, 0)->c & 0x32180201, 0, "no SSE of any kind, nor AVX");
}

int main(void)
{
	test_features();
	test_leaves();
	test_extended_state();
	test_hypervisor();
	test_profile_leaves();
	test_profile_xen_leaves();
	test_profile_features();
	return done_testing();
}
