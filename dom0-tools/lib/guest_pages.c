/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of a new domain in our memory. */
#include <errno.h>
#include <lib/error.h>
#include <lib/guest_pages.h>
#include <stdlib.h>

int guest_pages_init(struct guest_pages *pages, uint64_t end)
{
	*pages = (struct guest_pages){.end = end, .slot = calloc(end, sizeof(*pages->slot))};
	return pages->slot ? 0
			   : fail(ENOMEM, "no memory for a list of %lu pages", (unsigned long)end);
}

void guest_pages_want(struct guest_pages *pages, uint64_t first, uint64_t count)
{
	for (uint64_t pfn = first; pfn < first + count; pfn++) {
		pages->count += !pages->slot[pfn];
		pages->slot[pfn] = 1;
	}
}

int guest_pages_map(struct guest_pages *pages, domid_t domid, const uint64_t *frames)
{
	uint64_t *list = malloc(pages->count * sizeof(*list));
	uint32_t used = 0;

	for (uint64_t pfn = 0; list && pfn < pages->end; pfn++) {
		if (pages->slot[pfn]) {
			list[used] = frames[pfn];
			pages->slot[pfn] = ++used;
		}
	}
	pages->memory = list ? foreign_map(domid, list, pages->count) : NULL;
	if (!list) {
		fail(ENOMEM, "no memory for a list of %lu pages", (unsigned long)pages->count);
	}
	free(list);
	return pages->memory ? 0 : -EFAULT;
}

void guest_pages_free(struct guest_pages *pages)
{
	if (pages->memory) {
		foreign_unmap(pages->memory, pages->count);
	}
	free(pages->slot);
	*pages = (struct guest_pages){.end = 0};
}
