/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUID policy: what no guest may see, whatever the processor, and what it must see. */
#include "tap.h"

#include <arch/cpuid.h>
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

int main(void)
{
	test_features();
	test_leaves();
	test_extended_state();
	test_hypervisor();
	return done_testing();
}
