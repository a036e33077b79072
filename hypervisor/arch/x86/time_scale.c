/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic of clocks, without any clock: counter ticks to nanoseconds, calendar to seconds. */
#include <arch/time_scale.h>

void time_scale_set_frequency(struct time_scale *s, uint64_t hz)
{
	int shift = 32;
	uint64_t mul;

	do {
		shift--;
		mul = mul_div(NS_PER_SECOND, BIT(32 - shift), hz);
	} while (!(mul >> 31));
	s->mul = (uint32_t)mul;
	s->shift = (int8_t)shift;
}

uint64_t time_frequency(uint64_t ticks, uint64_t reference, uint64_t hz)
{
	return mul_div(ticks, hz, reference);
}

uint64_t time_counter_elapsed(uint32_t last, uint32_t now, uint32_t mask, uint64_t expected)
{
	uint64_t elapsed = (now - last) & mask, turn = (uint64_t)mask + 1;

	if (expected > elapsed) {
		elapsed += (expected - elapsed + turn / 2) / turn * turn;
	}
	return elapsed;
}

uint64_t time_corrected_frequency(uint64_t hz, int64_t ahead_ns)
{
	uint64_t off = (uint64_t)(ahead_ns < 0 ? -ahead_ns : ahead_ns);
	uint64_t change = mul_div(hz, MIN(off, NS_PER_SECOND / 2000), NS_PER_SECOND);

	/* A clock that thinks its counter is faster makes less time of the same ticks. */
	return ahead_ns < 0 ? hz - change : hz + change;
}

/* --- Calendar ------------------------------------------------------------------------------ */

#define RTC_24_HOURS 0x02
#define RTC_BINARY   0x04
#define RTC_PM	     0x80 /* of the hour */

static unsigned decode(uint8_t value, bool binary)
{
	return binary ? value : (value >> 4) * 10u + (value & 15);
}

/* Days from 1970 to the first of March of that year: leap days are behind us then. */
static uint64_t days_to_march(uint64_t year)
{
	return year * 365 + year / 4 - year / 100 + year / 400 - 719468;
}

uint64_t rtc_to_seconds(struct rtc_registers r)
{
	bool binary = r.status_b & RTC_BINARY;
	unsigned second = decode(r.second, binary), minute = decode(r.minute, binary);
	unsigned hour = decode(r.hour & (uint8_t)~RTC_PM, binary), day = decode(r.day, binary);
	unsigned month = decode(r.month, binary), year = decode(r.year, binary);
	unsigned century = decode(r.century, binary);

	if (r.status_b & RTC_24_HOURS) {
		hour = decode(r.hour, binary);
	} else {
		hour = hour % 12 + (r.hour & RTC_PM ? 12 : 0);
	}
	if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > 31 || month < 1 ||
	    month > 12 || year > 99) {
		return 0;
	}
	year += century >= 19 && century <= 29 ? century * 100 : year < 70 ? 2000 : 1900;
	/* Years begin in March here, and the months' lengths follow (153 m + 2) / 5. */
	if (month <= 2) {
		year--;
		month += 12;
	}
	return (((days_to_march(year) + (153 * (month - 3) + 2) / 5 + day - 1) * 24 + hour) * 60 +
		minute) *
		       60 +
	       second;
}
