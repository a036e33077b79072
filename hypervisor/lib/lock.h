/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spinlocks; debug builds check the owner and the lock order. */
#ifndef LIB_LOCK_H
#define LIB_LOCK_H

#include <arch/port.h>
#include <lib/base.h>
#include <stdatomic.h>

/*
 * The lock order, in one place: a CPU that holds a lock may take only locks of a higher rank.
 * Ring 0 runs with interrupts off except in explicit windows (see ARCHITECTURE.md), so no lock
 * needs an interrupt-safe variant; NMI and machine-check handlers take none.
 */
enum lock_rank {
	LOCK_POOLS,	  /* domain/: which CPUs and domains are of which pool */
	LOCK_DOMAIN_LIST, /* domain/: the table of domains */
	LOCK_DOMAIN,	  /* domain/: one domain's life cycle */
	LOCK_PAGE_TABLES, /* memory/: every page table of one domain */
	LOCK_GRANT_TABLE, /* grant/: one domain's grant table */
	LOCK_MAPTRACK,	  /* grant/: one domain's handles */
	LOCK_PORTS,	  /* event/: one domain's table of ports */
	LOCK_PORT,	  /* event/: one port; two ports are taken in order of address */
	LOCK_FIFO_QUEUE,  /* event/: one FIFO queue */
	LOCK_PIRQ_TABLE,  /* arch/: which interrupt line has which number in Dom0 */
	LOCK_PIRQ,	  /* arch/: one interrupt line */
	LOCK_IOAPIC,	  /* arch/: the register windows of the IO-APICs */
	LOCK_MSI,	  /* arch/: messages of devices */
	LOCK_PCI,	  /* arch/: the configuration window of PCI */
	LOCK_RUN_QUEUE,	  /* sched/: one CPU's run queue; two are taken in order of CPU number */
	LOCK_TIMERS,	  /* sched/: one CPU's timer heap; two are taken in order of CPU number */
	LOCK_RAM_MAP,	  /* arch/: large pages of the map of all RAM become small ones */
	LOCK_FRAME_LIST,  /* memory/: one domain's list and count of frames */
	LOCK_FRAME_POOL,  /* memory/: the free frames */
	LOCK_HEAP,	  /* lib/: the small-object heap */
	LOCK_TEXT_LINE,	  /* domain/: a domain's line on its way to the console */
	LOCK_CONSOLE,	  /* debug/: log ring and serial line */
	LOCK_RANKS
};

/*
 * Who finds the lock free, and nobody waiting, takes it with one compare-and-swap. Who does not
 * draws a ticket, and when its turn has come takes the lock as soon as it is free: first come,
 * first served, so no CPU starves.
 *
 * A machine that another hypervisor shares among several has CPUs that stand still for
 * milliseconds, and everybody would wait for one of those whose turn it is. There nobody draws a
 * ticket, and whoever comes when the lock is free takes it.
 */
struct lock {
	union {
		struct {
			_Atomic uint8_t held;
			_Atomic uint8_t waiters; /* those with tickets */
		};
		_Atomic uint16_t both; /* 0: to be had */
	};
	_Atomic uint8_t next;	 /* the ticket the next one draws */
	_Atomic uint8_t serving; /* the ticket of who may take the lock next */
	uint8_t rank;
#ifdef DEBUG
	_Atomic uint8_t holder; /* CPU number + 1, 0: free */
#endif
};

#define LOCK_INIT(r)        \
	{                   \
		.rank = (r) \
	}

static inline void lock_init(struct lock *lock, enum lock_rank rank)
{
	*lock = (struct lock)LOCK_INIT((uint8_t)rank);
}

#ifdef DEBUG
void lock_check_acquire(struct lock *lock); /* the rank is above every rank held here */
void lock_check_acquired(struct lock *lock);
void lock_check_release(struct lock *lock); /* held, and held by this CPU */
bool lock_is_mine(const struct lock *lock);
#define ASSERT_LOCKED(lock) ASSERT(lock_is_mine(lock))
#else
static inline void lock_check_acquire(struct lock *lock)
{
	(void)lock;
}
static inline void lock_check_acquired(struct lock *lock)
{
	(void)lock;
}
static inline void lock_check_release(struct lock *lock)
{
	(void)lock;
}
#define ASSERT_LOCKED(lock) ((void)(lock))
#endif

/* Whether who waits does so in turn. Set once at start-up. */
extern bool lock_in_turn;

void lock_wait(struct lock *lock) __attribute__((cold)); /* until it is taken */

static inline bool lock_take(struct lock *lock)
{
	uint16_t free = 0;

	return atomic_compare_exchange_strong_explicit(&lock->both, &free, 1, memory_order_acquire,
						       memory_order_relaxed);
}

static inline void lock_acquire(struct lock *lock)
{
	lock_check_acquire(lock);
	if (unlikely(!lock_take(lock))) {
		lock_wait(lock);
	}
	lock_check_acquired(lock);
}

/* Only if it is free now; exempt from the order, because it never waits. */
static inline bool lock_try(struct lock *lock)
{
	if (!lock_take(lock)) {
		return false;
	}
	lock_check_acquired(lock);
	return true;
}

static inline void lock_release(struct lock *lock)
{
	lock_check_release(lock);
	atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif
