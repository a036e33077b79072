/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an architecture provides to the cores; tests/fake-arch/ provides the same on a host. */
#ifndef ARCH_PORT_H
#define ARCH_PORT_H

#include <lib/base.h>

/* arch/port_inline.h is found by the include path: it defines the functions marked [inline]. */

/* --- The processor ------------------------------------------------------------------------- */

static inline unsigned cpu_id(void); /* [inline] 0 … CPU_MAX-1 */

/*
 * [inline] To be called in every loop that waits for another CPU: it pauses, and serves the
 * requests other CPUs have sent here, because interrupts are off and the one we wait for may be
 * waiting for us.
 */
static inline void cpu_relax(void);

/*
 * Opens a short window for interrupts and says whether this CPU has something better to do than
 * the operation in progress: a long operation calls it every few hundred steps, with no lock held,
 * and on true saves its progress and restarts (hypercall/continuation.h).
 */
bool work_pending(void);

void cpu_kick(unsigned cpu); /* make that CPU look at its pending work */

/* --- Time ---------------------------------------------------------------------------------- */

uint64_t now(void); /* nanoseconds since boot, the same on every CPU */

/* --- Memory -------------------------------------------------------------------------------- */

static inline void *frame_ptr(mfn_t mfn);    /* [inline] a frame through the map of all RAM */
static inline mfn_t frame_of_ptr(const void *ptr); /* [inline] the inverse */
static inline void frame_clear(mfn_t mfn);   /* [inline] fill with zeroes */
static inline void frame_copy(mfn_t to, mfn_t from); /* [inline] */

/*
 * The only door to guest memory by guest virtual address, on the page tables of the current vCPU.
 * Both refuse ranges that touch the hypervisor's part of the address space and return 0 or
 * -EFAULT; a part may have been copied by then. No lock may be held.
 */
int guest_read(void *to, guest_va_t from, size_t bytes);
int guest_write(guest_va_t to, const void *from, size_t bytes);

/* --- Translations (the TLB rule of ARCHITECTURE.md) ------------------------------------------ */

/*
 * A clock that ticks on flushes. A frame remembers the time at which its last reference of a type
 * went away; a CPU whose last flush is not later may still hold a translation from before.
 */
uint32_t tlb_clock(void);
void tlb_flush_stale(cpu_mask_t cpus, uint32_t stamp); /* flush those of `cpus` that may */
void tlb_flush(cpu_mask_t cpus);	    /* everything, global and paging-structure entries too */
void tlb_flush_va(cpu_mask_t cpus, uint64_t va); /* one linear address */

/* --- The end ------------------------------------------------------------------------------- */

_Noreturn void arch_stop(bool reboot);

#include <arch/port_inline.h>

#endif
