/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of x86-64 page tables: their bits, and the rule by which a guest's become real ones. */
#ifndef MEMORY_PAGE_ENTRY_H
#define MEMORY_PAGE_ENTRY_H

#include <arch/layout.h>
#include <lib/base.h>

/*
 *    63  62       53  52  51          12  11  9   8   7   6   5   4   3   2   1   0
 *   +---+-----------+---+---------------+------+---+---+---+---+---+---+---+---+---+
 *   |NX |  for the  | K |  frame number | free | G |PAT| D | A |PCD|PWT| U | W | P |
 *   |   |   guest   |   |               |      |   |PSE|   |   |   |   |   |   |   |
 *   +---+-----------+---+---------------+------+---+---+---+---+---+---+---+---+---+
 *
 * K is ours: see the entry rule. Bit 7 is PAT in an L1 entry; above, where it would make a large
 * page, it is refused.
 */
#define ENTRY_PRESENT  BIT(0)
#define ENTRY_WRITE    BIT(1)
#define ENTRY_USER     BIT(2)
#define ENTRY_PWT      BIT(3)
#define ENTRY_PCD      BIT(4)
#define ENTRY_ACCESSED BIT(5)
#define ENTRY_DIRTY    BIT(6)
#define ENTRY_PAT      BIT(7)
#define ENTRY_GLOBAL   BIT(8)
#define ENTRY_KERNEL   BIT(52)
#define ENTRY_NX       BIT(63)
#define ENTRY_FRAME    UINT64_C(0x000ffffffffff000)
#define ENTRY_CACHE    (ENTRY_PWT | ENTRY_PCD | ENTRY_PAT)
#define ENTRY_AD       (ENTRY_ACCESSED | ENTRY_DIRTY)

/* An L1 entry may differ in any other bit, and refers to the same thing with the same right. */
#define ENTRY_L1_REFERENCE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_CACHE | ENTRY_FRAME)

/* The same for entries above; whether the path is writable changes no right, as no table maps one.
 */
#define ENTRY_UPPER_REFERENCE (ENTRY_PRESENT | ENTRY_FRAME)
#define ENTRY_UPPER_REFUSED   (ENTRY_CACHE | ENTRY_GLOBAL)

#ifndef TABLE_SHIFT
#define TABLE_SHIFT 9
#endif
#define TABLE_ENTRIES (1U << TABLE_SHIFT)

static inline mfn_t entry_mfn(uint64_t entry)
{
	return MFN((entry & ENTRY_FRAME) >> PAGE_SHIFT);
}

static inline unsigned entry_cache(uint64_t entry)
{
	return (unsigned)((entry >> 3 & 3) | (entry >> 5 & 4));
}

static inline unsigned table_index(uint64_t va, unsigned level)
{
	return (unsigned)(va >> (PAGE_SHIFT + TABLE_SHIFT * (level - 1))) & (TABLE_ENTRIES - 1);
}

/* The bits that no table translates repeat the highest that one does. */
static inline bool table_va_is_canonical(uint64_t va)
{
	unsigned unused = 64 - PAGE_SHIFT - 4 * TABLE_SHIFT;

	return (uint64_t)((int64_t)(va << unused) >> unused) == va;
}

static inline bool table_slot_is_ours(unsigned level, unsigned index)
{
	return level == 4 &&
	       index - HYPERVISOR_FIRST_SLOT <= HYPERVISOR_LAST_SLOT - HYPERVISOR_FIRST_SLOT;
}

/*
 * THE ENTRY RULE. A guest's kernel runs in ring 3 as its programs do, so its pages must be user
 * pages: U is set everywhere. What was a user page to the guest becomes global, because the two
 * halves of a process share it and it may survive the switch between their roots; what was a kernel
 * page must not, because a program could use what is left in the TLB. K remembers which it was, so
 * that an entry which went through this once comes out the same again.
 */
static inline uint64_t entry_rule_l1(uint64_t entry)
{
	if ((entry & (ENTRY_USER | ENTRY_KERNEL)) == ENTRY_USER) {
		return entry | ENTRY_GLOBAL;
	}
	return (entry | ENTRY_USER | ENTRY_KERNEL) & ~ENTRY_GLOBAL;
}

static inline uint64_t entry_rule_upper(uint64_t entry)
{
	return entry | ENTRY_USER;
}

#endif
