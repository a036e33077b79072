/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few macros and types that every file of the hypervisor leans on. */
#ifndef LIB_BASE_H
#define LIB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n)	       (UINT64_C(1) << (n))
/* Each operand is evaluated once: it may be a call, or be changed by others meanwhile. */
#define MIN(a, b)                                                     \
	({                                                            \
		__typeof__(1 ? (a) : (b)) min_a_ = (a), min_b_ = (b); \
		min_a_ < min_b_ ? min_a_ : min_b_;                    \
	})
#define MAX(a, b)                                                     \
	({                                                            \
		__typeof__(1 ? (a) : (b)) max_a_ = (a), max_b_ = (b); \
		max_a_ > max_b_ ? max_a_ : max_b_;                    \
	})
#define ROUND_UP(x, to)	  (((x) + (to)-1) & ~((to)-1))
#define ROUND_DOWN(x, to) ((x) & ~((to)-1))

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define PAGE_SHIFT 12
#define PAGE_SIZE  (UINT64_C(1) << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/*
 * Machine frames, guest ("pseudo-physical") frames and machine addresses are different types, so
 * that one cannot be passed for another. Guest virtual addresses are a type as well: they are
 * dereferenced by memory/guest_copy.h and nobody else.
 */
typedef struct {
	uint64_t n;
} mfn_t;

typedef struct {
	uint64_t n;
} pfn_t;

typedef struct {
	uint64_t a;
} guest_va_t;

typedef uint64_t paddr_t;

#define MFN(x)	    ((mfn_t){(x)})
#define PFN(x)	    ((pfn_t){(x)})
#define GUEST_VA(x) ((guest_va_t){(uint64_t)(x)})
#define MFN_NONE    MFN(UINT64_MAX)

static inline bool mfn_is_none(mfn_t mfn)
{
	return mfn.n == UINT64_MAX;
}

static inline paddr_t mfn_to_paddr(mfn_t mfn)
{
	return mfn.n << PAGE_SHIFT;
}

static inline mfn_t paddr_to_mfn(paddr_t pa)
{
	return MFN(pa >> PAGE_SHIFT);
}

/* A set of physical CPUs: 64 at the most, so one word holds it. */
typedef uint64_t cpu_mask_t;
#define CPU_MAX	     64
#define CPU_MASK_ALL UINT64_MAX

#endif
