/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CPUID says to guests: the policy, on the machine that is there. */
#include <arch/clock.h>
#include <arch/cpuid.h>
#include <arch/features.h>
#include <arch/regs.h>
#include <domain/domain.h>
#include <memory/frame.h>

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

struct cpuid guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t sub_leaf)
{
	struct cpuid_view view = {
		.vcpu_id = v->id,
		.xcr0_allowed = cpu_features.xcr0,
		.xsave_bytes = cpu_features.xsave_bytes,
	};
	struct cpuid hardware = {0, 0, 0, 0}, answer;

	if (leaf >> 24 == 0x40) {
		describe_time(&view);
		view.machine_address_bits = machine_address_bits();
	} else {
		/* Beyond its last leaf a processor may answer anything. */
		if (leaf <= cpu_features.highest_leaf ||
		    (leaf >> 31 && leaf <= cpu_features.highest_extended_leaf)) {
			hardware = cpuid(leaf, sub_leaf);
		}
		if (leaf == 0xd && sub_leaf < 2) {
			size_xsave(&view, v->arch.xcr0);
		}
	}
	answer = cpuid_policy(&view, leaf, sub_leaf, hardware);
	if (unlikely(v->domain->arch.hides_features)) {
		cpuid_hide(v->domain, leaf, sub_leaf, &answer);
	}
	return answer;
}
