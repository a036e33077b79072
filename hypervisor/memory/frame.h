/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a machine frame: two hot words that change atomically, and cold links. */
#ifndef MEMORY_FRAME_H
#define MEMORY_FRAME_H

#include <arch/layout.h>
#include <lib/base.h>
#include <stdatomic.h>
#include <xen/xen.h>

/*
 * The reference word:
 *
 *    63      48  47  46  45  44  43                  32  31                                0
 *   +----------+---+---+---+---+------------------------+-----------------------------------+
 *   |  owner   | A | R | D | F |           0            |         references                |
 *   +----------+---+---+---+---+------------------------+-----------------------------------+
 *
 *   A  allocated: the owner holds one of the references and may give it back
 *   R  released: the owner gave it back, but somebody else refers to it still
 *   D  dirty: free, and holds what its last owner left
 *   F  the head of a block of free frames
 *
 * Owner and count are in one word so that "a reference, if the owner is d" is one
 * compare-and-swap. A frame with no references is free.
 *
 * The type word:
 *
 *    63 61  60  59  58  57  56 54  53      37  36  32  31                                0
 *   +------+---+---+---+---+------+-----------+------+-----------------------------------+
 *   | type | H | V | P | X | cache|     0     | order|  H: type references; else: stamp  |
 *   +------+---+---+---+---+------+-----------+------+-----------------------------------+
 *
 *   H  held: there are references of this type, together they hold one reference of the frame;
 *      otherwise the low half says when the last one went away (tlb_clock())
 *   V  validated: the contents are checked, for those types that have something to check
 *   P  pinned: the guest holds one of the type references by MMUEXT_PIN_*
 *   X  a domain that is not the owner has mapped it writable since it was allocated
 *   cache   the memory type it is mapped with, an index into the ABI's PAT
 *   order   of a block of free frames, in its head
 *
 * Counts stop well below 2^32: one more reference is refused, none ever carries.
 */
struct frame {
	_Atomic uint64_t ref;
	_Atomic uint64_t type;
};

struct frame_links {
	uint32_t prev;
	uint32_t next;
};

#define FRAME_OWNER_SHIFT 48
#define FRAME_ALLOCATED	  BIT(47)
#define FRAME_RELEASED	  BIT(46)
#define FRAME_DIRTY	  BIT(45)
#define FRAME_FREE_HEAD	  BIT(44)
#define FRAME_COUNT_MAX	  0xfffffff0U

/* Owners besides domains and the ABI's DOMID_IO (not RAM) and DOMID_XEN (shared with readers). */
#define FRAME_OWNER_NONE DOMID_INVALID /* free, or an orphan: its owner is gone */
#define FRAME_OWNER_SELF DOMID_IDLE    /* the hypervisor's, and nobody else's business */

#define FRAME_REF(owner, flags_count) \
	((uint64_t)(owner) << FRAME_OWNER_SHIFT | (uint64_t)(flags_count))

enum page_type {
	PAGE_NONE,
	PAGE_L1,
	PAGE_L2,
	PAGE_L3,
	PAGE_L4,
	PAGE_DESCRIPTOR,
	PAGE_WRITABLE,
};

#define TYPE_SHIFT	 61
#define TYPE_MASK	 (UINT64_C(7) << TYPE_SHIFT)
#define TYPE_HELD	 BIT(60)
#define TYPE_VALIDATED	 BIT(59)
#define TYPE_PINNED	 BIT(58)
#define TYPE_FOREIGN	 BIT(57)
#define TYPE_CACHE_SHIFT 54
#define TYPE_CACHE_MASK	 (UINT64_C(7) << TYPE_CACHE_SHIFT)
#define TYPE_ORDER_SHIFT 32
#define TYPE_COUNT_MASK	 UINT64_C(0xffffffff)
#define TYPE_OF(t)	 ((uint64_t)(t) << TYPE_SHIFT)

/* The first frame that has no record. Set once at start-up. */
extern uint64_t frame_end;

static inline bool frame_exists(mfn_t mfn)
{
	return mfn.n < frame_end;
}

static inline struct frame *frame_of(mfn_t mfn)
{
	return &FRAME_TABLE[mfn.n];
}

static inline uint64_t frame_ref_word(mfn_t mfn)
{
	return atomic_load_explicit(&frame_of(mfn)->ref, memory_order_relaxed);
}

static inline uint64_t frame_type_word(mfn_t mfn)
{
	return atomic_load_explicit(&frame_of(mfn)->type, memory_order_relaxed);
}

static inline domid_t frame_owner(mfn_t mfn)
{
	return (domid_t)(frame_ref_word(mfn) >> FRAME_OWNER_SHIFT);
}

static inline uint32_t frame_count(mfn_t mfn)
{
	return (uint32_t)frame_ref_word(mfn);
}

static inline enum page_type frame_type(mfn_t mfn)
{
	return (enum page_type)(frame_type_word(mfn) >> TYPE_SHIFT);
}

static inline uint32_t frame_type_count(mfn_t mfn)
{
	uint64_t word = frame_type_word(mfn);

	return word & TYPE_HELD ? (uint32_t)word : 0;
}

/* RAM: has a record and is not a hole, firmware's or a device's. */
static inline bool frame_is_ram(mfn_t mfn)
{
	return frame_exists(mfn) && frame_owner(mfn) != DOMID_IO;
}

#endif
