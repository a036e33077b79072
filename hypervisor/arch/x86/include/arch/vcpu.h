/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor's side of a vCPU: registers, traps, callbacks, descriptor tables, FPU. */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include <arch/guest_frame.h>
#include <arch/port.h>
#include <lib/base.h>
#include <xen/xen.h>

/* Where and how a guest's handler is entered; the ABI's struct trap_info, checked and packed. */
struct trap_entry {
	uint64_t address; /* 0: none */
	uint16_t cs;
	uint8_t dpl;	   /* the least privilege that may use INT n for it */
	bool masks_events; /* entering it masks event upcalls, as an interrupt gate does */
};

enum guest_callback {
	CALLBACK_EVENT,
	CALLBACK_FAILSAFE,
	CALLBACK_SYSCALL,
	CALLBACK_SYSCALL32,
	CALLBACK_SYSENTER,
	CALLBACK_COUNT
};

struct vcpu_arch {
	struct guest_frame frame; /* valid while the vCPU is not on a CPU */

	bool in_kernel;	 /* guest kernel rather than one of its programs */
	bool fpu_loaded; /* the FPU holds this vCPU's state */
	bool guest_ts;	 /* the guest wants #NM on its next FPU instruction (CR0.TS) */
	bool nmi_pending, nmi_masked;
	bool uses_debug; /* some of dr[] arms a breakpoint */

	uint64_t kernel_sp; /* stack_switch: where the guest kernel's stack is when entered */
	uint16_t kernel_ss;
	uint8_t iopl;		  /* the guest's virtual IOPL */
	uint8_t kernel_ring;	  /* by which it is measured: 1, or 0 under architectural_iopl */
	uint16_t shown_iopl;	  /* as RFLAGS in its handlers' frames has it */
	uint16_t io_bitmap_at[2]; /* what that means for the TSS, [in_kernel] */

	struct trap_entry callback[CALLBACK_COUNT];
	struct trap_entry *trap; /* 256 entries */

	/* Segments: loaded when the vCPU is switched in. */
	uint16_t ds, es, fs, gs;
	uint64_t fs_base, gs_base_kernel, gs_base_user;

	mfn_t gdt_frame[14];
	unsigned gdt_entries; /* 0: no GDT of its own */
	uint64_t ldt_base;
	unsigned ldt_entries; /* 0: no LDT */
	mfn_t ldt_frame[16];  /* those its programs have used so far, the others are MFN_NONE */

	uint64_t dr[8];
	uint64_t cr4; /* as the guest sees it */
	uint32_t tsc_aux;
	uint64_t xcr0;
	void *fpu_area;
	guest_va_t io_bitmap; /* PHYSDEVOP_set_iobitmap: for the guest's programs */
	unsigned io_bitmap_ports;
};

/* Offsets within the TSS segment: the bitmap, or a place beyond its end that denies every port. */
#define IO_BITMAP_ALLOWED 0x68
#define IO_BITMAP_DENIED  0xffff

/* Where ring 1 is what its kernel runs in, a guest never meets its IOPL in RFLAGS. */
static inline void vcpu_set_iopl(struct vcpu_arch *a, unsigned kernel_ring, unsigned iopl)
{
	a->kernel_ring = (uint8_t)kernel_ring;
	a->iopl = (uint8_t)iopl;
	a->shown_iopl = (uint16_t)(kernel_ring ? 0 : iopl << 12);
	a->io_bitmap_at[0] = iopl == 3 ? IO_BITMAP_ALLOWED : IO_BITMAP_DENIED;
	a->io_bitmap_at[1] = iopl >= kernel_ring ? IO_BITMAP_ALLOWED : IO_BITMAP_DENIED;
}

/* The processor's side of a domain. */
struct domain_arch {
	uint8_t *io_bitmap; /* two pages, a set bit denies the port; null: all are denied */
	mfn_t io_bitmap_frame[2];

	struct cpuid_profile *cpuid_profile; /* null: it is told what all are (cpu_policy.h) */
};

static inline struct vcpu *current_vcpu(void);

#include <arch/cpu.h>

static inline struct vcpu *current_vcpu(void)
{
	return this_cpu()->vcpu;
}

#endif
