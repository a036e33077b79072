/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to guest memory by the guest's own addresses: the machine's side of the one door. */
#ifndef ARCH_GUEST_COPY_H
#define ARCH_GUEST_COPY_H

#include <arch/fixup.h>
#include <arch/instructions.h>
#include <arch/layout.h>
#include <lib/base.h>
#include <lib/error.h>

/* Canonical and outside the hypervisor's slots, both ends. */
static inline bool guest_range_ok(uint64_t va, uint64_t bytes)
{
	uint64_t end = va + bytes;

	return end >= va && (end <= UINT64_C(0x800000000000) || va >= HYPERVISOR_END);
}

/* Copies whole words in the direction the caller has checked; 0, or -EFAULT on a fault. */
static inline int guest_copy_words(void *to, const void *from, uint64_t words)
{
	int rc;

	__asm__ volatile("661: stac\n" SMAP_SITE "1: rep movsq\n"
			 "xorl %k0, %k0\n"
			 "2:\n"
			 ".pushsection .text.fixup, \"ax\", @progbits\n"
			 "3: movl %4, %k0\n"
			 "jmp 2b\n"
			 ".popsection\n"
			 "661: clac\n" SMAP_SITE FIXUP(1b, 3b)
			 : "=&a"(rc), "+D"(to), "+S"(from), "+c"(words)
			 : "i"(-EFAULT)
			 : "memory");
	return rc;
}

#endif
