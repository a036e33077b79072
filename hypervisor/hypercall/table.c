/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypercalls: number, handler, name. */
#include <hypercall/hypercall.h>
#include <lib/error.h>

static long hypercall_missing(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	return -ENOSYS;
}

/* Every number has a handler, so that nobody has to look before calling it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const struct hypercall hypercall_table[HYPERCALL_COUNT] = {
	[0 ... HYPERCALL_COUNT - 1] = {hypercall_missing, "(missing)"},
	[__HYPERVISOR_set_trap_table] = {hypercall_set_trap_table, "set_trap_table"},
	[__HYPERVISOR_mmu_update] = {hypercall_mmu_update, "mmu_update"},
	[__HYPERVISOR_set_gdt] = {hypercall_set_gdt, "set_gdt"},
	[__HYPERVISOR_stack_switch] = {hypercall_stack_switch, "stack_switch"},
	[__HYPERVISOR_set_callbacks] = {hypercall_set_callbacks, "set_callbacks"},
	[__HYPERVISOR_fpu_taskswitch] = {hypercall_fpu_taskswitch, "fpu_taskswitch"},
	[__HYPERVISOR_sched_op_compat] = {hypercall_sched_op_compat, "sched_op_compat"},
	[__HYPERVISOR_platform_op] = {hypercall_platform_op, "platform_op"},
	[__HYPERVISOR_set_debugreg] = {hypercall_set_debugreg, "set_debugreg"},
	[__HYPERVISOR_get_debugreg] = {hypercall_get_debugreg, "get_debugreg"},
	[__HYPERVISOR_update_descriptor] = {hypercall_update_descriptor, "update_descriptor"},
	[__HYPERVISOR_memory_op] = {hypercall_memory_op, "memory_op"},
	[__HYPERVISOR_multicall] = {hypercall_multicall, "multicall"},
	[__HYPERVISOR_update_va_mapping] = {hypercall_update_va_mapping, "update_va_mapping"},
	[__HYPERVISOR_set_timer_op] = {hypercall_set_timer_op, "set_timer_op"},
	[__HYPERVISOR_event_channel_op_compat] = {hypercall_event_channel_op_compat,
						  "event_channel_op_compat"},
	[__HYPERVISOR_xen_version] = {hypercall_xen_version, "xen_version"},
	[__HYPERVISOR_console_io] = {hypercall_console_io, "console_io"},
	[__HYPERVISOR_grant_table_op] = {hypercall_grant_table_op, "grant_table_op"},
	[__HYPERVISOR_vm_assist] = {hypercall_vm_assist, "vm_assist"},
	[__HYPERVISOR_update_va_mapping_otherdomain] = {hypercall_update_va_mapping_otherdomain,
							"update_va_mapping_otherdomain"},
	[__HYPERVISOR_iret] = {hypercall_iret, "iret"},
	[__HYPERVISOR_vcpu_op] = {hypercall_vcpu_op, "vcpu_op"},
	[__HYPERVISOR_set_segment_base] = {hypercall_set_segment_base, "set_segment_base"},
	[__HYPERVISOR_mmuext_op] = {hypercall_mmuext_op, "mmuext_op"},
	[__HYPERVISOR_nmi_op] = {hypercall_nmi_op, "nmi_op"},
	[__HYPERVISOR_sched_op] = {hypercall_sched_op, "sched_op"},
	[__HYPERVISOR_callback_op] = {hypercall_callback_op, "callback_op"},
	[__HYPERVISOR_event_channel_op] = {hypercall_event_channel_op, "event_channel_op"},
	[__HYPERVISOR_sysctl] = {hypercall_sysctl, "sysctl"},
	[__HYPERVISOR_physdev_op] = {hypercall_physdev_op, "physdev_op"},
	[__HYPERVISOR_domctl] = {hypercall_domctl, "domctl"},
};
#pragma GCC diagnostic pop
