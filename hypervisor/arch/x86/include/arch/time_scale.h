/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic of clocks, without any clock: counter ticks to nanoseconds, calendar to seconds. */
#ifndef ARCH_TIME_SCALE_H
#define ARCH_TIME_SCALE_H

#include <lib/base.h>

#define NS_PER_SECOND UINT64_C(1000000000)

/* a * b / c, where the product may need 128 bits; c > 0, and the quotient has to fit. */
static inline uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t low, high;

	__asm__("mulq %3\n\tdivq %4" : "=&a"(low), "=&d"(high) : "0"(a), "r"(b), "r"(c) : "cc");
	return low;
}

/*
 * The line through (tsc, ns): the form in which guests get it too, so that they and the hypervisor
 * compute the same nanosecond from the same TSC. See struct pvclock_vcpu_time_info of the ABI.
 */
struct time_scale {
	uint64_t tsc;
	uint64_t ns;
	uint32_t mul; /* ns = ((ticks << shift) * mul) >> 32 */
	int8_t shift;
};

static inline uint64_t time_scale_delta(const struct time_scale *s, uint64_t ticks)
{
	ticks = s->shift < 0 ? ticks >> -s->shift : ticks << s->shift;
	return (uint64_t)((unsigned __int128)ticks * s->mul >> 32);
}

static inline uint64_t time_scale_ns(const struct time_scale *s, uint64_t tsc)
{
	return s->ns + time_scale_delta(s, tsc - s->tsc);
}

/* Sets mul and shift; mul gets its highest bit, which is all the precision there is. hz > 0. */
void time_scale_set_frequency(struct time_scale *s, uint64_t hz);

/* How often per second a counter ticks that made `ticks` while another of `hz` made `reference`. */
uint64_t time_frequency(uint64_t ticks, uint64_t reference, uint64_t hz);

/*
 * A counter of few bits is read from time to time: the ticks since `last`, where about `expected`
 * are due, so that whole turns count.
 */
uint64_t time_counter_elapsed(uint32_t last, uint32_t now, uint32_t mask, uint64_t expected);

/*
 * The frequency that takes a clock of frequency `hz`, which is `ahead` of the truth (or behind,
 * negative), to it within the next second, at most by 500 ppm.
 */
uint64_t time_corrected_frequency(uint64_t hz, int64_t ahead_ns);

/* What the CMOS clock's registers hold, as they are. */
struct rtc_registers {
	uint8_t second, minute, hour, day, month, year;
	uint8_t century; /* 0: the machine has none */
	uint8_t status_b;
};

/* Seconds since 1970; 0 if it is no date. */
uint64_t rtc_to_seconds(struct rtc_registers r);

#endif
