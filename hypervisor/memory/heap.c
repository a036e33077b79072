/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small objects: pages cut into pieces of one size, a list of pages with free pieces per size. */
#include <debug/log.h>
#include <lib/heap.h>
#include <lib/lock.h>
#include <lib/string.h>
#include <memory/frame_alloc.h>

/* A free piece is linked through its first word; debug builds fill the rest to notice late writes.
 */
struct piece {
	struct piece *next;
};

/* At the start of each page; the pieces follow. In its size's list while it has a free piece. */
struct slab {
	struct slab *next, *prev;
	struct piece *free;
	unsigned used;
};

/* Multiples of 16 that leave little of a page over. Anything larger is whole pages. */
static const uint16_t sizes[] = {32, 64, 96, 128, 192, 256, 384, 496, 672, 1008, 1344, 2032};
#define SIZES	     ARRAY_COUNT(sizes)
#define SIZE_LARGEST 2032
#define POISON	     0x5a

_Static_assert(sizeof(struct slab) == 32, "what the sizes assume");
_Static_assert(32 + 2 * SIZE_LARGEST <= PAGE_SIZE, "two of the largest fit");

static struct {
	struct lock lock;
	struct slab *partial[SIZES];
} heap = {.lock = LOCK_INIT(LOCK_HEAP)};

static size_t size_index(size_t bytes)
{
	size_t i = 0;

	while (sizes[i] < bytes) {
		i++;
	}
	return i;
}

static unsigned page_order(size_t bytes)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < bytes) {
		order++;
	}
	return order;
}

static void list_add(size_t i, struct slab *slab)
{
	slab->prev = NULL;
	slab->next = heap.partial[i];
	if (slab->next) {
		slab->next->prev = slab;
	}
	heap.partial[i] = slab;
}

static void list_remove(size_t i, struct slab *slab)
{
	if (slab->prev) {
		slab->prev->next = slab->next;
	} else {
		heap.partial[i] = slab->next;
	}
	if (slab->next) {
		slab->next->prev = slab->prev;
	}
}

#ifdef DEBUG
static void poison(struct piece *piece, size_t bytes)
{
	memset(piece + 1, POISON, bytes - sizeof(*piece));
}

static void check_poison(const struct piece *piece, size_t bytes)
{
	const uint8_t *at = (const uint8_t *)(piece + 1);

	for (size_t i = 0; i < bytes - sizeof(*piece); i++) {
		if (at[i] != POISON) {
			panic("heap: a piece of %zu bytes was written after it was freed", bytes);
		}
	}
}
#else
static void poison(struct piece *piece, size_t bytes)
{
	(void)piece;
	(void)bytes;
}

static void check_poison(const struct piece *piece, size_t bytes)
{
	(void)piece;
	(void)bytes;
}
#endif

/* A page cut up; no lock is held, because the frame pool's comes before the heap's. */
static struct slab *slab_make(size_t i)
{
	mfn_t mfn = frame_alloc(0, FRAME_UNCLEARED);
	struct slab *slab;

	if (mfn_is_none(mfn)) {
		return NULL;
	}
	slab = frame_ptr(mfn);
	*slab = (struct slab){0};
	for (size_t at = sizeof(*slab); at + sizes[i] <= PAGE_SIZE; at += sizes[i]) {
		struct piece *piece = (struct piece *)((char *)slab + at);

		piece->next = slab->free;
		slab->free = piece;
		poison(piece, sizes[i]);
	}
	return slab;
}

static void *alloc_pages(size_t bytes)
{
	mfn_t mfn = frame_alloc(page_order(bytes), 0);

	return mfn_is_none(mfn) ? NULL : frame_ptr(mfn);
}

void *heap_alloc(size_t bytes)
{
	size_t i;
	struct slab *slab;
	struct piece *piece;

	if (bytes > SIZE_LARGEST) {
		return alloc_pages(bytes);
	}
	i = size_index(bytes);
	lock_acquire(&heap.lock);
	if (!heap.partial[i]) {
		lock_release(&heap.lock);
		slab = slab_make(i);
		if (!slab) {
			return NULL;
		}
		lock_acquire(&heap.lock);
		list_add(i, slab);
	}
	slab = heap.partial[i];
	piece = slab->free;
	slab->free = piece->next;
	slab->used++;
	if (!slab->free) {
		list_remove(i, slab);
	}
	lock_release(&heap.lock);
	check_poison(piece, sizes[i]);
	memset(piece, 0, sizes[i]);
	return piece;
}

void heap_free(void *object, size_t bytes)
{
	struct piece *piece = object;
	struct slab *slab;
	size_t i;
	bool empty;

	if (!object) {
		return;
	}
	if (bytes > SIZE_LARGEST) {
		frame_free(frame_of_ptr(object), page_order(bytes));
		return;
	}
	i = size_index(bytes);
	poison(piece, sizes[i]);
	lock_acquire(&heap.lock);
	slab = (struct slab *)((uintptr_t)object & PAGE_MASK);
	if (!slab->free) {
		list_add(i, slab);
	}
	piece->next = slab->free;
	slab->free = piece;
	empty = --slab->used == 0;
	if (empty) {
		list_remove(i, slab);
	}
	lock_release(&heap.lock);
	if (empty) {
		frame_free(frame_of_ptr(slab), 0);
	}
}
