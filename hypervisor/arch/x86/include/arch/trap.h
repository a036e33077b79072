/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions: the guest's own go to its handlers, by frames built on its kernel stack. */
#ifndef ARCH_TRAP_H
#define ARCH_TRAP_H

#include <arch/descriptor.h>
#include <arch/instructions.h>
#include <arch/vcpu.h>
#include <debug/counters.h>
#include <domain/domain.h>

/*
 * Entering a guest's handler. Each builds the ABI's frame on the guest kernel's stack and points
 * the registers at the handler; a stack that cannot take the frame crashes the domain.
 */
void guest_enter_trap(struct vcpu *v, unsigned vector, uint32_t error); /* error if it has one */
void guest_enter_page_fault(struct vcpu *v, uint64_t address, uint32_t error);
void guest_enter_event(struct vcpu *v);
void guest_enter_nmi(struct vcpu *v);
void guest_enter_failsafe(struct vcpu *v);

/* The other page tables, GS base and I/O rights: guest kernel <-> guest program. */
static inline void guest_toggle_mode(struct vcpu *v)
{
	struct cpu *cpu = this_cpu();
	bool in_kernel = !v->arch.in_kernel;
	uint64_t root = cpu->root_of_guest[in_kernel];

	v->arch.in_kernel = in_kernel;
	swap_gs();
	if (cpu->root != root) {
		cpu->root = root;
		COUNT(root_loads);
		write_cr3(root);
	}
	descriptors_select_io(&v->arch);
}

/* Emulation of what a ring-3 kernel may not do itself; false: let it have the exception. */
bool emulate_privileged(struct vcpu *v, struct guest_frame *frame);
bool emulate_invalid_opcode(struct vcpu *v, struct guest_frame *frame);
bool emulate_table_write(struct vcpu *v, struct guest_frame *frame, uint64_t address);
bool emulate_device_write(struct vcpu *v, struct guest_frame *frame, uint64_t address);

/* In entry.S and entry_guard.S. */
extern const char entry_syscall[], entry_syscall32[], entry_sysenter[];
extern const char guard_syscall[], guard_syscall32[], guard_sysenter[];

/* Called by entry.S. */
void guest_syscall(void);
void trace_hypercall(void);
void guest_syscall32(void);
void guest_sysenter(void);
uint64_t hypervisor_fault(struct guest_frame *frame);
void own_stack_trap(struct guest_frame *frame);

/* Delivers what waits for the vCPU that is about to run: NMI, then events. */
void guest_deliver_pending(struct vcpu *v);

void guest_report(const struct vcpu *v); /* registers and stack of the current vCPU, to the log */

#endif
