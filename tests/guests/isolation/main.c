/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On a processor that reads ahead of faults, ring 3 has page tables of which the hypervisor is no
 * part. What is mapped shows in the error code of a page fault: present, or not. The copies of a
 * root follow what is written to it.
 * run: mem=64 cpu=Nehalem xen=no
 * run: expect="^speculation: isolated page tables: all domains$"
 */
#include "guest.h"

#define PF_PRESENT 1

#define MACHPHYS  0xffff800000000000UL
#define TEXT	  0xffff82d040201000UL
#define CPU_AREA  0xffff82d080000000UL
#define GDT_PAGE  (CPU_AREA + 0xe000)
#define TSS_PAGE  (CPU_AREA + 0x20000)
#define GATE_PAGE (CPU_AREA + 0x26000)
#define CPU_DATA  (CPU_AREA + 0x30000)
#define CPU_STACK (CPU_AREA + 0x3f000)
#define WINDOW	  (5UL << 39)

static page_t page, table_3, table_2, table_1;

static void read_from(unsigned long address)
{
	uint64_t value;

	TRY("mov (%1), %0", : "=r"(value) : "r"(address) : "memory");
}

static bool is_mapped(unsigned long address)
{
	read_from(address);
	return caught(14) && guest_trap_cr2 == address && guest_trap.error & PF_PRESENT;
}

static bool is_absent(unsigned long address)
{
	read_from(address);
	return caught(14) && guest_trap_cr2 == address && !(guest_trap.error & PF_PRESENT);
}

static void check_what_is_there(void)
{
	read_from(MACHPHYS);
	ok(caught(NO_TRAP), "the table of machine-to-physical numbers is to be read");
	ok(is_mapped(TEXT), "the text is there, as it has to be");
	ok(is_mapped(GDT_PAGE) && is_mapped(TSS_PAGE) && is_mapped(GATE_PAGE),
	   "so are the processor's tables, and the gate");
	ok(is_absent(CPU_DATA), "the processor's data are not");
	ok(is_absent(CPU_STACK), "nor its stack");
	ok(is_absent(0xffff830000100000), "nor the map of all RAM");
	ok(is_absent(0xffff830000000000 + (pv_virt_to_mfn(page) << 12)),
	   "not even where it is the guest's own");
	ok(is_absent(0xffff82e000000000) && is_absent(0xffff82f000000000),
	   "nor the records of frames");
	ok(is_absent(0xffff808000000000), "nor the table of numbers, to write");
	ok(is_absent(0xffff82c000000000), "nor registers of devices");
	ok(is_absent(CPU_AREA + 0x40000 + 0xe000), "nor what is another processor's");
}

static void set_root_entry(unsigned int slot, uint64_t value)
{
	is(pv_write_entry((uint64_t *)pv_root + slot, value), 0, "an entry of the root is %s",
	   value ? "set" : "cleared");
}

static void check_root_in_use(void)
{
	uint64_t *word = (uint64_t *)page;

	((uint64_t *)table_1)[0] = PTE(pv_virt_to_mfn(page), PTE_KERNEL_RW);
	((uint64_t *)table_2)[0] = PTE(pv_virt_to_mfn(table_1), PTE_TABLE);
	((uint64_t *)table_3)[0] = PTE(pv_virt_to_mfn(table_2), PTE_TABLE);
	for (unsigned int i = 0; i < 3; i++) {
		pv_remap((page_t *[]){&table_1, &table_2, &table_3}[i], PTE_KERNEL_RO);
	}
	ok(is_absent(WINDOW), "nothing is at the window");
	set_root_entry(5, PTE(pv_virt_to_mfn(table_3), PTE_TABLE));
	*word = 0x1234;
	read_from(WINDOW);
	ok(caught(NO_TRAP) && *(volatile uint64_t *)WINDOW == 0x1234,
	   "the window shows the page at once");
	set_root_entry(5, 0);
	pv_mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0);
	ok(is_absent(WINDOW), "and no longer");
	is(pv_remap(table_3, PTE_KERNEL_RW), 0, "its table is memory again");
}

static void guest_main(void)
{
	check_what_is_there();
	check_root_in_use();
}
