/* SPDX-License-Identifier: MIT */
/* The x86 part of the ABI: trap table, initial vCPU context, architecture part of shared_info. */
#ifndef PVX_XEN_ARCH_X86_XEN_H
#define PVX_XEN_ARCH_X86_XEN_H

#include "../xen-compat.h"
#include "xen-x86_64.h"

#define XEN_HAVE_PV_GUEST_ENTRY 1
#define XEN_HAVE_PV_UPCALL_MASK 1

/* A guest fills the first 14 pages of its GDT, the hypervisor the rest. */
#define FIRST_RESERVED_GDT_PAGE	 14
#define FIRST_RESERVED_GDT_BYTE	 (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

/* vCPUs that have their vcpu_info in shared_info; the others must register one. */
#define XEN_LEGACY_MAX_VCPUS 32

#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

/* `ud2; .ascii "xen"` before CPUID asks the hypervisor, where the instruction would not trap. */
#ifdef __ASSEMBLER__
#define XEN_EMULATE_PREFIX .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e;
#define XEN_CPUID	   XEN_EMULATE_PREFIX cpuid
#else
#define XEN_EMULATE_PREFIX  ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID	    XEN_EMULATE_PREFIX "cpuid"

typedef unsigned long xen_pfn_t;
typedef unsigned long xen_ulong_t;
typedef uint64_t tsc_timestamp_t;
#define PRI_xen_pfn	    "lx"
#define PRIu_xen_pfn	    "lu"
#define PRI_xen_ulong	    "lx"

/* One row of set_trap_table. flags: bits 0-1 least privilege for INT n, bit 2 mask events. */
struct trap_info {
	uint8_t vector;
	uint8_t flags;
	uint16_t cs;
	unsigned long address;
};
XEN_DEFINE_TYPE(trap_info);
#define TI_GET_DPL(ti)	    ((ti)->flags & 3)
#define TI_GET_IF(ti)	    ((ti)->flags & 4)
#define TI_SET_DPL(ti, dpl) ((ti)->flags |= (dpl))
#define TI_SET_IF(ti, mask) ((ti)->flags |= ((!!(mask)) << 2))

#define VGCF_I387_VALID		       (1 << 0)
#define VGCF_IN_KERNEL		       (1 << 2)
#define _VGCF_i387_valid	       0
#define VGCF_i387_valid		       (1 << _VGCF_i387_valid)
#define _VGCF_in_kernel		       2
#define VGCF_in_kernel		       (1 << _VGCF_in_kernel)
#define _VGCF_failsafe_disables_events 3
#define VGCF_failsafe_disables_events  (1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events  4
#define VGCF_syscall_disables_events   (1 << _VGCF_syscall_disables_events)
#define _VGCF_online		       5
#define VGCF_online		       (1 << _VGCF_online)

/* The whole state of a vCPU, as VCPUOP_initialise and the vcpucontext domctls take it. */
struct vcpu_guest_context {
	struct {
		char x[512];
	} fpu_ctxt;	     /* FXSAVE image */
	unsigned long flags; /* VGCF_* */
	struct cpu_user_regs user_regs;
	struct trap_info trap_ctxt[256];
	unsigned long ldt_base, ldt_ents;
	unsigned long gdt_frames[16], gdt_ents;
	unsigned long kernel_ss, kernel_sp;
	unsigned long ctrlreg[8]; /* [1]: user page-table root, bit 0 set where there is one */
	unsigned long debugreg[8];
	unsigned long event_callback_eip;
	unsigned long failsafe_callback_eip;
	unsigned long syscall_callback_eip;
	unsigned long vm_assist; /* bitmap of VMASST_TYPE_* */
	uint64_t fs_base;
	uint64_t gs_base_kernel;
	uint64_t gs_base_user;
};
XEN_DEFINE_TYPE(vcpu_guest_context);

/* Where a guest publishes its pfn-to-mfn map, as a tree of frames or as one linear list. */
struct arch_shared_info {
	unsigned long max_pfn;
	xen_pfn_t pfn_to_mfn_frame_list_list;
	unsigned long nmi_reason;
	unsigned long p2m_cr3;
	unsigned long p2m_vaddr;
	unsigned long p2m_generation;
};
typedef struct arch_shared_info arch_shared_info_t;

/* Emulated devices are for other kinds of guest: a PV domain asks for none but the PIT. */
#define _XEN_X86_EMU_PIT	       8
#define XEN_X86_EMU_PIT		       (1U << _XEN_X86_EMU_PIT)
#define XEN_X86_MSR_RELAXED	       (1U << 0)
#define XEN_X86_MISC_FLAGS_MAX	       XEN_X86_MSR_RELAXED

struct xen_arch_domainconfig {
	uint32_t emulation_flags; /* XEN_X86_EMU_* */
	uint32_t misc_flags;	  /* XEN_X86_MSR_RELAXED */
};

#define XEN_CPUID_NO_SUBLEAF 0xffffffffU

struct xen_cpuid_leaf {
	uint32_t leaf, subleaf;
	uint32_t a, b, c, d;
};
XEN_DEFINE_TYPE(xen_cpuid_leaf);

struct xen_msr_entry {
	uint32_t idx;
	uint32_t flags; /* zero */
	uint64_t val;
};
XEN_DEFINE_TYPE(xen_msr_entry);

#endif /* __ASSEMBLER__ */
#endif
