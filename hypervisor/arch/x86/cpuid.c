/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CPUID says to guests: the policy, on the machine that is there. */
#include <arch/clock.h>
#include <arch/cpuid.h>
#include <arch/cpuid_profile.h>
#include <arch/features.h>
#include <arch/regs.h>
#include <domain/domain.h>
#include <memory/frame.h>
#include <xen/arch-x86/cpuid.h>

#define LEGACY_BYTES  (512 + 64)
#define COMPACT_ALIGN BIT(1)

/* Sizes of an area for these components, each at its place, and one behind the other. */
static void size_xsave(struct cpuid_view *view, uint64_t xcr0)
{
	uint32_t standard = LEGACY_BYTES, compact = LEGACY_BYTES;

	for (uint32_t component = 2; component < 63; component++) {
		struct cpuid leaf;

		if (!(xcr0 >> component & 1)) {
			continue;
		}
		leaf = cpuid(0xd, component);
		standard = MAX(standard, leaf.a + leaf.b);
		if (leaf.c & COMPACT_ALIGN) {
			compact = ROUND_UP(compact, 64U);
		}
		compact += leaf.a;
	}
	view->xsave_bytes_now = standard;
	view->xsavec_bytes_now = compact;
}

static void describe_time(struct cpuid_view *view)
{
	struct time_scale scale = clock_scale();

	view->tsc_khz = (uint32_t)(clock_tsc_hz() / 1000);
	view->tsc_multiplier = scale.mul;
	view->tsc_shift = scale.shift;
	view->tsc_is_reliable = clock_tsc_is_stable();
	view->has_rdtscp = cpu_features.rdtscp;
}

/* As wide as the number of the last byte of RAM. */
static uint8_t machine_address_bits(void)
{
	return (uint8_t)(64 - __builtin_clzll(mfn_to_paddr(MFN(frame_end)) - 1));
}

/* Beyond its last leaf a processor may answer anything. */
static bool is_within(uint32_t leaf, uint32_t highest, uint32_t highest_extended)
{
	return leaf <= highest || (leaf >> 31 && leaf <= highest_extended);
}

static struct cpuid processor_answer(uint32_t leaf, uint32_t sub_leaf)
{
	if (!is_within(leaf, cpu_features.highest_leaf, cpu_features.highest_extended_leaf)) {
		return (struct cpuid){0, 0, 0, 0};
	}
	return cpuid(leaf, sub_leaf);
}

/* In the processor's place; what the view has of the machine is made as narrow. */
__attribute__((noinline)) static struct cpuid
profile_answer(struct cpuid_profile *own, struct cpuid_view *view, uint32_t leaf, uint32_t sub_leaf)
{
	const struct cpuid *at = cpuid_profile_at(own, leaf, sub_leaf);

	view->xcr0_allowed = own->xcr0;
	view->xen_leaves = cpuid_profile_xen_leaves(own);
	if (leaf == 0xd) {
		size_xsave(view, own->xcr0);
		view->xsave_bytes = view->xsave_bytes_now;
	}
	if (!is_within(leaf, cpuid_profile_at(own, 0, 0)->a,
		       cpuid_profile_at(own, 0x80000000, 0)->a)) {
		return (struct cpuid){0, 0, 0, 0};
	}
	return at ? *at : cpuid(leaf, sub_leaf);
}

static struct cpuid answer(struct cpuid_profile *own, unsigned vcpu_id, uint64_t xcr0,
			   uint32_t leaf, uint32_t sub_leaf)
{
	struct cpuid_view view = {
		.vcpu_id = vcpu_id,
		.xcr0_allowed = cpu_features.xcr0,
		.xsave_bytes = cpu_features.xsave_bytes,
		.xen_leaves = XEN_CPUID_MAX_NUM_LEAVES,
	};
	struct cpuid hardware = unlikely(own) ? profile_answer(own, &view, leaf, sub_leaf)
					      : processor_answer(leaf, sub_leaf);

	if (leaf >> 24 == 0x40) {
		describe_time(&view);
		view.machine_address_bits = machine_address_bits();
	} else if (leaf == 0xd && sub_leaf < 2) {
		size_xsave(&view, xcr0);
	}
	return cpuid_policy(&view, leaf, sub_leaf, hardware);
}

struct cpuid guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t sub_leaf)
{
	return answer(v->domain->arch.cpuid_profile, v->id, v->arch.xcr0, leaf, sub_leaf);
}

struct cpuid domain_cpuid(const struct domain *d, uint32_t leaf, uint32_t sub_leaf)
{
	return answer(d ? d->arch.cpuid_profile : NULL, 0, domain_xcr0_allowed(d), leaf, sub_leaf);
}

uint64_t domain_xcr0_allowed(const struct domain *d)
{
	return d && d->arch.cpuid_profile ? d->arch.cpuid_profile->xcr0 : cpu_features.xcr0;
}
