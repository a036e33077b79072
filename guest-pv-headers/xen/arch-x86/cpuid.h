/* SPDX-License-Identifier: MIT */
/* The hypervisor's CPUID leaves, from 0x40000000 on; the signature reads "XenVMMXenVMM". */
#ifndef PVX_XEN_ARCH_X86_CPUID_H
#define PVX_XEN_ARCH_X86_CPUID_H

#define XEN_CPUID_FIRST_LEAF	 0x40000000
#define XEN_CPUID_LEAF(i)	 (XEN_CPUID_FIRST_LEAF + (i))
#define XEN_CPUID_MAX_NUM_LEAVES 5

/* Leaf 0: the last leaf in EAX and the signature. */
#define XEN_CPUID_SIGNATURE_EBX 0x566e6558
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4d
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566e

/* Leaf 1: EAX is the version. Leaf 2: ECX has features, EBX the MSR that fills a hypercall page. */
#define _XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD 0
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD  (1U << 0)

/* Leaf 5: EBX, how wide machine addresses are. */
#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK (0xffU << 0)

#endif
