/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own page tables. */
#include <arch/cpu.h>
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/isolation.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <arch/smp.h>
#include <boot/boot_info.h>
#include <boot/boot_memory.h>
#include <debug/log.h>
#include <lib/error.h>
#include <lib/lock.h>
#include <lib/string.h>
#include <memory/frame_alloc.h>
#include <memory/frame_ref.h>

#define LARGE_2M UINT64_C(0x200000)
#define LARGE_1G UINT64_C(0x40000000)

extern uint64_t cpu_area_l2[512], cpu_area_l1[512];

static uint64_t idle_root[512] __attribute__((aligned(4096)));
static uint8_t zero_page[4096] __attribute__((aligned(4096)));
static uint8_t ones_page[4096] __attribute__((aligned(4096)));
static uint64_t device_next = MMIO_BASE;
static bool frames_ready; /* new tables come from the frame allocator, no longer from boot memory */

/* --- Tables -------------------------------------------------------------------------------- */

static uint64_t *table_at(uint64_t entry)
{
	return paddr_ptr(entry & PTE_ADDRESS);
}

static paddr_t new_table(void)
{
	paddr_t pa;

	if (frames_ready) {
		mfn_t mfn = frame_alloc(0, 0);

		BUG_ON(mfn_is_none(mfn));
		pa = mfn_to_paddr(mfn);
	} else {
		pa = boot_memory_alloc(PAGE_SIZE, PAGE_SIZE);
	}
	memset(paddr_ptr(pa), 0, PAGE_SIZE);
	return pa;
}

/* The entry for va at `level` (4: root … 1), with the tables above it made as needed. */
static uint64_t *entry_for(uint64_t va, unsigned level)
{
	uint64_t *table = idle_root;

	for (unsigned l = 4; l > level; l--) {
		uint64_t *entry = &table[(va >> (12 + 9 * (l - 1))) & 511];

		if (!(*entry & PTE_PRESENT)) {
			*entry = new_table() | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED;
		}
		BUG_ON(*entry & PTE_LARGE);
		table = table_at(*entry);
	}
	return &table[(va >> (12 + 9 * (level - 1))) & 511];
}

/* As far as the processor knows them; what is global would stay readable on other page tables. */
uint64_t paging_rights(uint64_t rights)
{
	return rights & ~(cpu_features.nx ? 0 : PTE_NX) &
	       ~(isolation_is_used() ? (uint64_t)PTE_GLOBAL : 0);
}

void paging_map(uint64_t va, paddr_t pa, uint64_t bytes, uint64_t rights)
{
	rights = paging_rights(rights);
	while (bytes) {
		uint64_t step = PAGE_SIZE;
		unsigned level = 1;

		if (cpu_features.gbpages && !((va | pa) & (LARGE_1G - 1)) && bytes >= LARGE_1G) {
			step = LARGE_1G;
			level = 3;
		} else if (!((va | pa) & (LARGE_2M - 1)) && bytes >= LARGE_2M) {
			step = LARGE_2M;
			level = 2;
		}
		*entry_for(va, level) = pa | rights | (level > 1 ? PTE_LARGE : 0);
		va += step;
		pa += step;
		bytes -= step;
	}
}

volatile void *paging_map_device(paddr_t pa, uint64_t bytes)
{
	uint64_t offset = pa & ~PAGE_MASK, va;

	bytes = ROUND_UP(bytes + offset, PAGE_SIZE);
	va = ROUND_UP(device_next, bytes >= LARGE_2M ? LARGE_2M : PAGE_SIZE);
	paging_map(va, pa - offset, bytes, PAGING_DEVICE);
	device_next = va + bytes;
	return (volatile void *)(va + offset);
}

/* --- Start-up ------------------------------------------------------------------------------ */

static void map_section(const char *from, const char *to, uint64_t rights)
{
	paging_map((uint64_t)from, image_paddr(from), (uint64_t)(to - from), rights);
}

static void map_image(void)
{
	map_section(image_start, rodata_start, PAGING_RX);
	map_section(rodata_start, init_start, PAGING_RO);
	map_section(init_start, symbols_start, PAGING_RX);
	map_section(symbols_start, data_start, PAGING_RO);
	map_section(data_start, image_end, PAGING_RW);
}

/* All of RAM, writable and never executable; our own text and constants not even writable. */
static void map_ram(const struct boot_info *info)
{
	paddr_t image_from = image_paddr(image_start), image_to = image_paddr(init_start);

	for (unsigned i = 0; i < info->memory_count; i++) {
		paddr_t from = ROUND_UP(info->memory[i].start, PAGE_SIZE);
		paddr_t to = ROUND_DOWN(info->memory[i].end, PAGE_SIZE);

		if (info->memory[i].type != MEMORY_RAM || from >= to) {
			continue;
		}
		if (to > RAM_MAP_LIMIT) {
			log_warn("memory above %#lx is not used\n", RAM_MAP_LIMIT);
			to = MIN(to, (paddr_t)RAM_MAP_LIMIT);
		}
		if (from <= image_from && image_to <= to) {
			paging_map(RAM_MAP_BASE + from, from, image_from - from, PAGING_RW);
			paging_map(RAM_MAP_BASE + image_from, image_from, image_to - image_from,
				   PAGING_RO);
			from = image_to;
		}
		if (from < to) {
			paging_map(RAM_MAP_BASE + from, from, to - from, PAGING_RW);
		}
	}
}

/* A table of `bytes` at va in new memory, each byte filled. */
static void map_new_table(uint64_t va, uint64_t bytes, int fill)
{
	paddr_t pa;

	bytes = ROUND_UP(bytes, PAGE_SIZE);
	pa = boot_memory_alloc(bytes, bytes >= LARGE_2M ? LARGE_2M : PAGE_SIZE);
	paging_map(va, pa, bytes, PAGING_RW);
	memset((void *)va, fill, bytes);
}

/* Tools map it in pieces of 2 MiB, so it consists of whole ones. */
static struct {
	paddr_t start;
	uint64_t bytes;
} m2p;

static void map_frame_tables(uint64_t frames)
{
	m2p.bytes = ROUND_UP(frames * 8, LARGE_2M);
	m2p.start = boot_memory_alloc(m2p.bytes, LARGE_2M);
	paging_map(M2P_BASE, m2p.start, m2p.bytes, PAGING_RW);
	paging_map(M2P_GUEST_BASE, m2p.start, m2p.bytes, PAGING_GUEST);
	memset(M2P, 0xff, m2p.bytes);
	map_new_table(FRAME_TABLE_BASE, frames * 16, 0);
	map_new_table(FRAME_LINKS_BASE, frames * 8, 0);
}

void paging_init(const struct boot_info *info)
{
	for (unsigned slot = HYPERVISOR_FIRST_SLOT; slot <= HYPERVISOR_LAST_SLOT; slot++) {
		entry_for((uint64_t)slot << 39 | UINT64_C(0xffff) << 48, 3);
	}
	*entry_for(CPU_AREA_BASE, 3) =
		image_paddr(cpu_area_l2) | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED;
	memset(ones_page, 0xff, sizeof(ones_page));
	map_image();
	map_ram(info);
	write_cr4(read_cr4() & ~(uint64_t)CR4_PGE);
	write_cr3(paging_idle_root());
	write_cr4(read_cr4() | CR4_PGE);
	this_cpu()->root = paging_idle_root();

	boot_memory_use_all(); /* memory above 4 GiB is within reach now */
	map_frame_tables(boot_memory_end() >> PAGE_SHIFT);
}

void paging_use_frame_allocator(void)
{
	frames_ready = true;
	for (uint64_t done = 0; done < m2p.bytes; done += PAGE_SIZE) {
		frame_share(paddr_to_mfn(m2p.start + done), DOMID_XEN, false);
	}
}

mfn_t m2p_piece(uint64_t index)
{
	return index < m2p.bytes / LARGE_2M ? paddr_to_mfn(m2p.start + index * LARGE_2M) : MFN_NONE;
}

static void unmap_section(const char *from, const char *to)
{
	for (const char *page = from; page < to; page += PAGE_SIZE) {
		*entry_for((uint64_t)page, 1) = 0;
	}
}

static void free_section(const char *from, const char *to)
{
	frame_add_ram(image_paddr(from) >> PAGE_SHIFT, (image_paddr(to) >> PAGE_SHIFT) - 1);
}

void paging_seal(void)
{
	unmap_section(init_start, symbols_start);
	unmap_section(init_bss_start, image_end);
	tlb_flush(~UINT64_C(0));
	free_section(init_start, symbols_start);
	free_section(init_bss_start, image_end);
}

paddr_t paging_idle_root(void)
{
	return image_paddr(idle_root);
}

void paging_fill_guest_root(mfn_t root, bool m2p_visible)
{
	uint64_t *table = frame_ptr(root);

	for (unsigned slot = HYPERVISOR_FIRST_SLOT; slot <= HYPERVISOR_LAST_SLOT; slot++) {
		table[slot] = idle_root[slot];
	}
	if (!m2p_visible) {
		table[HYPERVISOR_FIRST_SLOT] = 0;
	}
}

/* --- The map of all RAM -------------------------------------------------------------------- */

static struct lock ram_map_lock = LOCK_INIT(LOCK_RAM_MAP);

/* 512 entries of the next size in place of a large page; what is in the TLB stays right. */
static int split(uint64_t *entry, unsigned level)
{
	mfn_t table = frame_alloc(0, FRAME_UNCLEARED);
	uint64_t step = PAGE_SIZE << 9 * (level - 2), bits = *entry & ~(uint64_t)PTE_ADDRESS;
	uint64_t *entries;

	if (mfn_is_none(table)) {
		return -ENOMEM;
	}
	entries = frame_ptr(table);
	if (level == 2) {
		bits &= ~(uint64_t)PTE_LARGE;
	}
	for (unsigned i = 0; i < 512; i++) {
		entries[i] = ((*entry & PTE_ADDRESS) + i * step) | bits;
	}
	*(volatile uint64_t *)entry = mfn_to_paddr(table) | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
	return 0;
}

/* The L1 entry of a page of RAM, if its mapping is in small pages or can be made so. */
static int ram_map_entry(uint64_t va, bool may_split, uint64_t **leaf)
{
	uint64_t *entry = &idle_root[va >> 39 & 511];

	for (unsigned level = 3;; level--) {
		entry = &table_at(*entry)[va >> (12 + 9 * (level - 1)) & 511];
		if (level == 1) {
			*leaf = entry;
			return 0;
		}
		if (*entry & PTE_LARGE) {
			int rc = may_split ? split(entry, level) : -ENOENT;

			if (rc) {
				return rc;
			}
		}
	}
}

int ram_map_set_cache(mfn_t mfn, unsigned pat_index)
{
	uint64_t va = (uint64_t)frame_ptr(mfn), *leaf;
	uint64_t bits = (pat_index & 3) << 3 | (pat_index & 4) << 5;
	int rc;

	if (!pat_index) { /* the caller may hold the lock of the free frames, so nothing is split */
		rc = ram_map_entry(va, false, &leaf);
	} else {
		lock_acquire(&ram_map_lock);
		rc = ram_map_entry(va, true, &leaf);
		lock_release(&ram_map_lock);
	}
	if (rc) {
		return pat_index ? rc : 0;
	}
	*(volatile uint64_t *)leaf = (*leaf & ~(uint64_t)(PTE_PWT | PTE_PCD | PTE_LARGE)) | bits;
	tlb_flush_va(cpus_started(), va);
	cache_flush(cpus_started());
	return 0;
}

/* --- CPU areas ----------------------------------------------------------------------------- */

void cpu_area_map(unsigned cpu, uint64_t offset, paddr_t pa, uint64_t rights)
{
	uint64_t va = cpu_area(cpu) + offset, entry = pa | paging_rights(rights);

	*entry_for(va, 1) = entry;
	isolation_area_changed(cpu, offset, entry);
	invalidate_page(va);
}

/* CPU 0's pages come with the image (head.S). */
void cpu_area_create(unsigned cpu)
{
	static const unsigned stacks[] = {CPU_STACK_DF, CPU_STACK_NMI, CPU_STACK_MC, CPU_STACK_DB};

	for (unsigned page = 0; page < CPU_DATA_PAGES; page++) {
		cpu_area_map(cpu, CPU_DATA + page * PAGE_SIZE, cpu_area_new_page(), PAGING_RW);
	}
	for (unsigned i = 0; i < ARRAY_COUNT(stacks); i++) {
		cpu_area_map(cpu, stacks[i] - PAGE_SIZE, cpu_area_new_page(), PAGING_RW);
	}
	for (uint64_t at = CPU_STACK_BOTTOM; at < CPU_STACK_TOP; at += PAGE_SIZE) {
		cpu_area_map(cpu, at, cpu_area_new_page(), PAGING_RW);
	}
	cpu_of(cpu)->id = cpu;
}

paddr_t cpu_area_new_page(void)
{
	return new_table();
}

paddr_t zero_page_paddr(void)
{
	return image_paddr(zero_page);
}

paddr_t ones_page_paddr(void)
{
	return image_paddr(ones_page);
}
