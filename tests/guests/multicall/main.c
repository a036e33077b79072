/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multicalls: results, order, errors inside, lists that are not there, and an iret in the middle.
 * run: mem=512
 */
#include "guest.h"

static struct multicall_entry calls[2048];

static void set(unsigned int i, unsigned long op, unsigned long a, unsigned long b)
{
	calls[i] = (struct multicall_entry){.op = op, .result = 0x5555, .args = {a, b}};
}

static void check_results(void)
{
	struct xen_feature_info features = {.submap_idx = 0};

	set(0, __HYPERVISOR_xen_version, XENVER_version, 0);
	set(1, __HYPERVISOR_xen_version, XENVER_get_features, (unsigned long)&features);
	set(2, 63, 0, 0);
	set(3, __HYPERVISOR_xen_version, XENVER_pagesize, 0);
	is(pv_multicall(calls, 4), 0, "four calls at once");
	is(calls[0].result, 4 << 16 | 17, "the first has its result");
	is(calls[1].result, 0, "the second too");
	ok(features.submap != 0, "and did its work");
	is(calls[2].result, -XEN_ENOSYS, "an unknown one its error");
	is(calls[3].result, 4096, "the next goes on");
	is(pv_multicall(calls, 0), 0, "none at all is fine");
	is(calls[0].op, __HYPERVISOR_xen_version, "the numbers are as they were");
}

static void check_many(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		set(i, __HYPERVISOR_xen_version, i & 1 ? XENVER_version : XENVER_pagesize, 0);
	}
	is(pv_multicall(calls, ARRAY_SIZE(calls)), 0, "2048 calls");
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		wrong += calls[i].result != (i & 1 ? (4 << 16 | 17) : 4096);
	}
	is(wrong, 0, "each has its own result");
}

static void check_nested(void)
{
	static struct multicall_entry inner[1];

	inner[0] =
		(struct multicall_entry){.op = __HYPERVISOR_xen_version, .args = {XENVER_version}};
	set(0, __HYPERVISOR_multicall, (unsigned long)inner, 1);
	set(1, __HYPERVISOR_xen_version, XENVER_pagesize, 0);
	is(pv_multicall(calls, 2), 0, "a multicall in a multicall");
	ok((long)calls[0].result == -XEN_EINVAL || (long)calls[0].result == -XEN_ENOSYS ||
		   calls[0].result == 0,
	   "is refused or done");
	is(calls[1].result, 4096, "and the next goes on");
}

static void check_bad_lists(void)
{
	is(pv_multicall((void *)0x7f00000000, 1), -XEN_EFAULT, "a list that is not there");
	is(pv_multicall((void *)(HYPERVISOR_VIRT_END - PAGE_SIZE), 1), -XEN_EFAULT,
	   "one in the hypervisor");
	is(pv_multicall((void *)(1UL << 62), 1), -XEN_EFAULT, "one nowhere");
	ok(pv_multicall(calls, ~0U) < 0, "an endless one");
	is(pv_multicall((void *)MACH2PHYS_VIRT_START, 1) < 0, 1, "one in memory that is only read");
	set(0, ~0UL, 0, 0);
	is(pv_multicall(calls, 1), 0, "a call with a number far too large");
	is(calls[0].result, -XEN_ENOSYS, "is unknown");
}

static long mixed_result;

/* Linux ends a task switch with stack_switch and others in one list. */
static void check_mixed(void)
{
	set(0, __HYPERVISOR_stack_switch, FLAT_KERNEL_SS, (unsigned long)pv_stack_top);
	set(1, __HYPERVISOR_fpu_taskswitch, 0, 0);
	set(2, __HYPERVISOR_set_segment_base, SEGBASE_FS, 0x1000);
	mixed_result = pv_multicall(calls, 3);
	is(mixed_result, 0, "a list as for a task switch");
	ok(calls[0].result == 0 && calls[1].result == 0 && calls[2].result == 0, "all done");
}

/*
 * An iret among the calls takes its frame from the stack pointer of the multicall and goes there;
 * what stands behind it in the list is not done, or is done before.
 */
static void check_iret(void)
{
	static volatile uint64_t arrived;
	uint64_t nr = __HYPERVISOR_multicall;

	set(0, __HYPERVISOR_xen_version, XENVER_version, 0);
	set(1, __HYPERVISOR_iret, 0, 0);
	set(2, __HYPERVISOR_xen_version, XENVER_pagesize, 0);
	arrived = 0;
	__asm__ volatile("mov %%rsp, %%rbx\n\t"
			 "push $0xe02b\n\tpush %%rbx\n\tpush $0x202\n\tpush $0xe030\n\tpush $1f\n\t"
			 "push $0\n\tpush $0\n\tpush $0\n\tpush $77\n\t"
			 "syscall\n\t"
			 "mov %%rbx, %%rsp\n\tjmp 2f\n"
			 "1:\tmov %%rax, %1\n2:"
			 : "+a"(nr), "=m"(arrived)
			 : "D"(calls), "S"(3)
			 : "rbx", "rcx", "rdx", "r8", "r10", "r11", "memory");
	is(arrived, 77, "an iret in a list goes where its frame says, with its RAX");
	is(calls[0].result, 4 << 16 | 17, "what came before is done");
	pv_vcpu->evtchn_upcall_mask = 1;
}

static void guest_main(void)
{
	check_results();
	check_many();
	check_nested();
	check_bad_lists();
	check_mixed();
	check_iret();
}
