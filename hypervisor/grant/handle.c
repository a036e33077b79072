/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants: the handles of a domain's mappings. */
#include <debug/log.h>
#include <grant/grant.h>
#include <lib/heap.h>

_Static_assert(sizeof(struct grant_handle) == 16, "256 to a page");

static struct grant_handle *find(struct domain_grants *g, uint32_t number)
{
	if (number >= g->handle_pages * GRANT_HANDLES_PER_PAGE) {
		return NULL;
	}
	return g->handles[number / GRANT_HANDLES_PER_PAGE] + number % GRANT_HANDLES_PER_PAGE;
}

/* A page of free handles more, in ascending order; nothing happens if there cannot be one. */
static void add_page(struct domain_grants *g)
{
	uint32_t first = (uint32_t)(g->handle_pages * GRANT_HANDLES_PER_PAGE);
	struct grant_handle *page;

	if (!g->handles) {
		g->handles = heap_alloc(g->handle_page_limit * sizeof(*g->handles));
	}
	if (!g->handles || g->handle_pages == g->handle_page_limit) {
		return;
	}
	page = heap_alloc(PAGE_SIZE);
	if (!page) {
		return;
	}
	for (uint32_t i = 0; i < GRANT_HANDLES_PER_PAGE; i++) {
		page[i].ref = first + i + 1;
	}
	page[GRANT_HANDLES_PER_PAGE - 1].ref = g->free_handle;
	g->free_handle = first;
	g->handles[g->handle_pages++] = page;
}

uint32_t grant_handle_add(struct domain_grants *g, const struct grant_handle *as)
{
	uint32_t number;

	lock_acquire(&g->handles_lock);
	if (g->free_handle == GRANT_NO_HANDLE) {
		add_page(g);
	}
	number = g->free_handle;
	if (number != GRANT_NO_HANDLE) {
		struct grant_handle *handle = find(g, number);

		g->free_handle = handle->ref;
		*handle = *as;
		handle->flags |= GRANT_HANDLE_USED;
	}
	lock_release(&g->handles_lock);
	return number;
}

static bool take(struct grant_handle *handle, struct grant_handle *copy)
{
	if (!handle ||
	    (handle->flags & (GRANT_HANDLE_USED | GRANT_HANDLE_BUSY)) != GRANT_HANDLE_USED) {
		return false;
	}
	*copy = *handle;
	handle->flags |= GRANT_HANDLE_BUSY;
	return true;
}

bool grant_handle_take(struct domain_grants *g, uint32_t number, struct grant_handle *copy)
{
	bool taken;

	lock_acquire(&g->handles_lock);
	taken = take(find(g, number), copy);
	lock_release(&g->handles_lock);
	return taken;
}

bool grant_handle_take_next(struct domain_grants *g, uint32_t *number, struct grant_handle *copy)
{
	bool taken = false;

	lock_acquire(&g->handles_lock);
	for (; !taken && find(g, *number); *number += !taken) {
		taken = take(find(g, *number), copy);
	}
	lock_release(&g->handles_lock);
	return taken;
}

void grant_handle_return(struct domain_grants *g, uint32_t number)
{
	lock_acquire(&g->handles_lock);
	find(g, number)->flags &= (uint16_t)~GRANT_HANDLE_BUSY;
	lock_release(&g->handles_lock);
}

void grant_handle_remove(struct domain_grants *g, uint32_t number)
{
	lock_acquire(&g->handles_lock);
	*find(g, number) = (struct grant_handle){.ref = g->free_handle};
	g->free_handle = number;
	lock_release(&g->handles_lock);
}
