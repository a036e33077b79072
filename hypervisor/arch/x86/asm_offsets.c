/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offsets and sizes the assembly files need, printed into asm-offsets.h by the build. */
#include <arch/vcpu.h>
#include <debug/trace.h>
#include <domain/domain.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>

#define DEFINE(name, value)	       asm volatile("->" #name " %0" : : "i"(value))
#define OFFSET(name, structure, field) DEFINE(name, offsetof(struct structure, field))

void asm_offsets(void);

void asm_offsets(void)
{
	DEFINE(FRAME_SIZE, sizeof(struct guest_frame));
	OFFSET(FRAME_r11, guest_frame, r11);
	OFFSET(FRAME_r10, guest_frame, r10);
	OFFSET(FRAME_r9, guest_frame, r9);
	OFFSET(FRAME_r8, guest_frame, r8);
	OFFSET(FRAME_rax, guest_frame, rax);
	OFFSET(FRAME_rdx, guest_frame, rdx);
	OFFSET(FRAME_rsi, guest_frame, rsi);
	OFFSET(FRAME_rdi, guest_frame, rdi);
	OFFSET(FRAME_entry, guest_frame, entry);
	OFFSET(FRAME_vector, guest_frame, vector);
	OFFSET(FRAME_rip, guest_frame, rip);
	OFFSET(FRAME_cs, guest_frame, cs);
	OFFSET(FRAME_rflags, guest_frame, rflags);
	OFFSET(FRAME_rsp, guest_frame, rsp);
	DEFINE(FRAME_SYSCALL, FRAME_SYSCALL);

	OFFSET(CPU_vcpu, cpu, vcpu);
	OFFSET(CPU_work, cpu, work);
	OFFSET(CPU_counters, cpu, counters);
	OFFSET(CPU_root, cpu, root);
	OFFSET(CPU_root_of_guest, cpu, root_of_guest);
	OFFSET(CPU_exit_root, cpu, exit_root);
	DEFINE(TRACE_HYPERCALL_BIT, 1 << TRACE_HYPERCALL);

	OFFSET(VCPU_info, vcpu, events.info);
	OFFSET(VCPU_in_kernel, vcpu, arch.in_kernel);
	OFFSET(VCPU_INFO_upcall_pending, vcpu_info, evtchn_upcall_pending);
	OFFSET(VCPU_INFO_upcall_mask, vcpu_info, evtchn_upcall_mask);

	DEFINE(HYPERCALL_COUNT, HYPERCALL_COUNT);
	DEFINE(ENOSYS_NUMBER, ENOSYS);
}
