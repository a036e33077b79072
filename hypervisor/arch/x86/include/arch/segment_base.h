/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bases of FS and GS in the processor, for the vCPU that runs. "Other": what SWAPGS would bring. */
#ifndef ARCH_SEGMENT_BASE_H
#define ARCH_SEGMENT_BASE_H

#include <arch/features.h>
#include <arch/fixup.h>
#include <arch/instructions.h>
#include <arch/regs.h>

static inline bool address_is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

#define DEFINE_SEGMENT_BASE(name, msr)                                \
	static inline uint64_t segment_read_##name##_base(void)       \
	{                                                             \
		uint64_t base;                                        \
		if (unlikely(!cpu_features.fsgsbase)) {               \
			return read_msr(msr);                         \
		}                                                     \
		__asm__ volatile("rd" #name "base %0" : "=r"(base));  \
		return base;                                          \
	}                                                             \
	static inline void segment_write_##name##_base(uint64_t base) \
	{                                                             \
		if (unlikely(!cpu_features.fsgsbase)) {               \
			write_msr(msr, base);                         \
			return;                                       \
		}                                                     \
		__asm__ volatile("wr" #name "base %0" : : "r"(base)); \
	}

DEFINE_SEGMENT_BASE(fs, MSR_FS_BASE)
DEFINE_SEGMENT_BASE(gs, MSR_GS_BASE)

static inline uint64_t segment_read_gs_base_other(void)
{
	return read_msr(MSR_KERNEL_GS_BASE);
}

static inline void segment_write_gs_base_other(uint64_t base)
{
	write_msr(MSR_KERNEL_GS_BASE, base);
}

/*
 * Loads GS with a selector of the guest's and, from its descriptor, the base that SWAPGS would
 * bring; a selector that is no good becomes null. Kernels load what their programs ask for by this
 * and take no failure for an answer.
 */
static inline void segment_load_gs_other(uint16_t selector)
{
	uint32_t s = selector;

	__asm__ volatile("swapgs\n"
			 "1: movl %0, %%gs\n"
			 "mfence\n" /* some AMD processors take the old base otherwise */
			 "swapgs\n"
			 ".pushsection .text.fixup, \"ax\", @progbits\n"
			 "2: xorl %0, %0\n"
			 "jmp 1b\n"
			 ".popsection\n" FIXUP(1b, 2b)
			 : "+r"(s)
			 :
			 : "memory");
}

#endif
