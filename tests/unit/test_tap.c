/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test helper itself: a failing check fails, a skip does not, random numbers repeat. */
#include "tap.h"

/* Runs `check` with its output thrown away; returns what done_testing() would. */
static int verdict_of(void (*check)(void))
{
	FILE *quiet = fopen("/dev/null", "w");
	FILE *loud = stdout;
	unsigned int run = tap.run;
	unsigned int failed = tap.failed;
	int verdict;

	tap.run = 0;
	tap.failed = 0;
	stdout = quiet;
	check();
	verdict = done_testing();
	stdout = loud;
	fclose(quiet);
	tap.run = run;
	tap.failed = failed;
	return verdict;
}

static void passing(void)
{
	ok(true, "passes");
	is_int(-1, -1, "equal");
}

static void failing(void)
{
	ok(true, "passes");
	ok(false, "fails");
}

static void unequal(void)
{
	is_int(1, 2, "unequal");
}

static void skipping(void)
{
	skip("something", "not here");
}

static void empty(void)
{
}

int main(int argc, char **argv)
{
	uint64_t first = tap_seed(argc, argv);
	uint64_t second = first;

	is_int(verdict_of(passing), EXIT_SUCCESS, "passing checks pass");
	is_int(verdict_of(failing), EXIT_FAILURE, "one failing check fails the program");
	is_int(verdict_of(unequal), EXIT_FAILURE, "is_int fails on unequal values");
	is_int(verdict_of(skipping), EXIT_SUCCESS, "a skip is no failure");
	is_int(verdict_of(empty), EXIT_FAILURE, "a program without a check fails");
	ok(tap_random(&first) == tap_random(&second), "one seed gives one sequence");
	ok(tap_random(&first) != tap_random(&first), "the sequence moves on");
	return done_testing();
}
