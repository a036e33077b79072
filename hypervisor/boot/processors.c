/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processors that firmware left waiting are started, one after the other. */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/instructions.h>
#include <arch/microcode.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <arch/smp.h>
#include <boot/processors.h>
#include <debug/log.h>
#include <debug/trace.h>
#include <domain/pool.h>
#include <domain/schedule.h>
#include <lib/string.h>

#define LOW_END	     UINT64_C(0xa0000)
#define MILLISECOND  UINT64_C(1000000)
#define INIT_WAIT    (10 * MILLISECOND)
#define STARTUP_WAIT (MILLISECOND / 5) /* before the start is asked for once more */
#define PATIENCE     (10000 * MILLISECOND)

static void wait_until(uint64_t deadline)
{
	while (now() < deadline) {
		cpu_relax();
	}
}

/* False: it has not changed until the deadline. */
static bool wait_for_change(enum smp_state from, uint64_t deadline)
{
	while (atomic_load_explicit(&smp_state, memory_order_acquire) == from) {
		if (now() > deadline) {
			return false;
		}
		cpu_relax();
	}
	return true;
}

/* A page of RAM that a processor in real mode can begin in; 0: there is none. */
static paddr_t find_low_page(const struct boot_info *info)
{
	paddr_t page = 0;

	for (unsigned i = 0; i < info->memory_count; i++) {
		const struct memory_range *r = &info->memory[i];
		paddr_t end = ROUND_DOWN(MIN(r->end, LOW_END), PAGE_SIZE);

		if (r->type == MEMORY_RAM && end >= ROUND_UP(r->start, PAGE_SIZE) + PAGE_SIZE) {
			page = MAX(page, end - PAGE_SIZE);
		}
	}
	return page;
}

static enum smp_state bring_up(uint32_t apic, paddr_t page)
{
	atomic_store_explicit(&smp_state, SMP_WAKING, memory_order_release);
	apic_send_startup(apic, page);
	if (!wait_for_change(SMP_WAKING, now() + STARTUP_WAIT)) {
		apic_send_startup(apic, page);
		(void)wait_for_change(SMP_WAKING, now() + PATIENCE);
	}
	if (atomic_load_explicit(&smp_state, memory_order_acquire) == SMP_ARRIVED) {
		smp_begin_comparing();
		(void)smp_compare_clocks();
		(void)wait_for_change(SMP_COMPARING, UINT64_MAX);
	}
	return atomic_load_explicit(&smp_state, memory_order_acquire);
}

static bool start_one(unsigned cpu, uint32_t apic, paddr_t page)
{
	static unsigned areas = 1; /* one that was refused leaves its own to the next */
	enum smp_state result;

	if (cpu == areas) {
		cpu_area_create(cpu);
		areas++;
	}
	trampoline_efer = (uint32_t)read_msr(MSR_EFER) & ~(uint32_t)EFER_LMA;
	trampoline_stack = cpu_area(cpu) + CPU_STACK_TOP - sizeof(struct guest_frame);
	result = bring_up(apic, page);
	if (result == SMP_READY) {
		return true;
	}
	apic_send_init(apic); /* whatever it does, it shall stop */
	log_warn("processor with APIC id %u is not used: %s\n", apic,
		 result == SMP_BAD_FEATURE ? "its features are not those of the first"
		 : result == SMP_BAD_CLOCK
			 ? "its time stamp counter runs apart from the first one's"
			 : "it does not start");
	return false;
}

/* All at once, because the wait is long. */
static void reset_others(const struct acpi_info *acpi)
{
	for (unsigned i = 0; i < acpi->cpu_count; i++) {
		uint32_t apic = acpi->cpus[i].apic_id;

		if (apic != apic_id() && apic_can_reach(apic)) {
			apic_send_init(apic);
		}
	}
	wait_until(now() + INIT_WAIT);
}

static unsigned start_others(const struct acpi_info *acpi, unsigned limit, paddr_t page)
{
	unsigned cpu = 1;

	reset_others(acpi);
	for (unsigned i = 0; i < acpi->cpu_count && cpu < limit; i++) {
		uint32_t apic = acpi->cpus[i].apic_id;

		if (apic == apic_id()) {
			continue;
		}
		if (!apic_can_reach(apic)) {
			log_warn("processor with APIC id %u is not used: no x2APIC\n", apic);
			continue;
		}
		schedule_init_cpu(cpu);
		if (start_one(cpu, apic, page)) {
			pool_start_cpu(cpu++);
		}
	}
	return cpu;
}

void processors_start(const struct boot_info *info, const struct acpi_info *acpi, unsigned limit)
{
	paddr_t page = find_low_page(info);
	unsigned started = 1;

	if (acpi->cpu_count > 1 && limit > 1 && page) {
		size_t size = (size_t)(trampoline_end - trampoline);
		uint8_t before[64];

		/* Whose the page is does not matter: it gets back what was in it. */
		BUG_ON(size > sizeof(before));
		memcpy(before, paddr_ptr(page), size);
		memcpy(paddr_ptr(page), trampoline, size);
		started = start_others(acpi, limit, page);
		memcpy(paddr_ptr(page), before, size);
	}
	for (unsigned cpu = 1; cpu < started; cpu++) {
		(void)trace_init_cpu(cpu, TRACE_PAGES);
	}
	if (microcode_failures()) {
		log_warn("microcode: %u other processors refused the update\n",
			 microcode_failures());
	}
	log_info("processors: %u of %u at work\n", started, MAX(acpi->cpu_count, 1u));
}
