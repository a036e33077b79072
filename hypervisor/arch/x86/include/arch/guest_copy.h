/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to guest memory by the guest's own addresses: the machine's side of the one door. */
#ifndef ARCH_GUEST_COPY_H
#define ARCH_GUEST_COPY_H

#include <arch/fixup.h>
#include <arch/instructions.h>
#include <arch/layout.h>
#include <lib/base.h>
#include <lib/error.h>

/*
 * What is a guest's begins behind the hypervisor's slots and goes on, past the wrap-around, through
 * the whole lower half: seen from there it is one range.
 */
#define GUEST_SPAN (UINT64_C(0x800000000000) - HYPERVISOR_END)

static inline bool guest_range_ok(uint64_t va, uint64_t bytes)
{
	return bytes <= GUEST_SPAN && va - HYPERVISOR_END <= GUEST_SPAN - bytes;
}

/*
 * The same for what is going to be read and used: where the branch on this is mispredicted, the
 * address is 0 from here on, lest something of the hypervisor's becomes an index. That holds for
 * up to GUEST_SPAN bytes; more are for no guest to ask for.
 */
static inline bool guest_range_take(uint64_t *va, uint64_t bytes)
{
	uint64_t mask;
	bool below;

	__asm__("cmp %3, %2\n\tsbb %0, %0"
		: "=r"(mask), "=@ccc"(below)
		: "r"(*va - HYPERVISOR_END), "r"(GUEST_SPAN + 1 - bytes));
	*va &= mask;
	return below && bytes <= GUEST_SPAN;
}

/* Operand 2 of an `asm goto`, its label, is where a fault at local label 1 goes on. */
#define FIXUP_TO_FAULT                                  \
	".pushsection .fixup_table, \"a\", @progbits\n" \
	".long 1b - ., %l2 - .\n"                       \
	".popsection\n"

/*
 * A few words, and perhaps half a one behind them, each by one instruction: for the hot paths,
 * whose sizes the compiler knows. The range has been checked; 0, or -EFAULT on a fault, when some
 * may have been copied.
 */
static inline __attribute__((always_inline)) int guest_read_words(void *to, uint64_t from,
								  unsigned bytes)
{
	user_access_begin();
#pragma GCC unroll 16
	for (unsigned i = 0; i < bytes / 8; i++) {
		uint64_t word; /* in between, or GCC 12 breaks */

		__asm__ goto("1: movq %1, %0\n" FIXUP_TO_FAULT
			     : "=r"(word)
			     : "m"(((const uint64_t *)from)[i])
			     :
			     : fault);
		((uint64_t *)to)[i] = word;
	}
	if (bytes % 8) {
		uint32_t half;

		__asm__ goto("1: movl %1, %0\n" FIXUP_TO_FAULT
			     : "=r"(half)
			     : "m"(*(const uint32_t *)(from + bytes / 8 * 8))
			     :
			     : fault);
		((uint32_t *)to)[bytes / 8 * 2] = half;
	}
	user_access_end();
	return 0;
fault:
	user_access_end();
	return -EFAULT;
}

/* The same for one word at a time, between user_access_begin() and _end(): a fault goes to `fault`.
 */
#define GUEST_TAKE(at)                                         \
	({                                                     \
		uint64_t word_;                                \
		__asm__ goto("1: movq %1, %0\n" FIXUP_TO_FAULT \
			     : "=r"(word_)                     \
			     : "m"(*(const uint64_t *)(at))    \
			     :                                 \
			     : fault);                         \
		word_;                                         \
	})

static inline __attribute__((always_inline)) int guest_write_words(uint64_t to, const void *from,
								   unsigned bytes)
{
	user_access_begin();
#pragma GCC unroll 16
	for (unsigned i = 0; i < bytes / 8; i++) {
		__asm__ goto("1: movq %1, %0\n" FIXUP_TO_FAULT
			     :
			     : "m"(((uint64_t *)to)[i]), "er"(((const uint64_t *)from)[i])
			     : "memory"
			     : fault);
	}
	if (bytes % 8) {
		__asm__ goto("1: movl %1, %0\n" FIXUP_TO_FAULT
			     :
			     : "m"(*(uint32_t *)(to + bytes / 8 * 8)),
			       "er"(((const uint32_t *)from)[bytes / 8 * 2])
			     : "memory"
			     : fault);
	}
	user_access_end();
	return 0;
fault:
	user_access_end();
	return -EFAULT;
}

#endif
