/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arch/x86/time_scale: ticks to nanoseconds at all frequencies, corrections that converge, dates.
 */
#include "tap.h"

#include <arch/time_scale.h>
#include <time.h>

/* Off by less than one part in 2^30, plus the nanosecond that is cut off. */
static bool is_near(uint64_t ns, unsigned __int128 exact)
{
	unsigned __int128 slack = (exact >> 30) + 1;

	return ns <= exact && ns + slack >= exact;
}

static void scales(uint64_t *seed)
{
	static const uint64_t frequencies[] = {1,	   1000,       3579545,
					       999999999,  1000000000, 1000000001,
					       2893202000, 5000000000, UINT64_C(30000000000)};
	unsigned wrong = 0;

	for (unsigned i = 0; i < ARRAY_COUNT(frequencies); i++) {
		struct time_scale s = {0};

		time_scale_set_frequency(&s, frequencies[i]);
		ok(s.mul & 0x80000000, "%llu Hz: mul has all 32 bits, shift %d",
		   (unsigned long long)frequencies[i], s.shift);
		for (unsigned n = 0; n < 1000; n++) {
			uint64_t ticks = (tap_random(seed) >> 8) % (frequencies[i] * 100000 + 1);

			wrong +=
				!is_near(time_scale_delta(&s, ticks),
					 (unsigned __int128)ticks * NS_PER_SECOND / frequencies[i]);
		}
	}
	is_int(wrong, 0, "nanoseconds are right to a part in 2^30, up to a day");
}

static void frequencies(void)
{
	is_int(time_frequency(3000000, 10738, 3579545), 1000059135,
	       "1 GHz by 3 ms of the PM timer");
	is_int(time_frequency(0, 10738, 3579545), 0,
	       "a counter that stands still has no frequency");
}

static void counters(void)
{
	is_int(time_counter_elapsed(10, 30, 0xffffff, 20), 20, "no turn");
	is_int(time_counter_elapsed(0xfffff0, 16, 0xffffff, 30), 32, "one wrap, less than a turn");
	is_int(time_counter_elapsed(0, 5, 0xffffff, 3 * 0x1000000 + 100), 3 * 0x1000000 + 5,
	       "three turns, expected a little more");
	is_int(time_counter_elapsed(0, 500, 0xffffff, 3 * 0x1000000 - 100), 3 * 0x1000000 + 500,
	       "three turns, expected a little less");
	is_int(time_counter_elapsed(0, 0xffff00, 0xffffff, 100), 0xffff00,
	       "fewer than expected are never made");
}

/* A clock whose counter runs `ppm` faster than thought, corrected every second for 20 seconds. */
static void convergence(int ppm)
{
	uint64_t thought = 2000000000, real = thought + thought / 1000000 * (uint64_t)ppm;
	struct time_scale s = {0};
	int64_t ahead = 0, worst = 0;

	time_scale_set_frequency(&s, thought);
	for (int64_t second = 1; second <= 20; second++) {
		uint64_t tsc = (uint64_t)second * real, before = s.ns;

		s.ns = time_scale_ns(&s, tsc);
		s.tsc = tsc;
		ahead = (int64_t)s.ns - second * (int64_t)NS_PER_SECOND;
		worst = second > 10 && llabs(ahead) > worst ? llabs(ahead) : worst;
		if (s.ns <= before) {
			worst = INT64_MAX;
		}
		time_scale_set_frequency(&s, time_corrected_frequency(real, ahead));
	}
	ok(worst < 1000,
	   "a clock %d ppm wrong is right within 10 s (to %lld ns) and never turns back", ppm,
	   (long long)worst);
}

static struct rtc_registers registers_of(const struct tm *t, bool binary, bool hours24)
{
	int hour = hours24 ? t->tm_hour : (t->tm_hour + 11) % 12 + 1;
	int year = t->tm_year + 1900;

#define CODE(n) ((uint8_t)(binary ? (n) : (n) / 10 * 16 + (n) % 10))
	return (struct rtc_registers){
		.second = CODE(t->tm_sec),
		.minute = CODE(t->tm_min),
		.hour = (uint8_t)(CODE(hour) | (!hours24 && t->tm_hour >= 12 ? 0x80 : 0)),
		.day = CODE(t->tm_mday),
		.month = CODE(t->tm_mon + 1),
		.year = CODE(year % 100),
		.century = CODE(year / 100),
		.status_b = (uint8_t)((binary ? 4 : 0) | (hours24 ? 2 : 0)),
	};
#undef CODE
}

static void dates(uint64_t *seed)
{
	unsigned wrong = 0;

	for (unsigned n = 0; n < 20000; n++) {
		time_t t = (time_t)(tap_random(seed) % 20000000000);
		struct tm parts;

		gmtime_r(&t, &parts);
		wrong += rtc_to_seconds(registers_of(&parts, n & 1, n & 2)) != (uint64_t)t;
	}
	is_int(wrong, 0, "dates from 1970 to 2603, in BCD and binary, 12 and 24 hours");
}

static void odd_dates(void)
{
	struct rtc_registers r = {.day = 0x01, .month = 0x01, .year = 0x26, .status_b = 2};

	is_int(rtc_to_seconds(r), 1767225600, "without a century: 2026");
	r.year = 0x99;
	is_int(rtc_to_seconds(r), 915148800, "without a century: 1999");
	r.month = 0x13;
	is_int(rtc_to_seconds(r), 0, "a thirteenth month is no date");
	r.month = 0;
	is_int(rtc_to_seconds(r), 0, "nor is month 0");
	r = (struct rtc_registers){0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	is_int(rtc_to_seconds(r), 0, "nor are all ones, where no clock is");
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);

	scales(&seed);
	frequencies();
	counters();
	convergence(0);
	convergence(100);
	convergence(-100);
	convergence(2000);
	dates(&seed);
	odd_dates();
	return done_testing();
}
