/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Defences against what processors do ahead of time: what this one needs, and doing it. */
#ifndef ARCH_SPECULATION_H
#define ARCH_SPECULATION_H

#include <boot/speculation_options.h>

enum cpu_vendor { VENDOR_OTHER, VENDOR_INTEL, VENDOR_AMD };

/* What a processor says about itself. */
struct speculation_facts {
	enum cpu_vendor vendor;
	unsigned family, model, stepping;
	bool smep;
	bool ibrs, ibpb, stibp, ssbd; /* these controls are there */
	bool auto_ibrs;		      /* EFER has a bit for it (AMD) */
	bool bhi_control;
	bool md_clear; /* VERW clears buffers */
	bool rtm;
	uint64_t arch_capabilities; /* 0: the processor has no such register */
};

#define ARCH_CAP_RDCL_NO    BIT(0)
#define ARCH_CAP_IBRS_ALL   BIT(1)
#define ARCH_CAP_MDS_NO	    BIT(5)
#define ARCH_CAP_TAA_NO	    BIT(8)
#define ARCH_CAP_FBSDP_NO   BIT(14)
#define ARCH_CAP_FB_CLEAR   BIT(17)
#define ARCH_CAP_RFDS_CLEAR BIT(28)

#define SPEC_CTRL_IBRS	    BIT(0)
#define SPEC_CTRL_STIBP	    BIT(1)
#define SPEC_CTRL_SSBD	    BIT(2)
#define SPEC_CTRL_BHI_DIS_S BIT(10)

/* What is done. docs/speculation.md explains each. */
struct speculation {
	enum indirect_thunk thunk;
	bool isolate_dom0, isolate_others; /* page tables of ring 3 without the hypervisor */
	bool return_stack_on_entry, return_stack_on_switch;
	bool ibpb_on_switch;
	bool verw_on_exit;
	bool eager_fpu;
	bool l1tf_dom0, l1tf_others; /* non-present entries must not point at memory */
	bool auto_ibrs;
	uint64_t spec_ctrl; /* for good in MSR_SPEC_CTRL */
};

/* What such a processor needs, unless the options say otherwise. Pure. */
struct speculation speculation_policy(const struct speculation_facts *facts,
				      const struct speculation_options *options);

extern struct speculation speculation; /* of this machine */

/* Whether entries and exits go by entry_guard.S. */
static inline bool speculation_guards_entry(void)
{
	return speculation.isolate_dom0 || speculation.isolate_others ||
	       speculation.return_stack_on_entry || speculation.verw_on_exit;
}

/* Start-up, on the first CPU while text can be patched; the same on each; then the log's block. */
void speculation_init(const struct speculation_options *options);
void speculation_init_cpu(void);
void speculation_report(void);

/* This CPU goes over to another domain, which shall not steer or see what was left by the last. */
void speculation_switch_domain(void);

void return_stack_fill(void); /* every entry of it is a trap of ours (thunks.S) */

#endif
