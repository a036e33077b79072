/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which defences a processor needs. docs/speculation.md has the reasons and a table. */
#include <arch/speculation.h>

#define FAMILY_BULLDOZER \
	0x15 /* AMD's LFENCE waits for the target of a jump, and is enough, before it */

static bool decide(enum choice choice, bool otherwise)
{
	return choice == CHOICE_DEFAULT ? otherwise : choice == CHOICE_YES;
}

/* Reads of the kernel's memory run ahead of their fault (Meltdown), or not. */
static bool reads_run_ahead(const struct speculation_facts *f)
{
	return f->vendor != VENDOR_AMD && !(f->arch_capabilities & ARCH_CAP_RDCL_NO);
}

/* The same for entries that are not present (L1TF); Intel's alone, and all of them without RDCL_NO.
 */
static bool reads_absent_pages(const struct speculation_facts *f)
{
	return f->vendor == VENDOR_INTEL && f->family == 6 &&
	       !(f->arch_capabilities & ARCH_CAP_RDCL_NO);
}

/* Buffers inside the core keep what passed through, and VERW empties them. */
static bool buffers_leak(const struct speculation_facts *f)
{
	uint64_t caps = f->arch_capabilities;

	return f->md_clear && (!(caps & ARCH_CAP_MDS_NO) || (f->rtm && !(caps & ARCH_CAP_TAA_NO)) ||
			       (caps & ARCH_CAP_FB_CLEAR && !(caps & ARCH_CAP_FBSDP_NO)) ||
			       caps & ARCH_CAP_RFDS_CLEAR);
}

/* Indirect branches of ring 0 are predicted apart from those of ring 3 for good. */
static bool predicts_apart(const struct speculation_facts *f, const struct speculation_options *o)
{
	return o->ibrs != CHOICE_NO &&
	       (f->auto_ibrs || (f->ibrs && f->arch_capabilities & ARCH_CAP_IBRS_ALL));
}

static enum indirect_thunk choose_thunk(const struct speculation_facts *f,
					const struct speculation_options *o)
{
	if (o->thunk != THUNK_DEFAULT) {
		return o->thunk;
	}
	if (predicts_apart(f, o)) {
		return THUNK_JMP;
	}
	return f->vendor == VENDOR_AMD && f->family < FAMILY_BULLDOZER ? THUNK_LFENCE
								       : THUNK_RETPOLINE;
}

static uint64_t choose_spec_ctrl(const struct speculation_facts *f,
				 const struct speculation_options *o)
{
	bool apart = predicts_apart(f, o) && !f->auto_ibrs;
	uint64_t value = 0;

	if (apart) {
		value |= SPEC_CTRL_IBRS;
	}
	if (f->bhi_control && decide(o->bhi_dis_s, apart)) {
		value |= SPEC_CTRL_BHI_DIS_S;
	}
	/* For ring 3: guests on two threads of a core do not steer each other. */
	if (f->stibp && decide(o->stibp, predicts_apart(f, o))) {
		value |= SPEC_CTRL_STIBP;
	}
	if (f->ssbd && decide(o->ssbd, false)) {
		value |= SPEC_CTRL_SSBD;
	}
	return value;
}

struct speculation speculation_policy(const struct speculation_facts *f,
				      const struct speculation_options *o)
{
	bool ahead = reads_run_ahead(f), absent = reads_absent_pages(f);

	return (struct speculation){
		.thunk = choose_thunk(f, o),
		.isolate_dom0 = decide(o->isolate_dom0, ahead),
		.isolate_others = decide(o->isolate_others, ahead),
		/* SMEP: what a guest left in the return stack is no code that ring 0 can run. */
		.return_stack_on_entry = decide(o->return_stack, !f->smep),
		.return_stack_on_switch = decide(o->return_stack, true),
		.ibpb_on_switch = f->ibpb && decide(o->ibpb, true),
		.verw_on_exit = decide(o->verw, buffers_leak(f)),
		/* Intel's ran ahead of #NM, with the registers of whoever had the FPU last.
		 * Elsewhere lazy switching rests on every instruction raising #NM, emulated ones
		 * too. */
		.eager_fpu = decide(o->eager_fpu, true),
		.l1tf_dom0 = decide(o->l1tf_dom0, false),
		.l1tf_others = decide(o->l1tf_others, absent),
		.auto_ibrs = f->auto_ibrs && predicts_apart(f, o),
		.spec_ctrl = choose_spec_ctrl(f, o),
	};
}
