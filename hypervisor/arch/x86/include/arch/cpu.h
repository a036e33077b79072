/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A physical CPU's own data and how code finds it. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/guest_frame.h>
#include <arch/layout.h>
#include <lib/base.h>
#include <stdatomic.h>

/* Reasons not to return to the guest at once; set by anybody, cleared by the CPU itself. */
enum cpu_work {
	CPU_WORK_SCHEDULE = 1 << 0, /* choose a vCPU anew */
	CPU_WORK_TIMER = 1 << 1,    /* the timer interrupt came */
	CPU_WORK_FLUSH = 1 << 2,    /* somebody waits for us to flush */
	CPU_WORK_EVENTS = 1 << 3,   /* the current vCPU may have an event to be told of */
	CPU_WORK_KEYS = 1 << 4,	    /* the serial line has input */
	CPU_WORK_NMI = 1 << 5,	    /* an NMI came */
	CPU_WORK_CLOCK = 1 << 6,    /* the time base was corrected */
	CPU_WORK_LET_GO = 1 << 7,   /* somebody wants the vCPU that does not run any more */
	CPU_WORK_STAND = 1 << 8,    /* all but one CPU stand still for a while */
};

struct vcpu;

#define CPU_COUNTERS 96 /* enough for what debug/counters.def counts */

/*
 * At the start of the CPU's block (layout.h). Written by its own CPU; the fields behind `work` are
 * the mailbox of others.
 */
struct cpu {
	unsigned id;
	uint32_t apic_id;
	struct vcpu *vcpu;	   /* whose registers are in the frame */
	uint64_t root;		   /* what CR3 holds */
	uint64_t root_of_guest[2]; /* CR3 of the vCPU's programs [0] and kernel [1] */
	uint64_t exit_root[2];	   /* what stands for these in ring 3 (isolation.h) */
	paddr_t shadow_root[2];	   /* tables of our own for it; 0: there are none */
	uint64_t *gate_table;	   /* of the part of this CPU's area that ring 3's tables have */
	_Atomic uint64_t tlb_time; /* clock of the last full flush */
	uint64_t xcr0;		   /* what XCR0 holds */
	uint32_t tsc_aux;	   /* what MSR_TSC_AUX holds */
	uint64_t timer_deadline;   /* what the APIC timer is armed for, 0: nothing */

	uint64_t counters[CPU_COUNTERS]; /* debug/counters.h */

	_Atomic uint32_t work; /* enum cpu_work */
	_Atomic bool shadow_is_stale;
	_Atomic bool has_to_empty_caches; /* somebody waits for that */
};

static inline struct cpu *this_cpu(void)
{
	uint64_t sp;

	/* Not volatile: every stack of a CPU lies in its block, so the answer never changes. */
	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu *)(sp & ~(uint64_t)(CPU_BLOCK_SIZE - 1));
}

static inline uint64_t cpu_area(unsigned id)
{
	return CPU_AREA_BASE + (uint64_t)id * CPU_AREA_SIZE;
}

static inline struct cpu *cpu_of(unsigned id)
{
	return (struct cpu *)(cpu_area(id) + CPU_DATA);
}

/* The frame of the guest that this CPU runs. */
static inline struct guest_frame *guest_frame(void)
{
	return (struct guest_frame *)((uint64_t)this_cpu() + CPU_BLOCK_STACK_TOP) - 1;
}

#endif
