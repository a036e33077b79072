/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CPUID says to guests. */
#ifndef ARCH_CPUID_H
#define ARCH_CPUID_H

#include <arch/instructions.h>
#include <lib/base.h>

struct domain;
struct vcpu;

/* What the answer depends on besides the leaf and the processor's own answer. */
struct cpuid_view {
	uint32_t vcpu_id;
	uint64_t xcr0_allowed;			    /* what the guest may put into XCR0 */
	uint32_t xsave_bytes;			    /* size of an area for all of that */
	uint32_t xsave_bytes_now, xsavec_bytes_now; /* for what XCR0 holds now */
	uint32_t tsc_khz;
	uint32_t tsc_multiplier; /* TSC to nanoseconds, as in vcpu_time_info */
	int8_t tsc_shift;
	bool tsc_is_reliable; /* the same on all CPUs, at a rate that never changes */
	bool has_rdtscp;
	uint8_t machine_address_bits;
	uint32_t xen_leaves; /* the last of the hypervisor's own, counted from their first */
};

/* Pure: the one policy, of forced and faulting CPUID, on what the processor says itself. */
struct cpuid cpuid_policy(const struct cpuid_view *view, uint32_t leaf, uint32_t sub_leaf,
			  struct cpuid hardware);

struct cpuid guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t sub_leaf);
/* Its first vCPU, with all state it may use switched on; null: any domain's without a profile. */
struct cpuid domain_cpuid(const struct domain *d, uint32_t leaf, uint32_t sub_leaf);
uint64_t domain_xcr0_allowed(const struct domain *d); /* what XCR0 may hold; null as above */

#endif
