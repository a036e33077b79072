/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bits and numbers of the x86-64 processor, as its manuals name them. */
#ifndef ARCH_REGS_H
#define ARCH_REGS_H

#define CR0_PE 0x00000001
#define CR0_MP 0x00000002
#define CR0_EM 0x00000004
#define CR0_TS 0x00000008
#define CR0_ET 0x00000010
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_AM 0x00040000
#define CR0_PG 0x80000000

#define CR4_VME	       0x000001
#define CR4_TSD	       0x000004
#define CR4_DE	       0x000008
#define CR4_PSE	       0x000010
#define CR4_PAE	       0x000020
#define CR4_MCE	       0x000040
#define CR4_PGE	       0x000080
#define CR4_OSFXSR     0x000200
#define CR4_OSXMMEXCPT 0x000400
#define CR4_FSGSBASE   0x010000
#define CR4_OSXSAVE    0x040000
#define CR4_SMEP       0x100000
#define CR4_SMAP       0x200000

#define RFLAGS_CF    0x000001
#define RFLAGS_FIXED 0x000002 /* reads as one */
#define RFLAGS_PF    0x000004
#define RFLAGS_AF    0x000010
#define RFLAGS_ZF    0x000040
#define RFLAGS_SF    0x000080
#define RFLAGS_TF    0x000100
#define RFLAGS_IF    0x000200
#define RFLAGS_DF    0x000400
#define RFLAGS_OF    0x000800
#define RFLAGS_IOPL  0x003000
#define RFLAGS_NT    0x004000
#define RFLAGS_RF    0x010000
#define RFLAGS_VM    0x020000
#define RFLAGS_AC    0x040000
#define RFLAGS_VIF   0x080000
#define RFLAGS_VIP   0x100000
#define RFLAGS_ID    0x200000

#define DR6_STEP 0x4000

#define PTE_PRESENT  0x001
#define PTE_WRITE    0x002
#define PTE_USER     0x004
#define PTE_PWT	     0x008
#define PTE_PCD	     0x010
#define PTE_ACCESSED 0x020
#define PTE_DIRTY    0x040
#define PTE_LARGE    0x080
#define PTE_GLOBAL   0x100
#define PTE_NX	     0x8000000000000000
#define PTE_ADDRESS  0x000ffffffffff000

#define VECTOR_DE	  0
#define VECTOR_DB	  1
#define VECTOR_NMI	  2
#define VECTOR_BP	  3
#define VECTOR_OF	  4
#define VECTOR_BR	  5
#define VECTOR_UD	  6
#define VECTOR_NM	  7
#define VECTOR_DF	  8
#define VECTOR_TS	  10
#define VECTOR_NP	  11
#define VECTOR_SS	  12
#define VECTOR_GP	  13
#define VECTOR_PF	  14
#define VECTOR_MF	  16
#define VECTOR_AC	  17
#define VECTOR_MC	  18
#define VECTOR_XM	  19
#define VECTOR_CP	  21
#define VECTOR_FIRST_FREE 32

/* Vectors with an error code: 8, 10-14, 17, 21. */
#define VECTORS_WITH_ERROR 0x00227d00

/* Page-fault error code. */
#define PF_PRESENT  0x01
#define PF_WRITE    0x02
#define PF_USER	    0x04
#define PF_RESERVED 0x08
#define PF_FETCH    0x10

#define MSR_TSC		      0x10
#define MSR_APIC_BASE	      0x1b
#define MSR_SPEC_CTRL	      0x48
#define MSR_PRED_CMD	      0x49
#define MSR_MICROCODE	      0x8b
#define MSR_PLATFORM_INFO     0xce
#define MSR_ARCH_CAPABILITIES 0x10a
#define MSR_MISC_FEATURES     0x140
#define MSR_MCG_CAP	      0x179
#define MSR_MCG_STATUS	      0x17a
#define MSR_MISC_ENABLE	      0x1a0
#define MSR_PLATFORM_INFO     0xce
#define MSR_FEATURES	      0x140 /* bit 0: CPUID faults outside ring 0 */
#define MSR_HWCR	      0xc0010015
#define MSR_PAT		      0x277
#define MSR_DEBUGCTL	      0x1d9
#define MSR_EFER	      0xc0000080
#define MSR_STAR	      0xc0000081
#define MSR_LSTAR	      0xc0000082
#define MSR_CSTAR	      0xc0000083
#define MSR_SYSCALL_MASK      0xc0000084
#define MSR_FS_BASE	      0xc0000100
#define MSR_GS_BASE	      0xc0000101
#define MSR_KERNEL_GS_BASE    0xc0000102
#define MSR_TSC_AUX	      0xc0000103
#define MSR_SYSENTER_CS	      0x174
#define MSR_SYSENTER_ESP      0x175
#define MSR_SYSENTER_EIP      0x176
#define MSR_AMD_HWCR	      0xc0010015

#define EFER_SCE       0x001
#define EFER_LME       0x100
#define EFER_LMA       0x400
#define EFER_NX	       0x800
#define EFER_AUTO_IBRS 0x200000

/*
 * The PAT layout of the ABI: WB, WT, UC-, UC, WC, WP, UC, UC. Guests choose among these by
 * PAT, PCD and PWT and never write the register.
 */
#define PAT_LAYOUT 0x050100070406

#endif
