/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a lock; debug builds also check the order and the holder. */
#include <debug/log.h>
#include <lib/lock.h>

bool lock_in_turn = true;

_Static_assert(CPU_MAX < 256, "a ticket for each that may wait");

/* cpu_relax() also serves what other CPUs ask of us, see arch/port.h. */
static void wait_turn(struct lock *lock)
{
	uint8_t ticket;

	atomic_fetch_add_explicit(&lock->waiters, 1, memory_order_relaxed); /* nobody passes us */
	ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
	while (atomic_load_explicit(&lock->serving, memory_order_acquire) != ticket) {
		cpu_relax();
	}
	while (atomic_exchange_explicit(&lock->held, 1, memory_order_acquire)) {
		cpu_relax();
	}
	atomic_store_explicit(&lock->serving, (uint8_t)(ticket + 1), memory_order_release);
	atomic_fetch_sub_explicit(&lock->waiters, 1, memory_order_relaxed);
}

void lock_wait(struct lock *lock)
{
	if (lock_in_turn) {
		wait_turn(lock);
		return;
	}
	do {
		while (atomic_load_explicit(&lock->both, memory_order_relaxed)) {
			cpu_relax();
		}
	} while (!lock_take(lock));
}

#ifdef DEBUG

#define HELD_MAX 12

/* The locks each CPU holds, in the order taken; only that CPU touches its row. */
static struct {
	unsigned count;
	struct lock *lock[HELD_MAX];
} held[CPU_MAX];

static bool takes_two(enum lock_rank rank)
{
	return rank == LOCK_PORT || rank == LOCK_RUN_QUEUE || rank == LOCK_TIMERS;
}

void lock_check_acquire(struct lock *lock)
{
	unsigned cpu = cpu_id();

	for (unsigned i = 0; i < held[cpu].count; i++) {
		const struct lock *other = held[cpu].lock[i];

		if (other == lock) {
			panic("lock of rank %d taken twice", lock->rank);
		}
		if (other->rank > lock->rank ||
		    (other->rank == lock->rank && (!takes_two(lock->rank) || other > lock))) {
			panic("lock order: rank %d taken with rank %d held", lock->rank,
			      other->rank);
		}
	}
}

void lock_check_acquired(struct lock *lock)
{
	unsigned cpu = cpu_id();

	ASSERT(held[cpu].count < HELD_MAX);
	held[cpu].lock[held[cpu].count++] = lock;
	lock->holder = (uint8_t)(cpu + 1);
}

void lock_check_release(struct lock *lock)
{
	unsigned cpu = cpu_id();
	unsigned at = held[cpu].count;

	ASSERT(lock_is_mine(lock));
	do {
		ASSERT(at > 0);
		at--;
	} while (held[cpu].lock[at] != lock);
	lock->holder = 0;
	for (held[cpu].count--; at < held[cpu].count; at++) {
		held[cpu].lock[at] = held[cpu].lock[at + 1];
	}
}

bool lock_is_mine(const struct lock *lock)
{
	return lock->holder == cpu_id() + 1;
}

#endif
