/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of arch/port.h that are inline, for x86-64. */
#ifndef ARCH_PORT_INLINE_H
#define ARCH_PORT_INLINE_H

#include <arch/cpu.h>
#include <arch/guest_copy.h>
#include <arch/layout.h>

static inline unsigned cpu_id(void)
{
	return this_cpu()->id;
}

static inline uint64_t *cpu_counters(void)
{
	return this_cpu()->counters;
}

void tlb_serve_request(void);

static inline void cpu_relax(void)
{
	struct cpu *cpu = this_cpu();

	__builtin_ia32_pause();
	if (unlikely(atomic_load_explicit(&cpu->work, memory_order_relaxed) & CPU_WORK_FLUSH ||
		     atomic_load_explicit(&cpu->has_to_empty_caches, memory_order_relaxed))) {
		tlb_serve_request();
	}
}

static inline void *paddr_ptr(paddr_t pa)
{
	return (void *)(RAM_MAP_BASE + pa);
}

static inline void *frame_ptr(mfn_t mfn)
{
	return paddr_ptr(mfn_to_paddr(mfn));
}

static inline mfn_t frame_of_ptr(const void *ptr)
{
	return MFN(((uint64_t)ptr - RAM_MAP_BASE) >> PAGE_SHIFT);
}

static inline void frame_clear(mfn_t mfn)
{
	void *to = frame_ptr(mfn);
	uint64_t words = PAGE_SIZE / 8;

	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(0) : "memory");
}

/* 64 bytes: the least that CLFLUSH takes on any processor with long mode. */
static inline void frame_flush_cache(mfn_t mfn)
{
	char *at = frame_ptr(mfn);

	for (unsigned i = 0; i < PAGE_SIZE; i += 64) {
		__asm__ volatile("clflush %0" : "+m"(at[i]));
	}
	__asm__ volatile("mfence" : : : "memory");
}

static inline void frame_copy(mfn_t to_mfn, mfn_t from_mfn)
{
	void *to = frame_ptr(to_mfn);
	const void *from = frame_ptr(from_mfn);
	uint64_t words = PAGE_SIZE / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

/*
 * Requests of hypercalls are a few words of a size the compiler knows: those are copied in line.
 * Their structures hold words, so they are aligned as words are.
 */
#define GUEST_COPY_WORDS_MAX 10
#define guest_copy_in_line(bytes) \
	(__builtin_constant_p(bytes) && (bytes) % 4 == 0 && (bytes) / 8 <= GUEST_COPY_WORDS_MAX)

static inline __attribute__((always_inline)) int guest_read_in_line(void *to, guest_va_t from,
								    size_t bytes)
{
	return unlikely(!guest_range_take(&from.a, bytes))
		       ? -EFAULT
		       : guest_read_words(to, from.a, (unsigned)bytes);
}

static inline __attribute__((always_inline)) int guest_write_in_line(guest_va_t to,
								     const void *from, size_t bytes)
{
	return unlikely(!guest_range_ok(to.a, bytes))
		       ? -EFAULT
		       : guest_write_words(to.a, from, (unsigned)bytes);
}

#define guest_read(to, from, bytes)                                      \
	(guest_copy_in_line(bytes) ? guest_read_in_line(to, from, bytes) \
				   : (guest_read)(to, from, bytes))
#define guest_write(to, from, bytes)                                      \
	(guest_copy_in_line(bytes) ? guest_write_in_line(to, from, bytes) \
				   : (guest_write)(to, from, bytes))

#endif
