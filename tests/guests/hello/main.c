/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first guest: it is entered, prints, makes a few hypercalls, takes a trap and returns from it.
 * run: mem=512 expect="^Hello from domain 0$"
 */
#define PV_HYPERCALL_PAGE
#include "guest.h"

static void check_start_info(void)
{
	const struct start_info *start = guest.start;

	is(memcmp(start->magic, "xen-3.0-x86_64", 14), 0, "the start info has its magic");
	ok(start->nr_pages >= 1024, "there is memory: %lu pages", start->nr_pages);
	is(start->flags & (SIF_PRIVILEGED | SIF_INITDOMAIN), SIF_PRIVILEGED | SIF_INITDOMAIN,
	   "this is the first domain");
	is(start->shared_info & 4095, 0, "shared_info is a page");
	ok(start->pt_base && start->nr_pt_frames >= 4, "the page tables are said");
	is(pv_mfn_to_pfn(pv_virt_to_mfn(start)), pv_virt_to_pfn(start),
	   "the list of frames and the machine-to-physical table agree");
}

static void check_hypercalls(void)
{
	xen_extraversion_t extra;
	struct xen_feature_info features = {.submap_idx = 0};

	is(pv_xen_version(XENVER_version, NULL), 4 << 16 | 17, "the version is 4.17");
	is(pv_xen_version(XENVER_extraversion, extra), 0, "and has a suffix");
	is(pv_xen_version(XENVER_pagesize, NULL), 4096, "pages have 4096 bytes");
	is(pv_xen_version(XENVER_get_features, &features), 0, "features can be asked");
	ok(features.submap >> XENFEAT_dom0 & 1, "and say dom0");
	is(pv_sched_op(SCHEDOP_yield, NULL), 0, "yield returns");
	is(pv_hypercall(63, 0, 0, 0, 0, 0), -XEN_ENOSYS, "an unknown hypercall is refused");
}

/* Registers have to come back from the trap as they were, but for what the handler changed. */
static void check_traps(void)
{
	uint64_t rax = 1, rbx = 2, rcx = 3, r11 = 4, flags;

	TRY("mov %[rcx], %%rcx\n\tmov %[r11], %%r11\n\tud2\n\t99:\tmov %%rcx, %[rcx]\n\tmov %%r11, %[r11]",
	    : "+a"(rax), "+b"(rbx), [rcx] "+r"(rcx), [r11] "+r"(r11)
	    :
	    : "rcx", "r11", "memory");
	ok(caught(PV_VECTOR_UD), "an undefined instruction comes to the trap handler");
	is(rax + 10 * rbx + 100 * rcx + 1000 * r11, 4321,
	   "which returns by iret, registers unharmed");
	is(guest_trap.cs & 3, 0, "the frame shows kernel mode as ring 0");
	is(guest_trap.rflags & 0x200, 0, "and that events were masked");

	TRY("int3", : : : "memory");
	ok(caught(PV_VECTOR_BP), "a breakpoint comes through");
	__asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
	ok(flags & 0x200, "the real interrupt flag is always on");
}

static void guest_main(void)
{
	pv_printf("Hello from domain 0\n");
	check_start_info();
	check_hypercalls();
	check_traps();
}
