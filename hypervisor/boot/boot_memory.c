/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The free memory before there is a frame allocator: what the loader left, handed out from the top.
 */
#include <arch/paging.h>
#include <boot/boot_memory.h>
#include <debug/log.h>
#include <memory/frame_alloc.h>

#define LOW_END	  UINT64_C(0x100000)	/* start-up code of other processors lives below */
#define EASY_END  UINT64_C(0x100000000) /* what the boot page tables reach */
#define RANGE_MAX (BOOT_RANGES_MAX + BOOT_MODULES_MAX + 2)

struct range {
	paddr_t start, end;
};

static struct range range[RANGE_MAX];
static unsigned range_count;
static paddr_t limit = EASY_END;
static paddr_t ram_end;

static void remove_range(unsigned i)
{
	range[i] = range[--range_count];
}

/* Takes [start, end) out of the free ranges; a range that holds it in its middle becomes two. */
static void reserve(paddr_t start, paddr_t end)
{
	start = ROUND_DOWN(start, PAGE_SIZE);
	end = ROUND_UP(end, PAGE_SIZE);
	for (unsigned i = 0; i < range_count; i++) {
		struct range *r = &range[i];

		if (end <= r->start || r->end <= start) {
			continue;
		}
		if (r->start < start && end < r->end) {
			BUG_ON(range_count == RANGE_MAX);
			range[range_count++] = (struct range){end, r->end};
			r->end = start;
		} else if (r->start < start) {
			r->end = start;
		} else if (end < r->end) {
			r->start = end;
		} else {
			remove_range(i--);
		}
	}
}

void boot_memory_init(const struct boot_info *info)
{
	for (unsigned i = 0; i < info->memory_count; i++) {
		const struct memory_range *r = &info->memory[i];
		paddr_t start = ROUND_UP(r->start, PAGE_SIZE), end = ROUND_DOWN(r->end, PAGE_SIZE);

		end = MIN(end, (paddr_t)RAM_MAP_LIMIT);
		if (r->type == MEMORY_RAM && start < end) {
			range[range_count++] = (struct range){start, end};
			ram_end = MAX(ram_end, end);
		}
	}
	reserve(0, LOW_END);
	reserve(image_paddr(image_start), image_paddr(image_end));
	for (unsigned i = 0; i < info->module_count; i++) {
		reserve(info->modules[i].start, info->modules[i].start + info->modules[i].size);
	}
}

paddr_t boot_memory_alloc(uint64_t bytes, uint64_t align)
{
	paddr_t best = 0;

	for (unsigned i = 0; i < range_count; i++) {
		paddr_t end = MIN(range[i].end, limit);

		if (end >= bytes && ROUND_DOWN(end - bytes, align) >= range[i].start) {
			best = MAX(best, ROUND_DOWN(end - bytes, align));
		}
	}
	if (!best) {
		panic("no %lu KiB of memory are left to start with: too little RAM", bytes >> 10);
	}
	reserve(best, best + bytes);
	return best;
}

void boot_memory_use_all(void)
{
	limit = UINT64_MAX;
}

paddr_t boot_memory_end(void)
{
	return ram_end;
}

/* The free range that comes first at or behind an address; null: none. */
static const struct range *next_free(paddr_t from)
{
	const struct range *next = NULL;

	for (unsigned i = 0; i < range_count; i++) {
		if (range[i].start >= from && (!next || range[i].start < next->start)) {
			next = &range[i];
		}
	}
	return next;
}

/* What of RAM is not free is in use, by us: no guest may take a frame of ours for a device. */
void boot_memory_hand_over(const struct boot_info *info)
{
	for (unsigned i = 0; i < info->memory_count; i++) {
		const struct memory_range *r = &info->memory[i];
		paddr_t start = ROUND_UP(r->start, PAGE_SIZE), end = ROUND_DOWN(r->end, PAGE_SIZE);

		while (r->type == MEMORY_RAM && start < end) {
			const struct range *free = next_free(start);
			paddr_t stop = free && free->start < end ? free->start : end;

			if (start < stop) {
				frame_mark_used(start >> PAGE_SHIFT, (stop >> PAGE_SHIFT) - 1);
			}
			start = stop < end ? free->end : end;
		}
	}
	for (unsigned i = 0; i < range_count; i++) {
		frame_add_ram(range[i].start >> PAGE_SHIFT, (range[i].end >> PAGE_SHIFT) - 1);
	}
	range_count = 0;
}

void boot_memory_free_modules(const struct boot_info *info)
{
	for (unsigned i = 0; i < info->module_count; i++) {
		paddr_t start = ROUND_UP(info->modules[i].start, PAGE_SIZE);
		paddr_t end = ROUND_DOWN(info->modules[i].start + info->modules[i].size, PAGE_SIZE);

		if (start < end) {
			frame_add_ram(start >> PAGE_SHIFT, (end >> PAGE_SHIFT) - 1);
		}
	}
}
