/* SPDX-License-Identifier: MIT */
/* What is particular to 64-bit guests: flat selectors, the reserved addresses, the register file.
 */
#ifndef PVX_XEN_ARCH_X86_XEN_X86_64_H
#define PVX_XEN_ARCH_X86_XEN_X86_64_H

#include "../xen-compat.h"

/* Selectors of the hypervisor's own part of the GDT; kernel and user both run in ring 3. */
#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b

#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_CS	 FLAT_KERNEL_CS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_DS	 FLAT_KERNEL_DS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_SS	 FLAT_KERNEL_SS64

#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_CS   FLAT_USER_CS64
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_DS   FLAT_USER_DS64
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_SS   FLAT_USER_SS64

/* L4 slots 256..271 belong to the hypervisor; it shows the machine-to-physical table in the first.
 */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END	0xFFFF880000000000
#define __MACH2PHYS_VIRT_START	0xFFFF800000000000
#define __MACH2PHYS_VIRT_END	0xFFFF804000000000
#define HYPERVISOR_VIRT_START	xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END	xen_mk_ulong(__HYPERVISOR_VIRT_END)
#define MACH2PHYS_VIRT_START	xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END	xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES	((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)

/* set_segment_base: which base. The last loads a selector instead. */
#define SEGBASE_FS	    0
#define SEGBASE_GS_USER	    1
#define SEGBASE_GS_KERNEL   2
#define SEGBASE_GS_USER_SEL 3

/* iret frame flag: return by SYSRET, RCX and R11 need not be kept. */
#define _VGCF_in_syscall 8
#define VGCF_in_syscall	 (1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL	 VGCF_in_syscall

#ifndef __ASSEMBLER__

#ifndef machine_to_phys_mapping
#define machine_to_phys_mapping ((unsigned long *)MACH2PHYS_VIRT_START)
#endif

#define xen_pfn_to_cr3(pfn) ((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3) ((unsigned long)(cr3) >> 12)

/* What the iret hypercall takes from the top of the kernel stack. */
struct iret_context {
	uint64_t rax, r11, rcx, flags;
	uint64_t rip, cs, rflags, rsp, ss;
};

struct cpu_user_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8;
	uint64_t rax, rcx, rdx, rsi, rdi;
	uint32_t error_code;
	uint32_t entry_vector;
	uint64_t rip;
	uint16_t cs, _pad0[1];
	uint8_t saved_upcall_mask;
	uint8_t _pad1[3];
	uint64_t rflags;
	uint64_t rsp;
	uint16_t ss, _pad2[3];
	uint16_t es, _pad3[3];
	uint16_t ds, _pad4[3];
	uint16_t fs, _pad5[3];
	uint16_t gs, _pad6[3];
};
XEN_DEFINE_TYPE(cpu_user_regs);

struct arch_vcpu_info {
	unsigned long cr2; /* address of the last page fault passed on */
	unsigned long pad;
};
typedef struct arch_vcpu_info arch_vcpu_info_t;

typedef unsigned long xen_callback_t;

#endif /* __ASSEMBLER__ */
#endif
