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

static inline uint64_t *cpu_counters(void); /* [inline] this CPU's row of debug/counters.h */

void cpu_kick(unsigned cpu); /* that CPU looks at its vCPU's events and its pending work soon */

/* --- Time ---------------------------------------------------------------------------------- */

uint64_t now(void); /* nanoseconds since boot, the same on every CPU */

/* This CPU's one timer interrupt; a deadline that has passed interrupts at once. 0: none. */
void timer_arm(uint64_t deadline);

/* --- Memory -------------------------------------------------------------------------------- */

static inline void *frame_ptr(mfn_t mfn);	   /* [inline] a frame through the map of all RAM */
static inline mfn_t frame_of_ptr(const void *ptr); /* [inline] the inverse */
static inline void frame_clear(mfn_t mfn);	   /* [inline] fill with zeroes */
static inline void frame_copy(mfn_t to, mfn_t from); /* [inline] */

/* [inline] written back to memory, and out of all caches */
static inline void frame_flush_cache(mfn_t mfn);

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
 * went away; a CPU whose last flush is not later may still hold a translation from before. When
 * tlb_flush_stale() returns, each of `cpus` has flushed later than `stamp`, and so has the clock
 * passed it. CPUs that are not on line need not be left out.
 */
uint32_t tlb_clock(void);
void tlb_flush_stale(cpu_mask_t cpus, uint32_t stamp); /* flush those of `cpus` that may */
void tlb_flush(cpu_mask_t cpus); /* everything, global and paging-structure entries too */
void tlb_flush_va(cpu_mask_t cpus, uint64_t va); /* one linear address */

/* --- Guests' tables --------------------------------------------------------------------------- */

/*
 * Writes the hypervisor's slots of a guest's L4. Slot 256, the table of machine-to-physical numbers
 * that guests read, is a user page only if `m2p_visible`.
 */
void paging_fill_guest_root(mfn_t root, bool m2p_visible);

/*
 * A root of a vCPU has changed; on return no CPU uses the old one. If the vCPU is the current one,
 * which then is in its kernel, a new kernel root is loaded and everything flushed, global
 * translations too.
 */
struct vcpu_memory;
void vcpu_kernel_root_changed(struct vcpu_memory *vm);
void vcpu_user_root_changed(struct vcpu_memory *vm);

/*
 * Whether this domain could read, through an entry of its tables that is not present, what lies at
 * the address in it; then there must be no memory there.
 */
bool absent_entries_leak(unsigned domain);

/*
 * An entry of a valid L4 of this domain has been written. On return no CPU uses a copy of it from
 * before. The lock of the domain's tables is held.
 */
struct domain_memory;
void root_entry_changed(const struct domain_memory *dm);

/* The current vCPU's LDT: `entries` at a page-aligned address of the guest's, or none with 0. */
int vcpu_set_ldt(guest_va_t base, unsigned entries);

/*
 * Whether a guest may have this descriptor in a GDT or LDT. What can be mended is: code and data
 * segments that ask for more than ring 3 get ring 3. Not present ones pass as they are.
 */
bool descriptor_accept(uint64_t *descriptor);

/*
 * A guest maps this frame of RAM with another memory type, an index into the ABI's PAT: the map of
 * all RAM follows, so that no two mappings disagree. 0 (write-back) never fails.
 */
int ram_map_set_cache(mfn_t mfn, unsigned pat_index);

/*
 * The table of machine-to-physical numbers, in pieces of 2 MiB, for tools that map it: the first
 * frame of each, DOMID_XEN's to read. MFN_NONE: beyond the last.
 */
mfn_t m2p_piece(uint64_t index);

/* Caches written back and emptied: on this CPU, or on all. */
void cache_flush(cpu_mask_t cpus);

/* --- The console --------------------------------------------------------------------------- */

/* Text to the serial line and whatever else shows messages, at once; before there is one, nowhere.
 */
void console_write(const char *text, size_t length);

/* --- The end ------------------------------------------------------------------------------- */

enum machine_end { MACHINE_HALT, MACHINE_POWER_OFF, MACHINE_REBOOT };

_Noreturn void arch_stop(enum machine_end how);

#include <arch/port_inline.h>

#endif
