/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flushing translations, here and on other CPUs; the clock of the TLB rule. */
#include <arch/apic.h>
#include <arch/instructions.h>
#include <arch/isolation.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <arch/smp.h>
#include <arch/tlb.h>
#include <arch/vectors.h>
#include <debug/counters.h>

/*
 * The clock ticks at the start of every flush and the CPU notes the tick, so a CPU whose note is
 * later than a frame's stamp has flushed since. Frames have room for half of it only: a stamp is
 * taken for the latest time that ends in it, which at worst causes a flush that was not needed.
 */
static _Atomic uint64_t flush_clock = 1;

uint32_t tlb_clock(void)
{
	return (uint32_t)atomic_load_explicit(&flush_clock, memory_order_acquire);
}

static uint64_t time_of_stamp(uint32_t stamp)
{
	uint64_t time = atomic_load_explicit(&flush_clock, memory_order_acquire);

	return time - (uint32_t)((uint32_t)time - stamp);
}

/*
 * Toggling CR4.PGE drops everything: global entries and paging-structure caches too. The tick is
 * taken before, so what is stamped meanwhile counts as not flushed.
 */
void tlb_switch_root(uint64_t root)
{
	uint64_t time = atomic_fetch_add_explicit(&flush_clock, 1, memory_order_acq_rel) + 1;
	uint64_t cr4 = read_cr4();

	COUNT(flushes);
	write_cr4(cr4 & ~(uint64_t)CR4_PGE);
	write_cr3(root);
	write_cr4(cr4);
	this_cpu()->root = root;
	isolation_refresh();
	atomic_store_explicit(&this_cpu()->tlb_time, time, memory_order_release);
}

static void flush_here(void)
{
	tlb_switch_root(this_cpu()->root);
}

static void empty_caches(void)
{
	__asm__ volatile("wbinvd" : : : "memory");
}

void tlb_serve_request(void)
{
	_Atomic bool *asked = &this_cpu()->has_to_empty_caches;
	uint32_t work = atomic_fetch_and_explicit(&this_cpu()->work, ~(uint32_t)CPU_WORK_FLUSH,
						  memory_order_acquire);

	if (work & CPU_WORK_FLUSH) { /* else it was served before its interrupt came */
		flush_here();
	}
	if (atomic_load_explicit(asked, memory_order_acquire)) {
		empty_caches();
		atomic_store_explicit(asked, false, memory_order_release);
	}
}

static bool flushed_since(unsigned cpu, uint64_t time)
{
	return atomic_load_explicit(&cpu_of(cpu)->tlb_time, memory_order_acquire) > time;
}

/*
 * Asks the others to flush; who was asked by another and has not yet done so needs no interrupt.
 * The value is the time that their flushes have to be later than. It is read when everybody sees
 * what we have written to page tables.
 */
static __attribute__((noinline)) uint64_t ask_others(cpu_mask_t cpus)
{
	cpu_mask_t unasked = 0;
	uint64_t time;

	atomic_thread_fence(memory_order_seq_cst);
	time = atomic_load_explicit(&flush_clock, memory_order_acquire);
	for (cpu_mask_t rest = cpus; rest; rest &= rest - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(rest);
		uint32_t before = atomic_fetch_or_explicit(&cpu_of(cpu)->work, CPU_WORK_FLUSH,
							   memory_order_acq_rel);

		if (!(before & CPU_WORK_FLUSH)) {
			unasked |= BIT(cpu);
			COUNT(flush_kicks);
		}
	}
	apic_send_ipi(unasked, VECTOR_FLUSH);
	return time;
}

/* Until each has flushed later than `time`; the same requests are served here meanwhile. */
static __attribute__((noinline)) void wait_for_others(cpu_mask_t cpus, uint64_t time)
{
	for (cpu_mask_t rest = cpus; rest; rest &= rest - 1) {
		while (!flushed_since((unsigned)__builtin_ctzll(rest), time)) {
			cpu_relax();
		}
	}
}

static cpu_mask_t others_of(cpu_mask_t cpus)
{
	return cpus & cpus_started() & ~BIT(cpu_id());
}

void tlb_flush(cpu_mask_t cpus)
{
	cpu_mask_t others = others_of(cpus);
	uint64_t time = others ? ask_others(others) : 0;

	if (cpus & BIT(cpu_id())) {
		flush_here();
	}
	if (unlikely(others)) {
		wait_for_others(others, time);
	}
}

void tlb_flush_stale(cpu_mask_t cpus, uint32_t stamp)
{
	uint64_t time = time_of_stamp(stamp);
	cpu_mask_t stale = 0;

	for (cpu_mask_t rest = cpus & cpus_started(); rest; rest &= rest - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(rest);

		if (!flushed_since(cpu, time)) {
			stale |= BIT(cpu);
		}
	}
	if (stale) {
		tlb_flush(stale);
	}
}

void tlb_flush_va(cpu_mask_t cpus, uint64_t va)
{
	cpu_mask_t others = others_of(cpus);
	uint64_t time = others ? ask_others(others) : 0;

	if (cpus & BIT(cpu_id())) {
		COUNT(flushes_va);
		invalidate_page(va);
	}
	if (unlikely(others)) {
		wait_for_others(others, time);
	}
}

/* One at a time asks, so that each request is answered by a write-back that began after it. */
static void empty_caches_of(cpu_mask_t others)
{
	static _Atomic bool busy;

	while (atomic_exchange_explicit(&busy, true, memory_order_acquire)) {
		cpu_relax();
	}
	for (cpu_mask_t rest = others; rest; rest &= rest - 1) {
		atomic_store_explicit(&cpu_of((unsigned)__builtin_ctzll(rest))->has_to_empty_caches,
				      true, memory_order_release);
	}
	apic_send_ipi(others, VECTOR_FLUSH);
	for (cpu_mask_t rest = others; rest; rest &= rest - 1) {
		const struct cpu *cpu = cpu_of((unsigned)__builtin_ctzll(rest));

		while (atomic_load_explicit(&cpu->has_to_empty_caches, memory_order_acquire)) {
			cpu_relax();
		}
	}
	atomic_store_explicit(&busy, false, memory_order_release);
}

void cache_flush(cpu_mask_t cpus)
{
	cpu_mask_t others = others_of(cpus);

	if (cpus & BIT(cpu_id())) {
		empty_caches();
	}
	if (others) {
		empty_caches_of(others);
	}
}
