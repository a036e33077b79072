/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inline functions of arch/port.h, for the fake machine. */
#ifndef ARCH_PORT_INLINE_H
#define ARCH_PORT_INLINE_H

#include <string.h>

#include <arch/layout.h>

extern _Thread_local unsigned fake_cpu; /* the CPU this thread plays */
extern uint8_t *fake_ram;
extern void (*fake_on_clear)(mfn_t mfn); /* if the test sets it: before each frame is cleared */

void fake_relax(void);
void *fake_frame_ptr(mfn_t mfn);

static inline unsigned cpu_id(void)
{
	return fake_cpu;
}

extern uint64_t fake_counters[CPU_MAX][128];

static inline uint64_t *cpu_counters(void)
{
	return fake_counters[fake_cpu];
}

static inline void cpu_relax(void)
{
	fake_relax();
}

static inline void *frame_ptr(mfn_t mfn)
{
	return fake_frame_ptr(mfn);
}

static inline void *paddr_ptr(paddr_t pa)
{
	return (uint8_t *)fake_frame_ptr(paddr_to_mfn(pa)) + (pa & ~PAGE_MASK);
}

static inline mfn_t frame_of_ptr(const void *ptr)
{
	return MFN((uint64_t)((const uint8_t *)ptr - fake_ram) >> PAGE_SHIFT);
}

static inline void frame_clear(mfn_t mfn)
{
	if (fake_on_clear) {
		fake_on_clear(mfn);
	}
	memset(frame_ptr(mfn), 0, PAGE_SIZE);
}

static inline void frame_flush_cache(mfn_t mfn)
{
	(void)frame_ptr(mfn);
}

static inline void frame_copy(mfn_t to, mfn_t from)
{
	memcpy(frame_ptr(to), frame_ptr(from), PAGE_SIZE);
}

#endif
