/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hypervisor keeps of a machine though Dom0 owns its devices: its memory, interrupt
 * controllers, tables of messages; and a device that says its table were in the midst of those.
 * run: mem=256 timeout=300 devices="e1000e" xen=no
 * run: hv="guest_loglvl=none"
 */
#include "devices.h"

#include <xen/memory.h>

#define LOCAL_APIC  0xfee00000UL
#define IO_APIC	    0xfec00000UL
#define HPET	    0xfed00000UL
#define CONFIG	    0xb0000000UL /* of PCI, on q35 */
#define Q35_BRIDGE  0x29c08086u
#define CARD	    0x10d38086u
#define CARD_TABLE  3 /* the BAR that its table is in */
#define MAP_READ    (MAP_DEVICE_RW & ~2UL)
#define ENTRY_WORDS 4

static page_t window;

static long map(uint64_t address, uint64_t flags)
{
	return pv_update_va_mapping((unsigned long)window, address | flags, UVMF_INVLPG);
}

struct memory_range {
	uint64_t start, size;
	uint32_t type;
} __attribute__((packed));

#define TYPE_RAM 1

static struct memory_range ranges[32];

static bool is_own(unsigned long mfn)
{
	unsigned long pfn = pv_mfn_to_pfn(mfn);

	return mfn == guest.start->shared_info >> PV_PAGE_SHIFT ||
	       (pfn < guest.start->nr_pages &&
		pv_virt_to_mfn((void *)(pfn << PV_PAGE_SHIFT)) == mfn);
}

/* Of the machine's RAM: how many frames can be mapped that are not its own. */
static unsigned int map_others(const struct memory_range *range, unsigned long *first)
{
	unsigned long mfn = (range->start + PAGE_SIZE - 1) >> PV_PAGE_SHIFT;
	unsigned int mapped = 0;

	for (; mfn < (range->start + range->size) >> PV_PAGE_SHIFT; mfn++) {
		if (!is_own(mfn) && map(mfn << PV_PAGE_SHIFT, MAP_DEVICE_RW) == 0) {
			*first = mapped++ ? *first : mfn;
		}
	}
	return mapped;
}

static void check_memory(void)
{
	struct xen_memory_map list = {.nr_entries = ARRAY_SIZE(ranges), .buffer = {ranges}};
	unsigned int mapped = 0, frames = 0;
	unsigned long first = 0;

	is(pv_memory_op(XENMEM_machine_memory_map, &list), 0, "the machine's memory is told of");
	for (unsigned int i = 0; i < list.nr_entries; i++) {
		if (ranges[i].type == TYPE_RAM) {
			frames += (unsigned int)(ranges[i].size >> PV_PAGE_SHIFT);
			mapped += map_others(&ranges[i], &first);
		}
	}
	ok(frames > 2 * guest.start->nr_pages, "of which most is not ours (%u frames)", frames);
	is(mapped, 0, "none but its own can be mapped (the first: %lx)", first);
}

/* An entry that would admit writing is refused, or made one that does not. */
static void check_kept(const char *what, uint64_t address, bool readable)
{
	if (readable) {
		is(map(address, MAP_DEVICE_RW), 0, "%s is mapped", what);
		is(*pv_entry((unsigned long)window, 1) & PTE_RW, 0, "but not to be written");
	} else {
		ok(map(address, MAP_DEVICE_RW) < 0, "%s cannot be mapped", what);
		ok(map(address, MAP_READ) < 0, "nor to be read");
	}
}

/* --- Tables -------------------------------------------------------------------------------- */

static void check_table(unsigned int device)
{
	volatile uint32_t *entry = (volatile uint32_t *)(volatile void *)window;
	uint64_t table = pci_bar(device, CARD_TABLE);
	uint32_t before[ENTRY_WORDS];
	int pirq = map_message(device, 0, table);

	ok(pirq >= 0, "an entry of a table is had");
	check_kept("the table", table, true);
	for (unsigned int i = 0; i < ENTRY_WORDS; i++) {
		before[i] = entry[i];
	}
	entry[0] = 0xfee01000;
	entry[2] = 0x20;
	entry[3] = 0;
	ok(entry[0] == before[0] && entry[2] == before[2] && entry[3] == before[3],
	   "what is written there is dropped");
	is(unmap(pirq), 0, "and the entry given back");
	ok(map_message(device, 5, table) < 0, "there is no sixth");
	ok(map_message(device, 0, table + PAGE_SIZE) < 0, "nor is it elsewhere");
}

/* The device's memory is put there, and with it, as the device has it, the table. */
static void check_lie(unsigned int device, const char *where, uint64_t address)
{
	ok(pci_bar(device, CARD_TABLE) != address, "a table");
	pci_write(device, PCI_BAR(CARD_TABLE), (uint32_t)address);
	is(pci_bar(device, CARD_TABLE), address, "that is said to be in %s", where);
	is(map_message(device, 0, address), -XEN_EINVAL, "is not used");
}

static void check_lies(unsigned int device, bool is_q35)
{
	uint64_t table = pci_bar(device, CARD_TABLE);
	int pirq;

	check_lie(device, "RAM", 0x1000000);
	check_lie(device, "Dom0's own page", pv_virt_to_mfn(window) << PV_PAGE_SHIFT & ~0x3fffUL);
	check_lie(device, "the local APIC", LOCAL_APIC);
	check_lie(device, "the IO-APIC", IO_APIC);
	check_lie(device, "the HPET", HPET);
	if (is_q35) {
		check_lie(device, "PCI configuration", CONFIG);
	}
	pci_write(device, PCI_BAR(CARD_TABLE), (uint32_t)table);
	pirq = map_message(device, 0, table);
	ok(pirq >= 0, "where it really is, it is");
	is(unmap(pirq), 0, "and given back");
}

static void guest_main(void)
{
	struct physdev_set_iopl iopl = {.iopl = 1};
	bool is_q35;
	int card;

	pv_physdev_op(PHYSDEVOP_set_iopl, &iopl);
	is_q35 = pci_read(0, 0) == Q35_BRIDGE;
	check_memory();
	check_kept("the local APIC", LOCAL_APIC, false);
	check_kept("the IO-APIC", IO_APIC, false);
	check_kept("the HPET", HPET, true);
	if (is_q35) {
		check_kept("the configuration of PCI", CONFIG, true);
	}
	card = pci_find(CARD);
	if (card < 0) {
		skip("a device's table", "there is none");
		return;
	}
	check_table((unsigned int)card);
	check_lies((unsigned int)card, is_q35);
}
