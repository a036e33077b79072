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

#define PIECE(statement)                               \
	do {                                           \
		uint64_t bench_start = pv_tsc();       \
		statement;                             \
		bench_ticks += pv_tsc() - bench_start; \
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
