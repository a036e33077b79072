/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of processors at work, and how those join it that firmware has not started. */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

#include <lib/base.h>
#include <stdatomic.h>

extern _Atomic cpu_mask_t smp_started; /* a bit is set by its CPU when it can serve requests */
extern _Atomic cpu_mask_t smp_online;  /* those of them that are not taken off line */

static inline cpu_mask_t cpus_started(void)
{
	return atomic_load_explicit(&smp_started, memory_order_acquire);
}

static inline cpu_mask_t cpus_online(void)
{
	return atomic_load_explicit(&smp_online, memory_order_acquire);
}

void cpus_set_online(unsigned cpu, bool online);

/* Whether there is a CPU of that number, and it is one of these. */
static inline bool cpu_mask_has(cpu_mask_t cpus, uint32_t cpu)
{
	return cpu < CPU_MAX && cpus >> cpu & 1;
}

static inline unsigned cpu_mask_count(cpu_mask_t cpus)
{
	unsigned count = 0;

	for (; cpus; cpus &= cpus - 1) {
		count++;
	}
	return count;
}

/*
 * How far the processor is that is being started: one at a time. The boot CPU sets WAKING and, once
 * the other has ARRIVED with all of its tables, COMPARING; the rest is for the other to say.
 */
enum smp_state {
	SMP_WAKING,
	SMP_ARRIVED,
	SMP_COMPARING,	 /* both compare their time stamp counters */
	SMP_READY,	 /* on line */
	SMP_BAD_FEATURE, /* it lacks what the boot CPU has, or has it otherwise */
	SMP_BAD_CLOCK,	 /* its counter runs behind or ahead of the boot CPU's */
};

extern _Atomic enum smp_state smp_state;

/*
 * The boot CPU says when; then both call the second at the same time: by how many ticks the counter
 * was seen to go back, 0 is good.
 */
void smp_begin_comparing(void);
uint64_t smp_compare_clocks(void);

_Noreturn void cpu_start(void); /* from the trampoline, on the new CPU's own stack */

/*
 * What the boot CPU copies to a page below 1 MiB, the stack that the next CPU takes, and its first
 * EFER.
 */
extern const char trampoline[], trampoline_end[];
extern uint64_t trampoline_stack;
extern uint32_t trampoline_efer;

#endif
