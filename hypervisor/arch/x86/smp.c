/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A processor that joins those at work: its own side of being started. */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/microcode.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <arch/setup.h>
#include <arch/smp.h>
#include <arch/switch.h>
#include <arch/tlb.h>

_Atomic cpu_mask_t smp_started, smp_online;
_Atomic enum smp_state smp_state;

#define COMPARE_ROUNDS 1000

static struct {
	_Atomic unsigned arrived, done;
	_Atomic bool taken;
	uint64_t last, worst; /* guarded by `taken` */
} compare;

static void wait_for_both(_Atomic unsigned *count)
{
	atomic_fetch_add_explicit(count, 1, memory_order_acq_rel);
	while (atomic_load_explicit(count, memory_order_acquire) < 2) {
		cpu_relax();
	}
}

void smp_begin_comparing(void)
{
	compare.arrived = compare.done = 0;
	compare.last = compare.worst = 0;
	atomic_store_explicit(&smp_state, SMP_COMPARING, memory_order_release);
}

/*
 * Two CPUs in turn read their counters. As the readings are in an order that both agree on, one
 * that is below its predecessor shows that the counters differ.
 */
uint64_t smp_compare_clocks(void)
{
	wait_for_both(&compare.arrived);
	for (unsigned i = 0; i < COMPARE_ROUNDS; i++) {
		uint64_t time;

		while (atomic_exchange_explicit(&compare.taken, true, memory_order_acquire)) {
			cpu_relax();
		}
		__asm__ volatile("lfence" : : : "memory");
		time = read_tsc();
		compare.worst = MAX(compare.worst, time < compare.last ? compare.last - time : 0);
		compare.last = time;
		atomic_store_explicit(&compare.taken, false, memory_order_release);
	}
	wait_for_both(&compare.done);
	return compare.worst;
}

void cpus_set_online(unsigned cpu, bool online)
{
	if (online) {
		atomic_fetch_or_explicit(&smp_online, BIT(cpu), memory_order_release);
	} else {
		atomic_fetch_and_explicit(&smp_online, ~BIT(cpu), memory_order_release);
	}
}

static _Noreturn void refuse_cpu(enum smp_state why)
{
	atomic_store_explicit(&smp_state, why, memory_order_release);
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

_Noreturn void cpu_start(void)
{
	microcode_init_cpu();
	cpu_setup_modes();
	tlb_switch_root(paging_idle_root());
	if (!features_same_here()) {
		refuse_cpu(SMP_BAD_FEATURE);
	}
	cpu_setup(this_cpu()->id);
	apic_init_cpu();
	atomic_store_explicit(&smp_state, SMP_ARRIVED, memory_order_release);
	while (atomic_load_explicit(&smp_state, memory_order_acquire) != SMP_COMPARING) {
		cpu_relax();
	}
	if (smp_compare_clocks()) {
		refuse_cpu(SMP_BAD_CLOCK);
	}
	cpu_set_online();
	atomic_store_explicit(&smp_state, SMP_READY, memory_order_release);
	start_guest();
}
