/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which defences which processors get, and what the command line changes. */
#include "tap.h"

#include <arch/guest_copy.h>
#include <arch/speculation.h>
#include <boot/cmdline_speculation.h>
#include <lib/index.h>
#include <string.h>

static const struct speculation_facts nehalem = {VENDOR_INTEL, 6, 0x1a, 5, .smep = false};
static const struct speculation_facts skylake = {VENDOR_INTEL, 6,
						 0x5e,	       3,
						 .smep = true, .ibrs = true,
						 .ibpb = true, .stibp = true,
						 .ssbd = true, .md_clear = true,
						 .rtm = true};
static const struct speculation_facts cascade_lake = {
	VENDOR_INTEL, 6,
	0x55,	      7,
	.smep = true, .ibrs = true,
	.ibpb = true, .stibp = true,
	.ssbd = true, .md_clear = true,
	.rtm = true,  .arch_capabilities = ARCH_CAP_RDCL_NO | ARCH_CAP_IBRS_ALL | ARCH_CAP_MDS_NO};
static const struct speculation_facts sapphire_rapids = {
	VENDOR_INTEL,
	6,
	0x8f,
	8,
	.smep = true,
	.ibrs = true,
	.ibpb = true,
	.stibp = true,
	.ssbd = true,
	.md_clear = true,
	.rtm = true,
	.bhi_control = true,
	.arch_capabilities = ARCH_CAP_RDCL_NO | ARCH_CAP_IBRS_ALL | ARCH_CAP_MDS_NO |
			     ARCH_CAP_TAA_NO | ARCH_CAP_FBSDP_NO | ARCH_CAP_FB_CLEAR};
static const struct speculation_facts k8 = {VENDOR_AMD, 0xf, 0x6b, 1, .smep = false};
static const struct speculation_facts zen2 = {
	VENDOR_AMD,   0x17,	    0x31,	   0,		.smep = true,
	.ibrs = true, .ibpb = true, .stibp = true, .ssbd = true};
static const struct speculation_facts zen4 = {VENDOR_AMD,   0x19,
					      0x11,	    1,
					      .smep = true, .ibrs = true,
					      .ibpb = true, .stibp = true,
					      .ssbd = true, .auto_ibrs = true};
static const struct speculation_facts unknown = {VENDOR_OTHER, 7, 1, 1, .smep = true};

static struct speculation_options options;

static bool say(const char *spec_ctrl)
{
	memset(&options, 0, sizeof(options));
	return speculation_parse_spec_ctrl(&options, text_of(spec_ctrl, 256));
}

static struct speculation of(const struct speculation_facts *facts)
{
	return speculation_policy(facts, &options);
}

static void test_processors(void)
{
	struct speculation s;

	say("ibpb");
	s = of(&nehalem);
	ok(s.isolate_dom0 && s.isolate_others, "Nehalem: page tables are isolated");
	ok(s.return_stack_on_entry, "Nehalem has no SMEP: the return stack is filled on entry");
	ok(s.thunk == THUNK_RETPOLINE && s.spec_ctrl == 0 && !s.ibpb_on_switch,
	   "Nehalem without new microcode: retpolines, no controls");
	ok(s.l1tf_others && !s.l1tf_dom0 && s.eager_fpu && !s.verw_on_exit, "and L1TF, lazy FPU");
	s = of(&skylake);
	ok(s.isolate_dom0 && !s.return_stack_on_entry && s.verw_on_exit && s.ibpb_on_switch,
	   "Skylake: isolated, VERW and IBPB");
	ok(s.thunk == THUNK_RETPOLINE && s.spec_ctrl == 0, "by retpolines");
	s = of(&cascade_lake);
	ok(!s.isolate_dom0 && !s.isolate_others && !s.l1tf_others, "Cascade Lake: not isolated");
	ok(s.verw_on_exit, "but VERW, for TSX");
	ok(s.thunk == THUNK_JMP && s.spec_ctrl == (SPEC_CTRL_IBRS | SPEC_CTRL_STIBP),
	   "plain jumps under IBRS");
	s = of(&sapphire_rapids);
	ok(!s.verw_on_exit && s.spec_ctrl & SPEC_CTRL_BHI_DIS_S,
	   "Sapphire Rapids: BHI_DIS_S, no VERW");
	s = of(&k8);
	ok(!s.isolate_dom0 && !s.l1tf_others && s.thunk == THUNK_LFENCE, "K8: LFENCE before jumps");
	s = of(&zen2);
	ok(!s.isolate_dom0 && s.thunk == THUNK_RETPOLINE && s.ibpb_on_switch && !s.spec_ctrl,
	   "Zen 2: retpolines and IBPB");
	s = of(&zen4);
	ok(s.auto_ibrs && s.thunk == THUNK_JMP && s.spec_ctrl == SPEC_CTRL_STIBP,
	   "Zen 4: automatic IBRS");
	s = of(&unknown);
	ok(s.isolate_dom0 && s.isolate_others && s.thunk == THUNK_RETPOLINE && !s.l1tf_others,
	   "of an unknown one the worst is assumed");
	for (unsigned i = 0; i < 3; i++) {
		const struct speculation_facts *one[] = {&nehalem, &k8, &zen4};

		ok(of(one[i]).return_stack_on_switch, "the return stack is filled on a switch");
	}
}

static void test_options(void)
{
	static const struct {
		const char *text;
		enum choice is;
		size_t at;
	} rows[] = {
#define ROW(text, choice, field) {text, choice, offsetof(struct speculation_options, field)}
		ROW("rsb", CHOICE_YES, return_stack),
		ROW("no-rsb", CHOICE_NO, return_stack),
		ROW("verw=0", CHOICE_NO, verw),
		ROW("md-clear", CHOICE_YES, verw),
		ROW("ibpb=off", CHOICE_NO, ibpb),
		ROW("ibrs,no-ibpb", CHOICE_YES, ibrs),
		ROW("stibp=yes", CHOICE_YES, stibp),
		ROW("ssbd", CHOICE_YES, ssbd),
		ROW("no-bhi-dis-s", CHOICE_NO, bhi_dis_s),
		ROW("eager-fpu=1", CHOICE_YES, eager_fpu),
		ROW("pv=no", CHOICE_NO, verw),
		ROW("no-xen", CHOICE_NO, ibrs),
		ROW("no", CHOICE_NO, isolate_dom0),
		ROW("off", CHOICE_NO, l1tf_others),
#undef ROW
	};
	static const char *const bad[] = {"yes", "", "x", "bti-thunk=call", "rsb=maybe", "xen"};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		ok(say(rows[i].text) &&
			   *(enum choice *)((char *)&options + rows[i].at) == rows[i].is,
		   "spec-ctrl=%s", rows[i].text);
	}
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		ok(!say(bad[i]), "spec-ctrl=%s is refused", bad[i]);
	}
	ok(say("bti-thunk=jmp") && of(&zen2).thunk == THUNK_JMP, "bti-thunk=jmp");
	ok(say("bti-thunk=lfence") && of(&zen2).thunk == THUNK_LFENCE, "bti-thunk=lfence");
	ok(say("no") && !of(&nehalem).isolate_dom0 && !of(&nehalem).return_stack_on_entry &&
		   !of(&nehalem).return_stack_on_switch && of(&nehalem).thunk == THUNK_JMP,
	   "spec-ctrl=no is nothing at all");
	ok(say("no-xen") && of(&nehalem).isolate_dom0, "no-xen leaves page tables as they are");
	ok(say("no-ibrs") && of(&cascade_lake).thunk == THUNK_RETPOLINE &&
		   of(&zen4).thunk == THUNK_RETPOLINE && !of(&zen4).auto_ibrs,
	   "without IBRS there are retpolines");
	ok(say("ibpb") && !of(&nehalem).ibpb_on_switch, "what is not there cannot be asked for");
}

static void test_domains(void)
{
	enum choice dom0 = CHOICE_DEFAULT, others = CHOICE_DEFAULT;

	ok(speculation_parse_domains(text_of("no", 9), &dom0, &others) && dom0 == CHOICE_NO &&
		   others == CHOICE_NO,
	   "xpti=no");
	ok(speculation_parse_domains(text_of("default", 9), &dom0, &others) &&
		   dom0 == CHOICE_DEFAULT && others == CHOICE_DEFAULT,
	   "xpti=default");
	ok(speculation_parse_domains(text_of("dom0=off,domu", 99), &dom0, &others) &&
		   dom0 == CHOICE_NO && others == CHOICE_YES,
	   "xpti=dom0=off,domu");
	ok(!speculation_parse_domains(text_of("dom0=yes,x", 99), &dom0, &others) &&
		   dom0 == CHOICE_NO,
	   "a bad word changes nothing");
}

static void test_index(void)
{
	bool good = true;

	for (uint64_t limit = 1; limit < 70; limit++) {
		for (uint64_t index = 0; index < limit; index++) {
			uint64_t kept = index;

			good &= index_ok(&kept, limit) && kept == index;
		}
	}
	ok(good, "an index in bounds is itself");
	for (uint64_t limit = 0; limit < 70; limit++) {
		uint64_t beyond[] = {limit, limit + 1, UINT32_MAX, UINT64_MAX};

		for (unsigned i = 0; i < ARRAY_COUNT(beyond); i++) {
			good &= !index_ok(&beyond[i], limit) && beyond[i] == 0;
		}
	}
	ok(good, "one that is not is 0");
	ok(value_if(UINT64_MAX, 1) == UINT64_MAX && value_if(UINT64_MAX, 0) == 0,
	   "a value is itself if its condition holds, else 0");
}

static void test_range(void)
{
	static const struct {
		uint64_t va, bytes;
		bool good;
	} ranges[] = {
		{0, 8, true},
		{UINT64_C(0x7ffffffffff8), 8, true},
		{UINT64_C(0x7ffffffffff8), 9, false},
		{UINT64_C(0x800000000000), 0, true},
		{UINT64_C(0x800000000000), 1, false},
		{UINT64_C(0xffff7fffffffffff), 1, false},
		{UINT64_C(0xffff800000000000), 8, false},
		{HYPERVISOR_END - 1, 1, false},
		{HYPERVISOR_END - 4, 8, false},
		{HYPERVISOR_END, 8, true},
		{HYPERVISOR_END, 0 - HYPERVISOR_END, true},
		{UINT64_MAX - 7, 8, true},
		{0, UINT64_C(0x800000000001), false},
		{HYPERVISOR_END, UINT64_MAX, false},
		{8, 0 - UINT64_C(8), false},
	};

	for (unsigned i = 0; i < ARRAY_COUNT(ranges); i++) {
		uint64_t va = ranges[i].va;
		bool good = guest_range_ok(va, ranges[i].bytes);

		ok(good == ranges[i].good && guest_range_take(&va, ranges[i].bytes) == good &&
			   (!good || va == ranges[i].va),
		   "%#lx bytes at %#lx are %sthe guest's", ranges[i].bytes, ranges[i].va,
		   good ? "" : "not ");
	}
}

int main(void)
{
	test_index();
	test_range();
	test_processors();
	test_options();
	test_domains();
	return done_testing();
}
