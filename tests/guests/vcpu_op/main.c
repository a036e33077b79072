/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcpu_op: registering a vcpu_info, other vCPUs where there are any, and wrong arguments.
 * run: mem=512
 */
#include "guest.h"

static page_t info_page;

static void check_register_info(void)
{
	struct vcpu_register_vcpu_info where = {.mfn = pv_virt_to_mfn(info_page), .offset = 4090};
	volatile struct vcpu_info *old = pv_vcpu;

	ok(pv_vcpu_op(VCPUOP_register_vcpu_info, 0, &where) < 0,
	   "a vcpu_info across the end of a page is refused");
	where.offset = 64;
	where.mfn = 0xffffffffff;
	ok(pv_vcpu_op(VCPUOP_register_vcpu_info, 0, &where) < 0,
	   "as one in a frame that is not there");
	where.mfn = 0x101;
	ok(pv_vcpu_op(VCPUOP_register_vcpu_info, 0, &where) < 0, "or is another's");
	where.mfn = pv_virt_to_mfn(pv_root);
	ok(pv_vcpu_op(VCPUOP_register_vcpu_info, 0, &where) < 0, "or a page table");
	where.mfn = pv_virt_to_mfn(info_page);
	is(pv_vcpu_op(VCPUOP_register_vcpu_info, 0, &where), 0, "one of our own is taken");
	pv_vcpu = (volatile struct vcpu_info *)(info_page + 64);
	is(pv_vcpu->evtchn_upcall_mask, old->evtchn_upcall_mask, "with what the old one had");
	ok(pv_vcpu->time.tsc_to_system_mul != 0, "and the clock");
	TRY("mov (%0), %%rax", : : "r"(0x7f00000000) : "rax", "memory");
	is(pv_vcpu->arch.cr2, 0x7f00000000, "CR2 comes there");
	is(pv_vcpu_op(VCPUOP_register_vcpu_info, 0, &where), -XEN_EINVAL, "not twice");
	ok(pv_remap(info_page, 0) == 0, "our mapping may go");
	pv_vcpu = old;
	is(pv_xen_version(XENVER_version, NULL), 4 << 16 | 17, "the hypervisor has its own");
	pv_remap(info_page, PTE_KERNEL_RW);
	pv_vcpu = (volatile struct vcpu_info *)(info_page + 64);
}

static void check_state(void)
{
	struct vcpu_get_physid id;
	static struct vcpu_guest_context context;

	is(pv_vcpu_op(VCPUOP_is_up, 0, NULL), 1, "vCPU 0 is up");
	is(pv_vcpu_op(VCPUOP_is_up, 77, NULL), -XEN_ENOENT, "vCPU 77 is not there");
	is(pv_vcpu_op(VCPUOP_is_up, 0xffffffff, NULL), -XEN_ENOENT, "nor the last number");
	is(pv_vcpu_op(VCPUOP_up, 0, NULL), 0, "vCPU 0 is made up");
	ok(pv_vcpu_op(VCPUOP_initialise, 0, &context) < 0, "but not initialised again");
	ok(pv_vcpu_op(VCPUOP_initialise, 5, &context) < 0, "nor one that is not there");
	ok(pv_vcpu_op(VCPUOP_get_physid, 0, &id) <= 0, "its processor is said when pinned");
	is(pv_vcpu_op(99, 0, NULL), -XEN_ENOSYS, "an unknown operation");
	is(pv_vcpu_op(VCPUOP_get_runstate_info, 0, (void *)0x7f00000000), -XEN_EFAULT,
	   "an argument that is not there");
}

static void guest_main(void)
{
	check_state();
	check_register_info();
}
