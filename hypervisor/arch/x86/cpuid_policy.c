/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which features guests are told of: those that work in ring 3 as they do on the bare machine. */
#include <arch/cpuid.h>
#include <xen/arch-x86/cpuid.h>

#define ABI_VERSION (4 << 16 | 17)

#define HIGHEST_LEAF	      0xd
#define HIGHEST_EXTENDED_LEAF 0x80000021

/*
 * Told: what the instruction set has for programs, SYSCALL, PAT and the like that the hypervisor
 * keeps up for them. Not told: what needs ring 0 (VMX, SVM, MONITOR, PCID, SMEP, SMAP, XSAVES),
 * what an MSR controls that guests do not have (speculation control, performance counters, MTRR,
 * x2APIC), large and global pages, and the topology: each vCPU is a package. Machine checks are
 * told of, since kernels complain without, but there are no banks of them.
 */
#define LEAF_1_D   0x0f89cbf5 /* FPU DE TSC MSR PAE MCE CX8 APIC SEP MCA CMOV PAT CLFLUSH MMX .. */
#define LEAF_1_C   0x76d83203 /* SSE3 .. RDRAND */
#define LEAF_7_B   0xfdaf0b29
#define LEAF_7_C   0x02405f43
#define LEAF_7_D   0x0000451c /* AVX512_4* FSRM AVX512_VP2INTERSECT MD_CLEAR SERIALIZE */
#define LEAF_7_1_A 0x00001c30 /* AVX_VNNI AVX512_BF16 FZRM FSRS FSRCS */
#define LEAF_D_1_A 0x00000007 /* XSAVEOPT XSAVEC XGETBV1 */
#define EXT_1_C	   0x002109e3
#define EXT_1_D	   0xea500800
#define EXT_1_AMD  0x0183f3ff /* where AMD repeats leaf 1 */
#define EXT_8_B	   0x00000005 /* CLZERO RSTR_FP_ERR_PTRS */
#define EXT_21_A   0x00000044 /* LFENCE_DISPATCH NSCB */

#define HYPERVISOR_PRESENT BIT(31)
#define FEATURE_XSAVE	   BIT(26)
#define FEATURE_OSXSAVE	   BIT(27)
#define FEATURE_XSAVEC	   BIT(1)

static const struct cpuid nothing;

static struct cpuid features(const struct cpuid_view *view, struct cpuid hw)
{
	uint32_t c = hw.c & LEAF_1_C;

	/*
	 * OSXSAVE whatever the guest's CR4 says: XGETBV works in any case, and kernels look for
	 * this bit to learn whether they may use XSAVE at all.
	 */
	if (view->xcr0_allowed) {
		c |= FEATURE_OSXSAVE;
	} else {
		c &= ~(uint32_t)FEATURE_XSAVE;
	}
	return (struct cpuid){
		.a = hw.a,
		.b = (hw.b & 0xff00) | view->vcpu_id << 25, /* CLFLUSH line, APIC ID */
		.c = c | (uint32_t)HYPERVISOR_PRESENT,
		.d = hw.d & LEAF_1_D,
	};
}

static struct cpuid extended_state(const struct cpuid_view *view, uint32_t sub_leaf,
				   struct cpuid hw)
{
	if (!view->xcr0_allowed) {
		return nothing;
	}
	switch (sub_leaf) {
	case 0:
		return (struct cpuid){(uint32_t)view->xcr0_allowed, view->xsave_bytes_now,
				      view->xsave_bytes, (uint32_t)(view->xcr0_allowed >> 32)};
	case 1:
		hw.a &= LEAF_D_1_A;
		return (struct cpuid){.a = hw.a,
				      .b = hw.a & FEATURE_XSAVEC ? view->xsavec_bytes_now : 0};
	default:
		if (sub_leaf > 62 || !(view->xcr0_allowed >> sub_leaf & 1)) {
			return nothing;
		}
		return (struct cpuid){hw.a, hw.b, hw.c, 0};
	}
}

static struct cpuid basic_leaf(const struct cpuid_view *view, uint32_t leaf, uint32_t sub_leaf,
			       struct cpuid hw)
{
	switch (leaf) {
	case 0:
		hw.a = MIN(hw.a, (uint32_t)HIGHEST_LEAF);
		return hw;
	case 1:
		return features(view, hw);
	case 2:
		return hw;
	case 4:
		hw.a &= 0x3fff; /* each cache has one processor */
		return hw;
	case 7:
		if (sub_leaf == 0) {
			return (struct cpuid){MIN(hw.a, 1U), hw.b & LEAF_7_B, hw.c & LEAF_7_C,
					      hw.d & LEAF_7_D};
		}
		return sub_leaf == 1 ? (struct cpuid){.a = hw.a & LEAF_7_1_A} : nothing;
	case 0xd:
		return extended_state(view, sub_leaf, hw);
	default:
		return nothing;
	}
}

static struct cpuid time_leaf(const struct cpuid_view *view, uint32_t sub_leaf)
{
	switch (sub_leaf) {
	case 0:
		return (struct cpuid){.a = (view->tsc_is_reliable ? 2 : 0) |
					   (view->has_rdtscp ? 4 : 0),
				      .c = view->tsc_khz};
	case 1:
		return (struct cpuid){.c = view->tsc_multiplier,
				      .d = (uint32_t)(int32_t)view->tsc_shift};
	case 2:
		return (struct cpuid){.a = view->tsc_khz};
	default:
		return nothing;
	}
}

static struct cpuid hypervisor_leaf(const struct cpuid_view *view, uint32_t leaf, uint32_t sub_leaf)
{
	switch (leaf) {
	case XEN_CPUID_LEAF(0):
		return (struct cpuid){XEN_CPUID_LEAF(view->xen_leaves), XEN_CPUID_SIGNATURE_EBX,
				      XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX};
	case XEN_CPUID_LEAF(1):
		return (struct cpuid){.a = ABI_VERSION};
	case XEN_CPUID_LEAF(2): /* one hypercall page, and the MSR that fills it */
		return (struct cpuid){1, XEN_CPUID_FIRST_LEAF,
				      XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD, 0};
	case XEN_CPUID_LEAF(3):
		return time_leaf(view, sub_leaf);
	case XEN_CPUID_LEAF(5):
		return sub_leaf ? nothing : (struct cpuid){.b = view->machine_address_bits};
	default:
		return nothing;
	}
}

static struct cpuid extended_leaf(uint32_t leaf, struct cpuid hw)
{
	switch (leaf) {
	case 0x80000000:
		hw.a = MIN(hw.a, HIGHEST_EXTENDED_LEAF);
		return hw;
	case 0x80000001:
		return (struct cpuid){hw.a, hw.b, hw.c & EXT_1_C,
				      hw.d & (EXT_1_D | (LEAF_1_D & EXT_1_AMD))};
	case 0x80000002 ... 0x80000006: /* name, caches */
		return hw;
	case 0x80000008:
		return (struct cpuid){.a = (hw.a & 0xff) | 48 << 8, .b = hw.b & EXT_8_B};
	case 0x80000021:
		return (struct cpuid){.a = hw.a & EXT_21_A};
	default:
		return nothing;
	}
}

struct cpuid cpuid_policy(const struct cpuid_view *view, uint32_t leaf, uint32_t sub_leaf,
			  struct cpuid hardware)
{
	if (leaf <= HIGHEST_LEAF) {
		return basic_leaf(view, leaf, sub_leaf, hardware);
	}
	if (leaf >= XEN_CPUID_FIRST_LEAF && leaf <= XEN_CPUID_LEAF(view->xen_leaves)) {
		return hypervisor_leaf(view, leaf, sub_leaf);
	}
	return extended_leaf(leaf, hardware);
}
