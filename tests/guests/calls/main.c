/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smaller hypercalls: xen_version, console_io, sched_op, vm_assist, platform_op, nmi_op.
 * run: mem=512 expect="^A line in two halves$"
 */
#include "guest.h"
#include <xen/nmi.h>

static char text[2048];

static bool has_end(const char *s, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!s[i]) {
			return true;
		}
	}
	return false;
}

static void check_version(void)
{
	struct xen_compile_info info;
	struct xen_platform_parameters parameters = {0};
	struct xen_feature_info features = {.submap_idx = 0};
	xen_domain_handle_t handle;

	memset(text, 1, sizeof(text));
	is(pv_xen_version(XENVER_capabilities, text), 0, "capabilities");
	is(memcmp(text, "xen-3.0-x86_64", 14), 0, "begin with xen-3.0-x86_64");
	memset(text, 1, sizeof(text));
	is(pv_xen_version(XENVER_changeset, text), 0, "the changeset");
	ok(has_end(text, 64), "ends");
	memset(text, 1, sizeof(text));
	is(pv_xen_version(XENVER_commandline, text), 0, "the command line");
	ok(has_end(text, 1024), "ends");
	memset(&info, 1, sizeof(info));
	is(pv_xen_version(XENVER_compile_info, &info), 0, "how it was built");
	ok(has_end(info.compiler, 64) && has_end(info.compile_date, 32), "in texts that end");
	is(pv_xen_version(XENVER_platform_parameters, &parameters), 0,
	   "where the hypervisor begins");
	is(parameters.virt_start, HYPERVISOR_VIRT_START, "at its fixed place");
	is(pv_xen_version(XENVER_guest_handle, handle), 0, "our handle");
	is(pv_xen_version(XENVER_get_features, &features), 0, "features");
	ok(features.submap >> XENFEAT_mmu_pt_update_preserve_ad & 1,
	   "updates can keep accessed and dirty");
	is(features.submap >> XENFEAT_auto_translated_physmap & 1, 0, "memory is not translated");
	features.submap_idx = 1;
	ok(pv_xen_version(XENVER_get_features, &features) <= 0, "there is one word of them");
	ok(pv_xen_version(XENVER_build_id, NULL) <= 64,
	   "the length of the build's name, or that it has none");
	is(pv_xen_version(99, text), -XEN_ENOSYS, "there is no more");
	is(pv_xen_version(XENVER_capabilities, (void *)0x7f00000000), -XEN_EFAULT,
	   "a buffer that is not there");
	is(pv_xen_version(XENVER_extraversion, (void *)MACH2PHYS_VIRT_START), -XEN_EFAULT,
	   "one in the hypervisor");
}

static void check_console(void)
{
	long first = pv_console_io(CONSOLEIO_write, 10, "A line in ");
	long second = pv_console_io(CONSOLEIO_write, 11, "two halves\n");

	is(first, 0, "text without an end of line");
	is(second, 0, "and with one");
	is(pv_console_io(CONSOLEIO_write, 0, text), 0, "none at all");
	is(pv_console_io(CONSOLEIO_read, sizeof(text), text), 0, "nothing is typed");
	is(pv_console_io(CONSOLEIO_write, 10, (void *)0x7f00000000), -XEN_EFAULT,
	   "a text that is not there");
	is(pv_console_io(CONSOLEIO_write, 10, (void *)(HYPERVISOR_VIRT_END - PAGE_SIZE)),
	   -XEN_EFAULT, "one in the hypervisor");
	is(pv_console_io(99, 10, text), -XEN_ENOSYS, "there is no other operation");
	is(pv_console_io(CONSOLEIO_read, 10, (void *)0x7f00000000) <= 0, 1,
	   "a buffer that is not there");
}

static void check_sched(void)
{
	is(pv_sched_op(SCHEDOP_yield, NULL), 0, "yield");
	is(pv_sched_op(99, NULL), -XEN_ENOSYS, "an unknown operation");
	is(pv_sched_op(SCHEDOP_shutdown, (void *)0x7f00000000), -XEN_EFAULT,
	   "a shutdown without a reason");
}

static void check_assist(void)
{
	is(pv_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0,
	   "an assist is enabled");
	is(pv_vm_assist(VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag), 0, "and disabled");
	is(pv_vm_assist(VMASST_CMD_enable, VMASST_TYPE_architectural_iopl), 0,
	   "architectural IOPL");
	is(pv_vm_assist(VMASST_CMD_disable, VMASST_TYPE_architectural_iopl), 0, "and not");
	ok(pv_vm_assist(VMASST_CMD_enable, 63) < 0, "one that is not there");
	ok(pv_vm_assist(VMASST_CMD_enable, 1000) < 0, "nor can be");
	ok(pv_vm_assist(99, 2) < 0, "a command that is not there");
}

static void check_platform(void)
{
	struct xen_platform_op op = {.cmd = XENPF_get_cpuinfo};

	is(pv_platform_op(&op), 0, "the first processor");
	is(op.u.pcpu_info.max_present, 0, "is the only one");
	is(op.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE, XEN_PCPU_FLAGS_ONLINE, "and online");
	op.cmd = 9999;
	is(pv_platform_op(&op), -XEN_ENOSYS, "an unknown operation");
	op.interface_version = 1;
	is(PV_CALL1(platform_op, &op), -XEN_EACCES, "another version of the interface");
	is(PV_CALL1(platform_op, 0x7f00000000), -XEN_EFAULT, "an argument that is not there");
}

static void check_nmi(void)
{
	struct xennmi_callback callback = {.handler_address = (unsigned long)pv_entry_nmi};

	is(PV_CALL2(nmi_op, XENNMI_register_callback, &callback), 0,
	   "an NMI handler is registered");
	is(PV_CALL2(nmi_op, XENNMI_unregister_callback, NULL), 0, "and taken back");
	is(PV_CALL2(nmi_op, 99, NULL), -XEN_ENOSYS, "there is no other operation");
}

static void guest_main(void)
{
	check_version();
	check_console();
	check_sched();
	check_assist();
	check_platform();
	check_nmi();
}
