/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Free frames: a buddy allocator in zones by address. */
#ifndef MEMORY_FRAME_ALLOC_H
#define MEMORY_FRAME_ALLOC_H

#include <memory/frame.h>
#include <memory/memory.h>

#define FRAME_ORDER_MAX 18 /* 1 GiB */

/* Flags of an allocation: the low byte limits the address to that many bits, 0 does not. */
#define FRAME_BELOW_BITS(n) ((unsigned)(n)&0xff)
#define FRAME_USE_RESERVE   (1U << 8)  /* may take from the low reserve */
#define FRAME_UNCLEARED	    (1U << 9)  /* the caller overwrites it, or may see what is in it */
#define FRAME_UNLOCKED	    (1U << 10) /* no lock is held: interrupts may come while it is cleared */

/*
 * Start-up: records 0 … end-1 exist and none is RAM; then RAM is handed over, range by range; then
 * the low reserve is set aside: frames below 4 GiB that only allocations with FRAME_USE_RESERVE may
 * take: a sixteenth of all, at most 128 MiB.
 */
void frame_init(uint64_t end);
void frame_add_ram(uint64_t first, uint64_t last);
void frame_set_reserve(void);

/* For the hypervisor itself: 2^order frames, contiguous and cleared, or MFN_NONE. */
mfn_t frame_alloc(unsigned order, unsigned flags);
void frame_free(mfn_t mfn, unsigned order);

/* Frames in use from the start, such as the hypervisor's image or a boot module: as if allocated.
 */
void frame_mark_used(uint64_t first, uint64_t last);

/*
 * For a domain: on its list and counted, each frame of the block by itself. MFN_NONE: the domain's
 * limit, or no such memory free, or it dies. The other one only counts: the frames are still the
 * hypervisor's, and become the domain's by frame_attach() (frame_ref.h).
 */
mfn_t frame_alloc_for(struct domain_memory *dm, unsigned order, unsigned flags);
mfn_t frame_alloc_charged(struct domain_memory *dm, unsigned order, unsigned flags);

/* A frame that nobody refers to goes back to the free ones; see frame_ref.h. */
void frame_pool_put(mfn_t mfn, unsigned order);

/* Sets aside `frames` for the domain (not those it has already): 0 or -ENOMEM, -EINVAL. */
int frame_claim(struct domain_memory *dm, uint64_t frames);

/* Idle work: clears a few free frames. False: there was nothing to clear, or another CPU does. */
bool frame_scrub_some(void);

struct frame_pool_figures {
	uint64_t total; /* RAM handed over */
	uint64_t free;
	uint64_t dirty; /* of the free ones */
	uint64_t claimed;
	uint64_t low_free;    /* below 4 GiB */
	uint64_t low_reserve; /* of those, withheld */
};

struct frame_pool_figures frame_pool_figures(void);

#endif
