/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables for ring 3 without the hypervisor, and the gate page by which one gets out of them.
 */
#include <arch/descriptor.h>
#include <arch/isolation.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <arch/smp.h>
#include <debug/log.h>
#include <domain/domain.h>
#include <lib/string.h>

/*
 * Where a processor reads ahead of a fault, what is mapped can be read. So in ring 3 it runs on a
 * root of this CPU's own. Two of them stand for the two roots of a vCPU, and are copies: the
 *guest's entries as they are in its root; of the sixteen that are ours only the table of
 * machine-to-physical numbers, which guests may read, and slot 261 with
 *
 *	text, constants and the IDT			one table for all CPUs
 *	this CPU's descriptors, TSS, stubs, gate	`gate_table`: the area without its private
 *part
 *
 * INVARIANT: when a CPU goes to ring 3, its copies agree with the roots they stand for. A copy is
 *made when a root changes hands (isolation_root_changed), and made anew when an entry of a root in
 *use changes (root_entry_changed) before whoever changed it goes on: what the old entry led to may
 * then become something else.
 */

#define TABLE_ENTRY (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define OUR_SLOT    (IMAGE_BASE >> 39 & 511)

static unsigned index_at(uint64_t va, unsigned level)
{
	return (unsigned)(va >> (12 + 9 * (level - 1))) & 511;
}

static void put(paddr_t table, unsigned index, uint64_t entry)
{
	((uint64_t *)paddr_ptr(table))[index] = entry;
}

/* The L2 table of the image as ring 3 has it; the image lies in the first 4 MiB. */
static paddr_t image_table(void)
{
	static paddr_t l2; /* made once */
	paddr_t l1;

	if (l2) {
		return l2;
	}
	l2 = cpu_area_new_page();
	l1 = cpu_area_new_page();
	BUG_ON((uint64_t)image_end > IMAGE_BASE + (4 << 20));
	put(l2, index_at(IMAGE_BASE + IMAGE_LOAD, 2), l1 | TABLE_ENTRY);
	for (const char *page = image_start; page < init_start; page += PAGE_SIZE) {
		put(l1, index_at((uint64_t)page, 1),
		    image_paddr(page) | paging_rights(page < rodata_start ? PAGING_RX : PAGING_RO));
	}
	put(l1, index_at((uint64_t)descriptors_idt(), 1),
	    image_paddr(descriptors_idt()) | paging_rights(PAGING_RO));
	return l2;
}

static void make_roots(struct cpu *cpu, uint64_t area)
{
	paddr_t l3 = cpu_area_new_page(), l2 = cpu_area_new_page(), l1 = cpu_area_new_page();

	cpu->gate_table = paddr_ptr(l1);
	put(l2, index_at(area, 2), l1 | TABLE_ENTRY);
	put(l3, index_at(area, 3), l2 | TABLE_ENTRY);
	put(l3, index_at(IMAGE_BASE, 3), image_table() | TABLE_ENTRY);
	for (unsigned which = 0; which < 2; which++) {
		cpu->shadow_root[which] = cpu_area_new_page();
		put(cpu->shadow_root[which], OUR_SLOT, l3 | TABLE_ENTRY);
	}
}

void isolation_init_cpu(unsigned cpu)
{
	paddr_t gate;

	if (!speculation_guards_entry()) {
		return;
	}
	if (isolation_is_used()) {
		make_roots(cpu_of(cpu), cpu_area(cpu));
	}
	gate = cpu_area_new_page();
	*(uint64_t *)((char *)paddr_ptr(gate) + GATE_SELECTOR) = SELECTOR_DATA;
	cpu_area_map(cpu, CPU_GATE, gate, PAGING_RW);
}

void isolation_area_changed(unsigned cpu, uint64_t offset, uint64_t entry)
{
	uint64_t *table = cpu_of(cpu)->gate_table;

	if (table && offset < CPU_DATA) {
		table[index_at(cpu_area(cpu) + offset, 1)] = entry;
	}
}

static void copy_root(struct cpu *cpu, unsigned which)
{
	const uint64_t *from = paddr_ptr(cpu->root_of_guest[which]);
	uint64_t *to = paddr_ptr(cpu->shadow_root[which]);

	memcpy(to, from, (HYPERVISOR_FIRST_SLOT + 1) * sizeof(*to));
	memcpy(to + HYPERVISOR_LAST_SLOT + 1, from + HYPERVISOR_LAST_SLOT + 1,
	       (511 - HYPERVISOR_LAST_SLOT) * sizeof(*to));
}

void isolation_root_changed(const struct vcpu *v, unsigned which)
{
	struct cpu *cpu = this_cpu();
	bool isolated = v->domain->id == 0 ? speculation.isolate_dom0 : speculation.isolate_others;

	cpu->exit_root[which] = cpu->root_of_guest[which];
	if (isolated && cpu->root_of_guest[which]) {
		copy_root(cpu, which);
		cpu->exit_root[which] = cpu->shadow_root[which];
	}
}

static void refresh(struct cpu *cpu)
{
	for (unsigned which = 0; which < 2; which++) {
		if (cpu->exit_root[which] != cpu->root_of_guest[which]) {
			copy_root(cpu, which);
		}
	}
}

void isolation_refresh(void)
{
	struct cpu *cpu = this_cpu();

	if (unlikely(atomic_load_explicit(&cpu->shadow_is_stale, memory_order_relaxed))) {
		atomic_store(&cpu->shadow_is_stale, false);
		refresh(cpu);
	}
}

/* Flushing makes the others refresh before they answer. */
void root_entry_changed(const struct domain_memory *dm)
{
	cpu_mask_t cpus, others;

	if (!isolation_is_used()) {
		return;
	}
	atomic_thread_fence(memory_order_seq_cst);
	cpus = atomic_load(&dm->cached_on);
	others = cpus & cpus_started() & ~BIT(cpu_id());
	for (cpu_mask_t rest = others; rest; rest &= rest - 1) {
		atomic_store(&cpu_of((unsigned)__builtin_ctzll(rest))->shadow_is_stale, true);
	}
	if (others) {
		tlb_flush(others);
	}
	if (cpus & BIT(cpu_id())) {
		refresh(this_cpu());
	}
}
