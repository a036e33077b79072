/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flushing translations, here and on other CPUs; the clock of the TLB rule. */
#include <arch/apic.h>
#include <arch/instructions.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <arch/smp.h>
#include <arch/tlb.h>
#include <arch/vectors.h>
#include <debug/counters.h>

/*
 * The clock ticks at the start of every flush and the CPU notes the tick, so a CPU whose note is
 * later than a frame's stamp has flushed since. When 32 bits are used up, everybody flushes, and
 * what stamps remain only cause flushes that were not needed.
 */
static _Atomic uint32_t flush_clock = 1;

uint32_t tlb_clock(void)
{
	return atomic_load_explicit(&flush_clock, memory_order_acquire);
}

/*
 * Toggling CR4.PGE drops everything: global entries and paging-structure caches too. The tick is
 * taken before, so what is stamped meanwhile counts as not flushed.
 */
void tlb_switch_root(uint64_t root)
{
	uint32_t time = atomic_fetch_add_explicit(&flush_clock, 1, memory_order_acq_rel) + 1;
	uint64_t cr4 = read_cr4();

	COUNT(flushes);
	write_cr4(cr4 & ~(uint64_t)CR4_PGE);
	write_cr3(root);
	write_cr4(cr4);
	this_cpu()->root = root;
	atomic_store_explicit(&this_cpu()->tlb_time, time, memory_order_release);
	if (unlikely(time == 0)) {
		tlb_flush(cpus_online());
	}
}

static void flush_here(void)
{
	tlb_switch_root(this_cpu()->root);
}

void tlb_serve_request(void)
{
	atomic_fetch_and_explicit(&this_cpu()->work, ~(uint32_t)CPU_WORK_FLUSH,
				  memory_order_acquire);
	flush_here();
}

static bool flushed_since(unsigned cpu, uint32_t stamp)
{
	return atomic_load_explicit(&cpu_of(cpu)->tlb_time, memory_order_acquire) > stamp;
}

/* Asks the others and waits until each has flushed, serving the same requests meanwhile. */
static void flush_others(cpu_mask_t cpus)
{
	uint32_t before = tlb_clock();

	for (cpu_mask_t rest = cpus; rest; rest &= rest - 1) {
		atomic_fetch_or_explicit(&cpu_of((unsigned)__builtin_ctzll(rest))->work,
					 CPU_WORK_FLUSH, memory_order_release);
	}
	COUNT(flush_kicks);
	apic_send_ipi(cpus, VECTOR_FLUSH);
	for (cpu_mask_t rest = cpus; rest; rest &= rest - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(rest);

		while (!flushed_since(cpu, before) && tlb_clock() >= before) {
			cpu_relax();
		}
	}
}

void tlb_flush(cpu_mask_t cpus)
{
	cpu_mask_t others = cpus & cpus_online() & ~BIT(cpu_id());

	if (others) {
		flush_others(others);
	}
	if (cpus & BIT(cpu_id())) {
		flush_here();
	}
}

void tlb_flush_stale(cpu_mask_t cpus, uint32_t stamp)
{
	cpu_mask_t stale = 0;

	for (cpu_mask_t rest = cpus & cpus_online(); rest; rest &= rest - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(rest);

		if (!flushed_since(cpu, stamp)) {
			stale |= BIT(cpu);
		}
	}
	if (stale) {
		tlb_flush(stale);
	}
}

void tlb_flush_va(cpu_mask_t cpus, uint64_t va)
{
	cpu_mask_t others = cpus & cpus_online() & ~BIT(cpu_id());

	if (others) {
		flush_others(others);
	}
	if (cpus & BIT(cpu_id())) {
		COUNT(flushes_va);
		invalidate_page(va);
	}
}

void cache_flush(cpu_mask_t cpus)
{
	if (cpus & BIT(cpu_id())) {
		__asm__ volatile("wbinvd" : : : "memory");
	}
}
