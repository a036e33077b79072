/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test Anything Protocol for host tests: checks, skips, the plan and a printed random seed. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
	unsigned int run;
	unsigned int failed;
} tap;

/*
 * ok(condition, "what holds, in words %d", value): one TAP line; says where when it fails.
 * Returns whether it held, so that a test can stop before using what is not there.
 */
#define ok(condition, ...) tap_ok((condition), #condition, __FILE__, __LINE__, __VA_ARGS__)

/* is_int(got, expected, "what ..."): like ok(), and prints both values when they differ. */
#define is_int(got, expected, ...) \
	tap_is_int((long long)(got), (long long)(expected), __FILE__, __LINE__, __VA_ARGS__)

static inline void tap_line(bool good, const char *what, va_list args)
{
	tap.run++;
	tap.failed += !good;
	printf("%sok %u - ", good ? "" : "not ", tap.run);
	vprintf(what, args);
	putchar('\n');
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_ok(bool good, const char *condition, const char *file, int line, const char *what, ...)
{
	va_list args;

	va_start(args, what);
	tap_line(good, what, args);
	va_end(args);
	if (!good) {
		printf("# %s:%d: %s\n", file, line, condition);
	}
	fflush(stdout);
	return good;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_is_int(long long got, long long expected, const char *file, int line, const char *what, ...)
{
	va_list args;

	va_start(args, what);
	tap_line(got == expected, what, args);
	va_end(args);
	if (got != expected) {
		printf("# %s:%d: got %lld (%#llx), expected %lld (%#llx)\n", file, line, got,
		       (unsigned long long)got, expected, (unsigned long long)expected);
	}
	fflush(stdout);
	return got == expected;
}

/* One check that cannot be made here, and why. */
static inline void skip(const char *what, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++tap.run, what, why);
}

/*
 * The seed of a random test: the first argument, else $SEED, else a fixed one; printed, so that
 * a failure can be repeated.
 */
static inline uint64_t tap_seed(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : getenv("SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20261121;

	printf("# seed %llu\n", (unsigned long long)seed);
	return seed;
}

/* xorshift64*: the same sequence on each machine; *state must not be 0. */
static inline uint64_t tap_random(uint64_t *state)
{
	uint64_t x = *state ? *state : 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

/* How many steps a random test takes: ten times as many in a full run ($PARVUS_FULL). */
static inline long tap_steps(long usual)
{
	return getenv("PARVUS_FULL") ? 10 * usual : usual;
}

/* Prints the plan; the value is main()'s: `return done_testing();`. */
static inline int done_testing(void)
{
	printf("1..%u\n", tap.run);
	return tap.failed || !tap.run ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
