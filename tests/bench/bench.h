/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the benchmark measures. A row is a function that does something n times and returns 0, or the
 * error that the first attempt had. What a row prints is ticks of the TSC per operation, which
 * under
 * `-icount shift=0` are instructions, the guest's own among them.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include "guest.h"

#define ALWAYS_INLINE __attribute__((always_inline)) static inline

struct row {
	const char *name;
	long (*run)(unsigned int n);
	unsigned int n;	  /* how often */
	unsigned int per; /* operations in each */
};

/* For rows that are measured piecewise: ticks so far, instead of the whole run's. */
static uint64_t bench_ticks;
static bool bench_piecewise;

/* Breakpoints of the debugger; with different bodies, or the compiler makes one of the two. */
__attribute__((noinline)) void bench_mark_begin(void);
__attribute__((noinline)) void bench_mark_end(void);

void bench_mark_begin(void)
{
	__asm__ volatile("/* begin */" : : : "memory");
}

void bench_mark_end(void)
{
	__asm__ volatile("/* end */" : : : "memory");
}

static bool bench_marks;

#define PIECE(statement)                               \
	do {                                           \
		uint64_t bench_start;                  \
                                                       \
		if (bench_marks) {                     \
			bench_mark_begin();            \
		}                                      \
		bench_start = pv_tsc();                \
		statement;                             \
		bench_ticks += pv_tsc() - bench_start; \
		if (bench_marks) {                     \
			bench_mark_end();              \
		}                                      \
	} while (0)

static void bench_print(const char *name, uint64_t ticks, uint64_t operations)
{
	uint64_t tenths = (ticks * 10 + operations / 2) / operations;

	pv_printf("bench %s %lu.%lu\n", name, tenths / 10, tenths % 10);
}

static void bench_row(const struct row *row)
{
	uint64_t start;
	long rc = row->run(2);

	if (rc) {
		pv_printf("bench %s absent %ld\n", row->name, rc);
		return;
	}
	bench_ticks = 0;
	bench_piecewise = false;
	start = pv_tsc();
	row->run(row->n);
	start = pv_tsc() - start;
	bench_print(row->name, bench_piecewise ? bench_ticks : start, (uint64_t)row->n * row->per);
}

/*
 * A row measured piecewise has its marks inside. Another is run once and three times: the
 * difference is two operations without what surrounds them.
 */
static void bench_dear(const struct row *row)
{
	bench_piecewise = false;
	if (row->run(2)) {
		return;
	}
	if (bench_piecewise) {
		pv_printf("dear %s pieces %u\n", row->name, 2 * row->per);
		bench_marks = true;
		row->run(2);
		bench_marks = false;
		return;
	}
	for (unsigned int n = 1; n <= 3; n += 2) {
		pv_printf("dear %s whole %u\n", row->name, n * row->per);
		bench_mark_begin();
		row->run(n);
		bench_mark_end();
	}
}

/* n times a call whose result has to be 0. */
#define REPEAT(n, call)                                  \
	do {                                             \
		for (unsigned int i = 0; i < (n); i++) { \
			long rc_ = (call);               \
			if (rc_) {                       \
				return rc_;              \
			}                                \
		}                                        \
	} while (0)

#endif
