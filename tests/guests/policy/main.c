/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a domain is told by CPUID, as a toolstack decides it before the domain begins: features are
 * taken away, others do not come by it, and what is wrong is refused with its place.
 * run: mem=256 timeout=300
 */
#include "child.h"
#include <xen/arch-x86/cpuid.h>
#include <xen/sysctl.h>

enum role { ROLE_TELL, ROLE_STAY };

enum { AVX = 1U << 28, SSE3 = 1U << 0, OSXSAVE = 1U << 27, XSAVE = 1U << 26, VMX = 1U << 5 };

/* What the child was told, in its letter's page. */
static const struct question {
	uint32_t leaf, sub_leaf;
} questions[] = {
	{0, 0},		 {1, 0},	  {7, 0},	   {0xd, 0},	    {0x80000000, 0},
	{0x80000002, 0}, {0x40000000, 0}, {0x40000005, 0}, {0x80000008, 0},
};

#define QUESTIONS ARRAY_SIZE(questions)

enum { LEAF_0, LEAF_1, LEAF_7, LEAF_D, EXTENDED_0, EXTENDED_2, XEN_0, XEN_5, EXTENDED_8 };

struct answers {
	struct child_letter letter;
	struct xen_cpuid_leaf told[QUESTIONS];
	bool avx_is_refused;
};

static struct child child;
static struct xen_cpuid_leaf leaves[256];
static struct xen_msr_entry msrs[8];

static struct xen_cpuid_leaf forced(uint32_t leaf, uint32_t sub_leaf)
{
	struct xen_cpuid_leaf r = {leaf, sub_leaf, leaf, 0, sub_leaf, 0};

	__asm__ volatile(XEN_CPUID : "+a"(r.a), "=b"(r.b), "+c"(r.c), "=d"(r.d));
	return r;
}

/* --- In the child ---------------------------------------------------------------------------- */

static void child_main(struct child_letter *letter)
{
	struct answers *answers = (struct answers *)letter;

	if (letter->role == ROLE_TELL) {
		for (unsigned int i = 0; i < QUESTIONS; i++) {
			answers->told[i] = forced(questions[i].leaf, questions[i].sub_leaf);
		}
		if (answers->told[LEAF_1].c & XSAVE) {
			unsigned long cr4;

			__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
			__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1UL << 18));
			TRY("xsetbv", : : "c"(0), "a"(7), "d"(0) : "memory");
			answers->avx_is_refused = !caught(NO_TRAP);
		}
	}
	letter->state = 1;
	for (;;) {
		pv_sched_op(SCHEDOP_block, NULL);
	}
}

/* --- In the parent --------------------------------------------------------------------------- */

static struct xen_domctl reply;

static long set_policy(struct xen_cpuid_leaf *list, uint32_t count)
{
	reply = (struct xen_domctl){
		.u.cpu_policy = {.nr_leaves = count, .leaves = {count ? list : NULL}}};
	return pv_domctl(XEN_DOMCTL_set_cpu_policy, child.id, &reply);
}

static long get_policy(void)
{
	reply = (struct xen_domctl){.u.cpu_policy = {.nr_leaves = ARRAY_SIZE(leaves),
						     .leaves = {leaves},
						     .nr_msrs = ARRAY_SIZE(msrs),
						     .msrs = {msrs}}};
	return pv_domctl(XEN_DOMCTL_get_cpu_policy, child.id, &reply);
}

/* Of what get_policy() got; a leaf of zeroes need not be there. */
static struct xen_cpuid_leaf *got(uint32_t leaf, uint32_t sub_leaf)
{
	static struct xen_cpuid_leaf none;

	for (uint32_t i = 0; i < reply.u.cpu_policy.nr_leaves; i++) {
		if (leaves[i].leaf == leaf && leaves[i].subleaf == sub_leaf) {
			return &leaves[i];
		}
	}
	none = (struct xen_cpuid_leaf){leaf, sub_leaf, 0, 0, 0, 0};
	return &none;
}

static void check_refusals(void)
{
	static const struct {
		uint32_t leaf, sub_leaf, a;
		long rc;
	} wrong[] = {
		{0, XEN_CPUID_NO_SUBLEAF, 0x1000, -XEN_EINVAL},
		{7, 0, 100, -XEN_EINVAL},
		{0x80000000, XEN_CPUID_NO_SUBLEAF, 0x8000ffff, -XEN_EINVAL},
		{1, 0, 0, -XEN_ERANGE},
		{7, 100, 0, -XEN_ERANGE},
		{7, XEN_CPUID_NO_SUBLEAF, 0, -XEN_ERANGE},
		{0xd, 63, 0, -XEN_ERANGE},
		{0x1000, XEN_CPUID_NO_SUBLEAF, 0, -XEN_ERANGE},
		{0x40000001, XEN_CPUID_NO_SUBLEAF, 0, -XEN_ERANGE},
		{0x80001000, XEN_CPUID_NO_SUBLEAF, 0, -XEN_ERANGE},
		{0xffffffff, XEN_CPUID_NO_SUBLEAF, 0, -XEN_ERANGE},
	};
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct xen_cpuid_leaf list[2] = {forced(0x80000002, 0)};

		list[0].subleaf = XEN_CPUID_NO_SUBLEAF;
		list[1] = (struct xen_cpuid_leaf){
			wrong[i].leaf, wrong[i].sub_leaf, wrong[i].a, 0, 0, 0};
		is(set_policy(list, 2), wrong[i].rc, "leaf %#x, %#x is refused", wrong[i].leaf,
		   wrong[i].sub_leaf);
		is(reply.u.cpu_policy.err_leaf, wrong[i].leaf, "by its number");
		/* Xen names no sub-leaf of leaf 7 when the number of those is what is wrong. */
		ok(!on_parvus() || reply.u.cpu_policy.err_subleaf == wrong[i].sub_leaf,
		   "and sub-leaf");
	}
	is(set_policy(leaves, 100000), -XEN_E2BIG, "not too many");
	is(set_policy((void *)0x7f00000000, 1), -XEN_EFAULT, "nor where nothing is");
	is(set_policy(NULL, 0), 0, "none at all is nothing wrong");
}

static void check_wrong_msrs(void)
{
	msrs[0] = (struct xen_msr_entry){.idx = 0x10}; /* the TSC's */
	reply = (struct xen_domctl){.u.cpu_policy = {.nr_msrs = 1, .msrs = {msrs}}};
	ok(pv_domctl(XEN_DOMCTL_set_cpu_policy, child.id, &reply) < 0, "no MSR of any kind");
	is(reply.u.cpu_policy.err_msr, 0x10, "which is named");
	msrs[0] = (struct xen_msr_entry){.idx = 0xce, .flags = 1};
	reply = (struct xen_domctl){.u.cpu_policy = {.nr_msrs = 1, .msrs = {msrs}}};
	is(pv_domctl(XEN_DOMCTL_set_cpu_policy, child.id, &reply), -XEN_EINVAL, "nor with flags");
}

static bool has_avx; /* the machine */

static void change_policy(void)
{
	struct xen_cpuid_leaf *leaf;

	is(get_policy(), 0, "its policy is told");
	leaf = got(1, XEN_CPUID_NO_SUBLEAF);
	has_avx = leaf->c & AVX;
	leaf->a = 0x000306a9;
	leaf->c = (leaf->c & ~(uint32_t)AVX) | VMX;
	leaf = got(0x80000002, XEN_CPUID_NO_SUBLEAF);
	*leaf = (struct xen_cpuid_leaf){0x80000002, XEN_CPUID_NO_SUBLEAF, 0x76726150, 0x7375, 0, 0};
	is(set_policy(leaves, reply.u.cpu_policy.nr_leaves), 0, "another one is taken");
	is(get_policy(), 0, "and told");
	is(got(1, XEN_CPUID_NO_SUBLEAF)->a, 0x000306a9, "with another model");
	is(got(1, XEN_CPUID_NO_SUBLEAF)->c & (AVX | VMX), 0, "without AVX, nor VMX");
	is(got(7, 0)->b & 1U << 5, 0, "and so without AVX2");
	is(got(0xd, 0)->a & 4, 0, "nor state for it");
}

static void check_what_child_is_told(const struct answers *answers)
{
	const struct xen_cpuid_leaf *told = answers->told;

	is(told[LEAF_1].a, 0x000306a9, "the child is told the model");
	is(told[LEAF_1].c & (AVX | VMX), 0, "that there is no AVX and no VMX");
	ok(told[LEAF_1].c & SSE3, "but SSE3");
	is(told[LEAF_1].c >> 26 & 1, told[LEAF_1].c >> 27 & 1, "XSAVE goes with OSXSAVE");
	is(told[LEAF_7].b & 1U << 5, 0, "no AVX2");
	is(told[LEAF_D].a & 4, 0, "no state for AVX");
	ok(told[LEAF_D].c <= 576, "no room for it: %u bytes", told[LEAF_D].c);
	is(told[EXTENDED_2].a, 0x76726150, "it is told another name");
	ok(told[XEN_0].a == 0x40000005 && told[XEN_0].b == XEN_CPUID_SIGNATURE_EBX,
	   "the hypervisor's leaves are there");
	if (has_avx && told[LEAF_1].c & XSAVE) {
		ok(answers->avx_is_refused, "it cannot switch AVX on");
	} else {
		skip("it cannot switch AVX on", "the processor has none");
	}
}

static void check_told(void)
{
	const struct child_letter *letter;

	is(child_build(&child, ROLE_TELL), 0, "a child is built");
	change_policy();
	letter = child_read_letter(&child);
	is(child_run(&child), 0, "it runs");
	if (ok(child_wait_state(letter, 1), "and tells")) {
		check_what_child_is_told((const struct answers *)letter);
	}
	is(set_policy(leaves, 1), -XEN_EEXIST, "now it is too late for another");
	is(child_pause(&child), 0, "it is paused");
	is(set_policy(leaves, 1), -XEN_EEXIST, "which does not help");
	is(get_policy(), 0, "but it is told");
	child_forget_letter();
	is(child_destroy(&child), 0, "it is destroyed");
}

/* Fewer leaves: those behind the last are not there. */
static void check_fewer_leaves(void)
{
	struct xen_cpuid_leaf list[3] = {forced(0, 0), forced(0x80000000, 0),
					 forced(0x40000000, 0)};
	const struct answers *answers;

	for (unsigned int i = 0; i < ARRAY_SIZE(list); i++) {
		list[i].subleaf = XEN_CPUID_NO_SUBLEAF;
	}
	list[0].a = 2;
	list[1].a = 0x80000001;
	list[2].a = 0x40000002;
	is(child_build(&child, ROLE_TELL), 0, "another child");
	is(set_policy(list, ARRAY_SIZE(list)), 0, "is shown fewer leaves");
	answers = (const struct answers *)child_read_letter(&child);
	is(child_run(&child), 0, "it runs");
	if (ok(child_wait_state(&answers->letter, 1), "and tells")) {
		is(answers->told[LEAF_0].a, 2, "the last leaf");
		is(answers->told[LEAF_7].b, 0, "leaf 7 is not there");
		is(answers->told[EXTENDED_0].a, 0x80000001, "the last extended leaf");
		is(answers->told[EXTENDED_2].a, 0, "the one behind it is not there");
		is(answers->told[XEN_0].a, 0x40000002, "the last of the hypervisor's");
		is(answers->told[XEN_5].b, 0, "and none behind it");
	}
	child_forget_letter();
	is(child_destroy(&child), 0, "it is destroyed");
}

static void check_who_may(void)
{
	is(child_build(&child, ROLE_STAY), 0, "a child that stays as it is");
	check_refusals();
	check_wrong_msrs();
	is(get_policy(), 0, "its policy");
	is(got(0x80000002, XEN_CPUID_NO_SUBLEAF)->a, forced(0x80000002, 0).a, "is what it was");
	is(child_destroy(&child), 0, "it is destroyed");
	child.id = 0;
	is(set_policy(NULL, 0), -XEN_EINVAL, "our own is not changed");
	child.id = 0x1234;
	is(set_policy(NULL, 0), -XEN_ESRCH, "nor nobody's");
}

static void guest_main(void)
{
	check_who_may();
	check_told();
	check_fewer_leaves();
}
