/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout of a domain that the toolstack builds: parts do not overlap, the tables that it makes
 * are those it has counted, and walking them finds each page where it is said to be, and no table
 * writable.
 */
#include "tap.h"

#include <lib/domain_layout.h>
#include <string.h>

#define ENTRIES	   512
#define TABLES_MAX 4096

/* Page tables as the callback describes them, one row of entries to each PFN of a table. */
struct entry {
	uint64_t pfn;
	bool present, writable;
};
static struct {
	uint64_t pfn[TABLES_MAX];
	struct entry entry[TABLES_MAX][ENTRIES];
	unsigned int count;
	bool twice;
} tables;

static struct entry *row_of(uint64_t table)
{
	for (unsigned int i = 0; i < tables.count; i++) {
		if (tables.pfn[i] == table) {
			return tables.entry[i];
		}
	}
	if (tables.count == TABLES_MAX) {
		return NULL;
	}
	tables.pfn[tables.count] = table;
	memset(tables.entry[tables.count], 0, sizeof(tables.entry[0]));
	return tables.entry[tables.count++];
}

static void write_entry(void *context, uint64_t table, unsigned int index, uint64_t pfn,
			bool writable)
{
	struct entry *entry = row_of(table) + index;

	tables.twice |= entry->present;
	*entry = (struct entry){.pfn = pfn, .present = true, .writable = writable};
}

static const struct entry *walk(uint64_t root, uint64_t va)
{
	const struct entry *entry = NULL;
	uint64_t table = root;

	for (unsigned int shift = 39; shift >= 12; shift -= 9) {
		entry = row_of(table) + (va >> shift & (ENTRIES - 1));
		if (!entry->present) {
			return NULL;
		}
		table = entry->pfn;
	}
	return entry;
}

static bool is_table(const struct domain_layout *l, uint64_t pfn)
{
	return (pfn >= l->tables && pfn < l->tables + l->table_pages) ||
	       (pfn >= l->p2m_tables && pfn < l->p2m_tables + l->p2m_table_pages);
}

/* Each page of a range is mapped where it belongs, tables for reading alone. */
static bool range_is_mapped(const struct domain_layout *l, uint64_t va, uint64_t pfn,
			    uint64_t pages)
{
	for (; pages; pages--, pfn++, va += PAGE_SIZE) {
		const struct entry *entry = walk(l->tables, va);

		if (!entry || entry->pfn != pfn || entry->writable == is_table(l, pfn)) {
			return false;
		}
	}
	return true;
}

static bool tables_are_within(const struct domain_layout *l)
{
	for (unsigned int i = 0; i < tables.count; i++) {
		if (!is_table(l, tables.pfn[i])) {
			return false;
		}
	}
	return true;
}

/* In order, one behind the other: what is later begins where the one before ends, or later. */
static bool parts_are_apart(const struct domain_layout *l, const struct kernel_image *image)
{
	uint64_t at = (image->virt_end - image->virt_base + PAGE_SIZE - 1) / PAGE_SIZE;
	const uint64_t parts[][2] = {
		{image->mod_start_pfn ? at : l->initrd, image->mod_start_pfn ? 0 : l->initrd_pages},
		{image->init_p2m ? at + (image->mod_start_pfn ? 0 : l->initrd_pages) : l->p2m,
		 image->init_p2m ? 0 : l->p2m_pages},
		{l->start_info, 1},
		{l->store, 1},
		{l->console, 1},
		{l->tables, l->table_pages},
		{l->stack, 1},
		{l->mapped_to, 0},
		{image->mod_start_pfn ? l->initrd : l->mapped_to,
		 image->mod_start_pfn ? l->initrd_pages : 0},
		{image->init_p2m ? l->p2m : l->end, image->init_p2m ? l->p2m_pages : 0},
		{image->init_p2m ? l->p2m_tables : l->end, l->p2m_table_pages},
		{l->end, 0},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i][0] < at) {
			return false;
		}
		at = parts[i][0] + parts[i][1];
	}
	return true;
}

static bool check(const struct kernel_image *image, uint64_t pages, size_t initrd_bytes)
{
	struct domain_tables to = {.write = write_entry};
	struct domain_layout l;

	tables.count = 0;
	tables.twice = false;
	domain_layout(&l, image, pages, initrd_bytes);
	domain_tables_make(&l, image->init_p2m, &to);
	return parts_are_apart(&l, image) && tables_are_within(&l) && !tables.twice &&
	       tables.count <= l.table_pages + l.p2m_table_pages &&
	       range_is_mapped(&l, l.base, 0, l.mapped_to) &&
	       (!image->init_p2m || range_is_mapped(&l, image->init_p2m, l.p2m, l.p2m_pages));
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);
	struct kernel_image linux_kernel = {.virt_base = UINT64_C(0xffffffff80000000),
					    .virt_start = UINT64_C(0xffffffff81000000),
					    .virt_end = UINT64_C(0xffffffff84800000),
					    .init_p2m = UINT64_C(0x8000000000),
					    .mod_start_pfn = 1};
	struct kernel_image small = {.virt_start = 0, .virt_end = 0x5000};
	unsigned int wrong = 0;

	ok(check(&linux_kernel, 32768, 4649984), "a stock kernel in 128 MiB");
	ok(check(&linux_kernel, 1 << 20, 0), "in 4 GiB, without an initrd");
	ok(check(&small, 1024, 0), "a small kernel at address 0, with its P2M list behind it");
	ok(check(&small, 1024, 100000), "and an initrd that is mapped");
	linux_kernel.init_p2m = UINT64_C(0xffffffffc0000000);
	ok(check(&linux_kernel, 32768, 4096),
	   "a P2M list above the kernel, sharing tables of high levels");
	for (unsigned int i = 0; i < 200; i++) {
		uint64_t base = (tap_random(&seed) & 0x7fff) << (tap_random(&seed) % 3 * 9 + 12);
		struct kernel_image image = {
			.virt_base = base,
			.virt_end = base + (tap_random(&seed) % 3000 + 1) * 4096,
			.init_p2m = tap_random(&seed) % 2 ? UINT64_C(0x7f0000000000) : 0,
			.mod_start_pfn = tap_random(&seed) % 2};

		wrong += !check(&image, tap_random(&seed) % 30000 + 8000,
				tap_random(&seed) % 3000000);
	}
	is_int(wrong, 0, "200 kernels of random size and place");
	return done_testing();
}
