/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One vCPU writes to a page without pause and so keeps its translation in the processor; another
 * takes the page away without a flush of its own and has the frame become something that must not
 * be written. From that moment on no write may arrive.
 * run: mem=512 smp=2 timeout=300 hv="dom0_max_vcpus=2"
 */
#include "smp.h"
#include <pv/grant.h>

#define ROUNDS 20
#define WRITES 1000 /* that the attacker makes after the frame has changed */

static page_t window, target, grant_page, table_2;

/*
 * What the attacker writes. The first is "not present" as an entry of a page table, so that the
 * table is valid whoever wins; the second would be the hypervisor's text, to write to.
 */
#define HARMLESS(turn) ((uint64_t)(turn) << 12)
#define EVIL	       PTE(0x200, PTE_P | PTE_RW | PTE_US)

static volatile uint64_t faults;

static void write_on(struct smp_cpu *self)
{
	while (!self->stop) {
		if (!smp_write(window, self->value ? self->value : HARMLESS(self->turns + 1))) {
			faults++;
		}
		self->turns++;
	}
}

static void map_window(unsigned long mfn, uint64_t flags)
{
	pv_update_va_mapping((unsigned long)window, mfn ? PTE(mfn, flags) : 0, UVMF_NONE);
}

/* The attacker has its translation, and goes on meanwhile. */
static struct smp_cpu *let_it_write(unsigned long mfn)
{
	struct smp_cpu *cpu;

	map_window(mfn, PTE_KERNEL_RW);
	faults = 0;
	smp_cpus[1].value = 0;
	cpu = smp_run(1, write_on);
	while (cpu->turns < 100) {
		smp_pause();
	}
	return cpu;
}

static void let_it_go_on(const struct smp_cpu *cpu)
{
	uint64_t from = cpu->turns;

	while (cpu->turns - from < WRITES) {
		smp_pause();
	}
}

/* Whether it can write into the page table that its page has become. */
static bool breaks_in(struct smp_cpu *cpu)
{
	cpu->value = EVIL;
	let_it_go_on(cpu);
	return *(volatile uint64_t *)target == EVIL;
}

/* How often the frame was written after it had become a page table. */
static unsigned int attack_table(uint64_t left)
{
	unsigned long mfn = pv_virt_to_mfn(target);
	unsigned int broken = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct smp_cpu *cpu;

		memset(target, 0, sizeof(target));
		cpu = let_it_write(mfn);
		pv_remap(target, PTE_KERNEL_RO);
		map_window(left ? mfn : 0, left);
		if (pv_pin(target, 1)) {
			broken += 1000;
		}
		broken += breaks_in(cpu);
		smp_stop(1);
		map_window(0, 0);
		pv_unpin(target);
		pv_remap(target, PTE_KERNEL_RW);
	}
	return broken;
}

/* The same, where the way to the frame goes with a whole table of page tables. */
static unsigned int attack_upper(void)
{
	uint64_t *upper = pv_entry((unsigned long)window, 2), saved = *upper;
	unsigned long l1 = PTE_MFN(saved);
	void *old_l1 = pv_pfn_to_virt(pv_mfn_to_pfn(l1));
	unsigned int broken = 0;

	/* A copy of the table serves meanwhile, without the window. */
	pv_remap(target, PTE_KERNEL_RO);
	memcpy(table_2, old_l1, PAGE_SIZE);
	((uint64_t *)table_2)[pv_index((unsigned long)window, 1)] = 0;
	((uint64_t *)table_2)[pv_index((unsigned long)table_2, 1)] =
		PTE(pv_virt_to_mfn(table_2), PTE_KERNEL_RO);
	pv_remap(table_2, PTE_KERNEL_RO);
	pv_remap(target, PTE_KERNEL_RW);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct smp_cpu *cpu;

		memset(target, 0, sizeof(target));
		cpu = let_it_write(pv_virt_to_mfn(target));
		pv_remap(target, PTE_KERNEL_RO);
		if (pv_write_entry(upper, PTE(pv_virt_to_mfn(table_2), PTE_TABLE)) ||
		    pv_pin(target, 1)) {
			broken += 1000;
		}
		broken += breaks_in(cpu);
		smp_stop(1);
		pv_unpin(target);
		pv_write_entry(upper, saved);
		pv_remap(target, PTE_KERNEL_RW);
	}
	return broken;
}

/* The frame is given back and, as somebody's new page, has to stay as it was cleared. */
static unsigned int attack_free(unsigned int *again)
{
	unsigned long pfn = pv_virt_to_pfn(target);
	unsigned int broken = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned long mfn = pv_p2m[pfn], frame = mfn;
		struct xen_memory_reservation r = {
			.extent_start = {&frame}, .nr_extents = 1, .domid = DOMID_SELF};
		struct smp_cpu *cpu = let_it_write(mfn);
		uint64_t before;

		pv_remap(target, 0);
		map_window(0, 0);
		if (pv_memory_op(XENMEM_decrease_reservation, &r) != 1) {
			broken += 1000;
		}
		frame = pfn;
		if (pv_memory_op(XENMEM_populate_physmap, &r) != 1) {
			broken += 1000;
		}
		*again += frame == mfn;
		pv_p2m[pfn] = frame;
		pv_remap(target, PTE_KERNEL_RW);
		before = *(volatile uint64_t *)target;
		let_it_go_on(cpu);
		broken += *(volatile uint64_t *)target != before;
		smp_stop(1);
	}
	return broken;
}

/* Mapped by a grant: when the unmapping returns, nobody may write any more. */
static unsigned int attack_grant(void)
{
	unsigned int broken = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct gnttab_map_grant_ref map = {.host_addr = (unsigned long)window,
						   .flags = GNTMAP_host_map,
						   .ref = 20,
						   .dom = 0};
		struct gnttab_unmap_grant_ref unmap = {.host_addr = (unsigned long)window};
		struct smp_cpu *cpu;
		uint64_t before;

		map_window(0, 0);
		pv_grant_access(20, 0, pv_virt_to_mfn(target), 0);
		if (pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1) || map.status) {
			return 1000;
		}
		faults = 0;
		cpu = smp_run(1, write_on);
		while (cpu->turns < 100) {
			smp_pause();
		}
		unmap.handle = map.handle;
		if (pv_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1) || unmap.status) {
			broken += 1000;
		}
		before = *(volatile uint64_t *)target;
		let_it_go_on(cpu);
		broken += *(volatile uint64_t *)target != before;
		smp_stop(1);
		if (!pv_grant_end(20)) {
			broken += 1000;
		}
	}
	return broken;
}

/* What the guest asks to be flushed is flushed everywhere. */
static unsigned int attack_flush(int how)
{
	unsigned long mask = 2;
	unsigned int broken = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct smp_cpu *cpu = let_it_write(pv_virt_to_mfn(target));
		struct mmuext_op op = {.cmd = (unsigned int)how,
				       .arg1 = {.linear_addr = (unsigned long)window},
				       .arg2 = {.vcpumask = {&mask}}};
		uint64_t before;

		if (how >= 0) {
			map_window(0, 0);
			pv_mmuext_op(&op, 1, NULL, DOMID_SELF);
		} else {
			pv_update_va_mapping((unsigned long)window, 0,
					     how == -1 ? UVMF_INVLPG | UVMF_ALL
						       : UVMF_TLB_FLUSH | (unsigned long)&mask);
		}
		before = *(volatile uint64_t *)target;
		let_it_go_on(cpu);
		broken += *(volatile uint64_t *)target != before;
		smp_stop(1);
	}
	return broken;
}

static void guest_main(void)
{
	unsigned int again = 0;

	if (!is(smp_start(), 0, "a second vCPU") || !is(smp_count, 2, "there are two")) {
		return;
	}
	is(attack_table(0), 0, "a frame that has become a page table is not written, if unmapped");
	is(attack_table(PTE_KERNEL_RO), 0, "or made read-only");
	is(attack_upper(), 0, "or if the table that maps it has gone");
	is(attack_free(&again), 0, "nor is a frame that was given back and got anew");
	pv_printf("# %u of %u were the same frame\n", again, ROUNDS);
	is(pv_grants_start(grant_page), 0, "a grant table");
	is(attack_grant(), 0, "nor one whose grant is unmapped");
	is(attack_flush(MMUEXT_TLB_FLUSH_ALL), 0, "flushes of all reach all");
	is(attack_flush(MMUEXT_INVLPG_ALL), 0, "of one address too");
	is(attack_flush(MMUEXT_TLB_FLUSH_MULTI), 0, "flushes of some reach them");
	is(attack_flush(MMUEXT_INVLPG_MULTI), 0, "of one address too");
	is(pv_mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0), 0, "all processors empty their caches");
	is(attack_flush(-1), 0, "as those with an update, of all");
	is(attack_flush(-2), 0, "and of some");
	ok(faults > 0, "the other noticed");
}
