/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants: the handles of a domain's mappings. */
#include <debug/log.h>
#include <grant/grant.h>
#include <lib/error.h>
#include <lib/heap.h>
#include <lib/index.h>

_Static_assert(sizeof(struct grant_handle) == 16, "256 to a page");

static struct grant_handle *find(struct domain_grants *g, uint64_t number)
{
	uint32_t count = atomic_load_explicit(&g->handle_pages, memory_order_acquire) *
			 GRANT_HANDLES_PER_PAGE;

	if (!index_ok(&number, count)) {
		return NULL;
	}
	return g->handles[number / GRANT_HANDLES_PER_PAGE] + number % GRANT_HANDLES_PER_PAGE;
}

/* A page of free handles more, in ascending order; nothing happens if there cannot be one. */
static void add_page(struct domain_grants *g)
{
	unsigned pages = g->handle_pages;
	uint32_t first = (uint32_t)(pages * GRANT_HANDLES_PER_PAGE);
	struct grant_handle *page;

	if (!g->handles) {
		g->handles = heap_alloc(g->handle_page_limit * sizeof(*g->handles));
	}
	if (!g->handles || pages == g->handle_page_limit) {
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
	g->handles[pages] = page;
	atomic_store_explicit(&g->handle_pages, pages + 1, memory_order_release);
}

struct grant_handle *grant_handle_reserve(struct domain_grants *g, uint32_t *number)
{
	struct grant_handle *handle = NULL;

	lock_acquire(&g->handles_lock);
	if (unlikely(g->free_handle == GRANT_NO_HANDLE)) {
		add_page(g);
	}
	*number = g->free_handle;
	if (likely(*number != GRANT_NO_HANDLE)) {
		handle = find(g, *number);
		g->free_handle = handle->ref;
	}
	lock_release(&g->handles_lock);
	return handle;
}

void grant_handle_remove(struct domain_grants *g, struct grant_handle *handle, uint32_t number)
{
	atomic_store_explicit(&handle->flags, 0, memory_order_relaxed);
	lock_acquire(&g->handles_lock);
	handle->ref = g->free_handle;
	g->free_handle = number;
	lock_release(&g->handles_lock);
}

static bool take(struct grant_handle *handle)
{
	uint16_t flags = atomic_load_explicit(&handle->flags, memory_order_relaxed);

	return (flags & (GRANT_HANDLE_USED | GRANT_HANDLE_BUSY)) == GRANT_HANDLE_USED &&
	       atomic_compare_exchange_strong_explicit(&handle->flags, &flags,
						       (uint16_t)(flags | GRANT_HANDLE_BUSY),
						       memory_order_acquire, memory_order_relaxed);
}

struct grant_handle *grant_handle_take(struct domain_grants *g, uint32_t number)
{
	struct grant_handle *handle = find(g, number);

	return handle && take(handle) ? handle : NULL;
}

struct grant_handle *grant_handle_take_next(struct domain_grants *g, uint32_t *number)
{
	struct grant_handle *handle;

	while ((handle = find(g, *number)) && !take(handle)) {
		++*number;
	}
	return handle;
}

int grant_handle_find(struct domain_grants *g, mfn_t mfn, uint32_t *number, unsigned steps)
{
	struct grant_handle *handle;

	for (; (handle = find(g, *number)) && steps; ++*number, steps--) {
		uint16_t flags = atomic_load_explicit(&handle->flags, memory_order_acquire);

		if (flags & GRANT_HANDLE_USED &&
		    __atomic_load_n(&handle->mfn, __ATOMIC_RELAXED) == mfn.n) {
			return 1;
		}
	}
	return handle ? 0 : -EINVAL;
}

void grant_handle_return(struct grant_handle *handle, unsigned less)
{
	uint16_t flags = atomic_load_explicit(&handle->flags, memory_order_relaxed);

	atomic_store_explicit(&handle->flags, (uint16_t)(flags & ~(less | GRANT_HANDLE_BUSY)),
			      memory_order_release);
}
