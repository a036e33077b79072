/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hypercall handler is, how it restarts itself, and the list of all of them. */
#ifndef HYPERCALL_HYPERCALL_H
#define HYPERCALL_HYPERCALL_H

#include <debug/log.h>
#include <domain/domain.h>
#include <lib/base.h>
#include <xen/version.h>

/*
 * A handler gets the five argument registers as they are and returns what the guest finds in RAX.
 * It runs on the current vCPU (current_vcpu()), with interrupts off and no lock held.
 */
typedef long hypercall_fn(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

struct hypercall {
	hypercall_fn *fn;
	const char *name;
};

/* The boot loader's command line for us, set once at start-up. */
extern xen_commandline_t hypervisor_command_line;

#define HYPERCALL_COUNT 64 /* a power of two: a mask keeps speculation within the table */
extern const struct hypercall hypercall_table[HYPERCALL_COUNT];

/* One in each X_op.c; table.c names them all. */
hypercall_fn hypercall_set_trap_table, hypercall_mmu_update, hypercall_set_gdt,
	hypercall_stack_switch, hypercall_set_callbacks, hypercall_fpu_taskswitch,
	hypercall_sched_op_compat, hypercall_platform_op, hypercall_set_debugreg,
	hypercall_get_debugreg, hypercall_update_descriptor, hypercall_memory_op,
	hypercall_multicall, hypercall_update_va_mapping, hypercall_set_timer_op,
	hypercall_event_channel_op_compat, hypercall_xen_version, hypercall_console_io,
	hypercall_physdev_op_compat, hypercall_grant_table_op, hypercall_vm_assist,
	hypercall_update_va_mapping_otherdomain, hypercall_iret, hypercall_vcpu_op,
	hypercall_set_segment_base, hypercall_mmuext_op, hypercall_nmi_op, hypercall_sched_op,
	hypercall_callback_op, hypercall_event_channel_op, hypercall_physdev_op, hypercall_sysctl,
	hypercall_domctl;

/*
 * A handler that stops at a preemption point ends with
 *	return hypercall_again(new a1, new a2, new a3, new a4);
 * The guest executes the hypercall anew with these arguments once the pending work is done; inside
 * a multicall the entry is rewritten and the multicall restarts at it.
 */
long hypercall_again(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);

#endif
