/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where everything goes in a new domain; pure arithmetic. */
#include <lib/domain_layout.h>

#define PADDING	     UINT64_C(0x80000) /* at least so much is mapped behind the stack */
#define MAP_ALIGN    UINT64_C(0x400000)
#define LEVEL_SHIFT  9
#define TABLE_LEVELS 4

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* Tables of one level that a range of virtual addresses needs. */
static uint64_t tables_of_level(uint64_t from, uint64_t to, unsigned int level)
{
	unsigned int shift = PAGE_SHIFT + LEVEL_SHIFT * level;

	return ((to - 1) >> shift) - (from >> shift) + 1;
}

static uint64_t tables_below_root(uint64_t from, uint64_t to)
{
	return tables_of_level(from, to, 1) + tables_of_level(from, to, 2) +
	       tables_of_level(from, to, 3);
}

static uint64_t address(const struct domain_layout *l, uint64_t pfn)
{
	return l->base + (pfn << PAGE_SHIFT);
}

/* The tables map themselves, so their number depends on itself. */
static void place_tables(struct domain_layout *l)
{
	uint64_t mapped;

	do {
		l->table_pages++;
		l->stack = l->tables + l->table_pages;
		mapped = ROUND_UP(address(l, l->stack + 1) + PADDING, MAP_ALIGN);
	} while (l->table_pages < 1 + tables_below_root(l->base, mapped));
	l->mapped_to = (mapped - l->base) >> PAGE_SHIFT;
}

void domain_layout(struct domain_layout *l, const struct kernel_image *image, uint64_t pages,
		   size_t initrd_bytes)
{
	uint64_t pfn = pages_of(image->virt_end - image->virt_base);

	*l = (struct domain_layout){.base = image->virt_base};
	l->initrd_pages = pages_of(initrd_bytes);
	l->p2m_pages = pages_of(pages * sizeof(uint64_t));
	if (!image->mod_start_pfn) {
		l->initrd = pfn;
		pfn += l->initrd_pages;
	}
	if (!image->init_p2m) {
		l->p2m = pfn;
		pfn += l->p2m_pages;
	}
	l->start_info = pfn++;
	l->store = pfn++;
	l->console = pfn++;
	l->tables = pfn;
	place_tables(l);
	l->end = l->mapped_to;
	if (image->mod_start_pfn) {
		l->initrd = l->end;
		l->end += l->initrd_pages;
	}
	if (image->init_p2m) {
		uint64_t to = image->init_p2m + (l->p2m_pages << PAGE_SHIFT);

		l->p2m = l->end;
		l->p2m_tables = l->p2m + l->p2m_pages;
		l->p2m_table_pages = tables_below_root(image->init_p2m, to);
		l->end = l->p2m_tables + l->p2m_table_pages;
	}
}

/* --- Page tables ---------------------------------------------------------------------------- */

/*
 * The path of tables to the address that was mapped last. Addresses come in rising order, so a
 * table that the path leaves is never needed again.
 */
struct walk {
	const struct domain_layout *layout;
	const struct domain_tables *to;
	uint64_t table[TABLE_LEVELS + 1]; /* by level; [TABLE_LEVELS] is the root */
	uint64_t covers[TABLE_LEVELS];	  /* the address range of each, its number; ~0: none */
	uint64_t next;			  /* the next PFN for a table */
};

static bool is_table(const struct domain_layout *l, uint64_t pfn)
{
	return (pfn >= l->tables && pfn < l->tables + l->table_pages) ||
	       (pfn >= l->p2m_tables && pfn < l->p2m_tables + l->p2m_table_pages);
}

static unsigned int index_at(uint64_t va, unsigned int level)
{
	return (unsigned int)(va >> (PAGE_SHIFT + LEVEL_SHIFT * (level - 1))) & 511;
}

static void map(struct walk *w, uint64_t va, uint64_t pfn)
{
	for (unsigned int level = TABLE_LEVELS - 1; level >= 1; level--) {
		uint64_t range = va >> (PAGE_SHIFT + LEVEL_SHIFT * level);

		if (w->covers[level] != range) {
			w->covers[level] = range;
			w->table[level] = w->next++;
			w->to->write(w->to->context, w->table[level + 1], index_at(va, level + 1),
				     w->table[level], true);
		}
	}
	w->to->write(w->to->context, w->table[1], index_at(va, 1), pfn, !is_table(w->layout, pfn));
}

static void map_range(struct walk *w, uint64_t va, uint64_t pfn, uint64_t pages)
{
	for (; pages; pages--, pfn++, va += PAGE_SIZE) {
		map(w, va, pfn);
	}
}

void domain_tables_make(const struct domain_layout *l, uint64_t init_p2m,
			const struct domain_tables *to)
{
	struct walk w = {.layout = l, .to = to, .next = l->tables + 1};

	w.table[TABLE_LEVELS] = l->tables;
	for (unsigned int level = 1; level < TABLE_LEVELS; level++) {
		w.covers[level] = UINT64_MAX;
	}
	/* A list below the kernel comes first, so that addresses rise. */
	if (init_p2m && init_p2m < l->base) {
		w.next = l->p2m_tables;
		map_range(&w, init_p2m, l->p2m, l->p2m_pages);
		w.next = l->tables + 1;
	}
	map_range(&w, l->base, 0, l->mapped_to);
	if (init_p2m && init_p2m > l->base) {
		w.next = l->p2m_tables;
		map_range(&w, init_p2m, l->p2m, l->p2m_pages);
	}
}
