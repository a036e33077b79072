/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine for tests: RAM that is an array, CPUs that log what is asked of them, a clock to set.
 */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include <arch/port.h>
#include <setjmp.h>

#define FAKE_FRAMES (UINT64_C(1) << 21) /* records for 8 GiB; memory is used as it is touched */
#define FAKE_CPUS   4

/* A fresh machine: no RAM handed over yet, all records zero, clock and logs at the start. */
void fake_reset(void);

/* --- What the core asked of the machine, counted since fake_reset() ---------------------- */

struct fake_counts {
	unsigned flushes;	/* flushes of everything, one for each CPU */
	unsigned flushes_va;	/* of one address */
	unsigned roots_changed; /* vcpu_kernel_root_changed() and the user's */
	unsigned cache_changes; /* ram_map_set_cache() */
	unsigned cache_flushes;
	unsigned work_asked; /* work_pending() */
	unsigned ldt_entries;
	cpu_mask_t kicked; /* cpu_kick(): all so far, for the test to clear */
	cpu_mask_t flushed;
	uint64_t last_va;
};
extern struct fake_counts fake_counts;

/* --- What the test decides --------------------------------------------------------------- */

extern uint64_t fake_now;
extern bool fake_work;		      /* what work_pending() answers ... */
extern unsigned fake_work_each;	      /* ... or true at each Nth question, if not 0 */
extern bool fake_cache_fails;	      /* ram_map_set_cache() has no memory */
extern bool fake_absent_entries_leak; /* of domains made from now on, not of the first */
extern bool fake_silent;	      /* no messages: for what runs often */
extern bool fake_checks_free;	      /* frame_ptr() of a frame that is free stops the test */

/* Called for each CPU that flushes everything, if the test sets it. */
extern void (*fake_on_flush)(unsigned cpu);

/* What tlb_clock() says, and when each CPU last flushed; a model of what it may still hold is the
 * test's. */
extern _Atomic uint32_t fake_clock;
extern _Atomic uint32_t fake_flushed_at[FAKE_CPUS];

/*
 * From now on several threads play CPUs: they may wait for each other, flushes only move the clock,
 * and nothing is counted. Without it, who waits would wait for ever, and panics.
 */
void fake_threads_begin(void);

/*
 * Guest memory by guest address: one window of the host's. Everything else faults, and so does the
 * Nth copy from now if fake_fault_at is set to N.
 */
extern uint8_t *fake_guest_window;
extern size_t fake_guest_bytes;
extern unsigned fake_fault_at;

/*
 * A test that expects a panic: if (!fake_panics()) { what should panic; }
 * and then fake_panicked tells.
 */
extern jmp_buf fake_panic_return;
extern bool fake_panic_expected, fake_panicked;
#define fake_panics() (fake_panic_expected = true, fake_panicked = false, setjmp(fake_panic_return))

/* xorshift: the same sequence on every host. */
static inline uint64_t fake_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
