/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System time from the TSC, and the wall clock. */
#include <arch/apic.h>
#include <arch/clock.h>
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/port.h>
#include <debug/log.h>
#include <stdatomic.h>

#define PM_TIMER_HZ   3579545
#define PM_TIMER_MASK 0xffffff /* there may be 32 bits; 24 there are always */

#define PIT_HZ	      1193182
#define PIT_MASK      0xffff
#define PIT_COUNTER_2 0x42
#define PIT_COMMAND   0x43
#define PIT_GATE      0x61

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

#define WINDOW_MS 3
#define SAMPLES	  8

/* A reference that has not moved after so many TSC ticks is not there: 0.2 s at 5 GHz. */
#define PATIENCE UINT64_C(1000000000)

/*
 * Changes of the scale happen on one CPU at a time; readers take what they read again if `version`
 * was odd, or changed meanwhile.
 */
static struct {
	_Atomic uint32_t version;
	struct time_scale scale;
	_Atomic uint64_t wall_epoch;

	uint64_t tsc_hz;   /* as measured last */
	uint16_t pm_timer; /* its port, 0: none */
	uint32_t pm_last;  /* its count at scale.tsc */
	uint64_t pm_ticks; /* from calibration, when now() was 0, to then */
} clock;

/* --- Reading ------------------------------------------------------------------------------- */

uint64_t now(void)
{
	uint32_t version;
	uint64_t ns;

	do {
		version = atomic_load_explicit(&clock.version, memory_order_acquire);
		ns = time_scale_ns(&clock.scale, read_tsc());
		atomic_thread_fence(memory_order_acquire);
	} while (unlikely(version & 1 ||
			  version != atomic_load_explicit(&clock.version, memory_order_relaxed)));
	return ns;
}

uint32_t clock_version(void)
{
	return atomic_load_explicit(&clock.version, memory_order_relaxed);
}

struct time_scale clock_scale(void)
{
	struct time_scale scale;
	uint32_t version;

	do {
		version = atomic_load_explicit(&clock.version, memory_order_acquire);
		scale = clock.scale;
		atomic_thread_fence(memory_order_acquire);
	} while (unlikely(version & 1 ||
			  version != atomic_load_explicit(&clock.version, memory_order_relaxed)));
	return scale;
}

static void set_scale(const struct time_scale *scale)
{
	uint32_t version = atomic_load_explicit(&clock.version, memory_order_relaxed);

	atomic_store_explicit(&clock.version, version + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	clock.scale = *scale;
	atomic_store_explicit(&clock.version, version + 2, memory_order_release);
}

uint64_t clock_tsc_hz(void)
{
	return clock.tsc_hz;
}

bool clock_tsc_is_stable(void)
{
	return cpu_features.invariant_tsc || !clock.pm_timer;
}

/* --- Calibration --------------------------------------------------------------------------- */

/* Counter 2 is the loudspeaker's: it runs free from 65535 on, with the loudspeaker off. */
static void pit_start(void)
{
	port_outb(PIT_GATE, (port_inb(PIT_GATE) & 0xfc) | 1);
	port_outb(PIT_COMMAND, 0xb4); /* counter 2, both bytes, mode 2 */
	port_outb(PIT_COUNTER_2, 0);
	port_outb(PIT_COUNTER_2, 0);
}

/* The reference counts up: the PM timer, or else the PIT turned round. */
static uint32_t read_reference(void)
{
	uint32_t count;

	if (clock.pm_timer) {
		return port_inl(clock.pm_timer) & PM_TIMER_MASK;
	}
	port_outb(PIT_COMMAND, 0x80); /* latch counter 2 */
	count = port_inb(PIT_COUNTER_2);
	count |= (uint32_t)port_inb(PIT_COUNTER_2) << 8;
	return ~count & PIT_MASK;
}

struct sample {
	uint64_t tsc;
	uint32_t reference;
	uint32_t apic; /* counts down */
};

/*
 * The three clocks at one moment. What comes between the readings, be it firmware or the host of
 * a virtual machine, makes them differ, so the tightest of several counts.
 */
static struct sample take_sample(void)
{
	struct sample best = {0};
	uint64_t tightest = UINT64_MAX;

	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t before = read_tsc();
		uint32_t reference = read_reference();
		uint64_t after = read_tsc();
		uint32_t apic = apic_timer_count();

		if (after - before < tightest) {
			tightest = after - before;
			best = (struct sample){before + tightest / 2, reference, apic};
		}
	}
	return best;
}

/* False: the reference stands still, or as good as. */
static bool wait_for_reference(uint32_t from, uint32_t ticks, uint32_t mask)
{
	uint64_t start = read_tsc();

	while (((read_reference() - from) & mask) < ticks) {
		if (read_tsc() - start > PATIENCE) {
			return false;
		}
		__builtin_ia32_pause();
	}
	return true;
}

static bool calibrate(uint64_t hz, uint32_t mask)
{
	struct sample from, to;
	uint64_t ticks, apic_hz;

	apic_timer_count_start();
	from = take_sample();
	if (!wait_for_reference(from.reference, (uint32_t)(hz * WINDOW_MS / 1000), mask)) {
		return false;
	}
	to = take_sample();
	ticks = (to.reference - from.reference) & mask;
	clock.tsc_hz = time_frequency(to.tsc - from.tsc, ticks, hz);
	apic_hz = time_frequency(from.apic - to.apic, ticks, hz);
	clock.scale.tsc = to.tsc;
	clock.pm_last = to.reference;
	time_scale_set_frequency(&clock.scale, clock.tsc_hz);
	apic_timer_set_frequency(apic_hz);
	log_info("clock: TSC %lu.%03lu MHz, APIC timer %lu.%03lu MHz, by the %s\n",
		 clock.tsc_hz / 1000000, clock.tsc_hz / 1000 % 1000, apic_hz / 1000000,
		 apic_hz / 1000 % 1000, clock.pm_timer ? "PM timer" : "PIT");
	return apic_hz > 0;
}

/* --- Correction ---------------------------------------------------------------------------- */

bool clock_correct(void)
{
	struct time_scale scale = clock.scale;
	struct sample at;
	uint64_t expected, elapsed, truth;

	if (clock_tsc_is_stable()) {
		return false;
	}
	at = take_sample();
	expected = time_scale_delta(&scale, at.tsc - scale.tsc) * PM_TIMER_HZ / NS_PER_SECOND;
	elapsed = time_counter_elapsed(clock.pm_last, at.reference, PM_TIMER_MASK, expected);
	if (elapsed < PM_TIMER_HZ / 100) { /* too short to measure a rate by */
		return true;
	}
	clock.tsc_hz = time_frequency(at.tsc - scale.tsc, elapsed, PM_TIMER_HZ);
	clock.pm_ticks += elapsed;
	clock.pm_last = at.reference;
	truth = mul_div(clock.pm_ticks, NS_PER_SECOND, PM_TIMER_HZ);
	scale.ns = time_scale_ns(&scale, at.tsc);
	scale.tsc = at.tsc;
	time_scale_set_frequency(
		&scale, time_corrected_frequency(clock.tsc_hz, (int64_t)(scale.ns - truth)));
	set_scale(&scale);
	return true;
}

/* --- Wall clock ---------------------------------------------------------------------------- */

#define RTC_UPDATING 0x80 /* of status A */

static uint8_t cmos_read(uint8_t index)
{
	port_outb(CMOS_INDEX, index);
	return port_inb(CMOS_DATA);
}

/* Between two updates there is nearly a second, so what is read just behind one belongs together.
 */
static struct rtc_registers read_rtc(uint8_t century)
{
	struct rtc_registers r;
	uint64_t start = read_tsc();

	do {
		while (cmos_read(10) & RTC_UPDATING && read_tsc() - start < PATIENCE) {
			__builtin_ia32_pause();
		}
		r = (struct rtc_registers){
			.second = cmos_read(0),
			.minute = cmos_read(2),
			.hour = cmos_read(4),
			.day = cmos_read(7),
			.month = cmos_read(8),
			.year = cmos_read(9),
			.century = century ? cmos_read(century) : 0,
			.status_b = cmos_read(11),
		};
	} while (cmos_read(0) != r.second && read_tsc() - start < PATIENCE);
	return r;
}

uint64_t clock_wall_epoch(void)
{
	return atomic_load_explicit(&clock.wall_epoch, memory_order_relaxed);
}

void clock_set_wall_epoch(uint64_t ns)
{
	atomic_store_explicit(&clock.wall_epoch, ns, memory_order_relaxed);
}

void clock_init(uint16_t pm_timer, uint8_t rtc_century)
{
	uint64_t seconds;

	clock.pm_timer = pm_timer;
	if (pm_timer && !calibrate(PM_TIMER_HZ, PM_TIMER_MASK)) {
		log_warn("clock: the PM timer at port %#x stands still\n", pm_timer);
		clock.pm_timer = 0;
	}
	if (!clock.pm_timer) {
		pit_start();
		if (!calibrate(PIT_HZ, PIT_MASK)) {
			panic("neither an ACPI PM timer nor a PIT counts: no clock to go by");
		}
		if (!cpu_features.invariant_tsc) {
			log_warn(
				"clock: the TSC may drift, and without a PM timer nobody notices\n");
		}
	}
	seconds = rtc_to_seconds(read_rtc(rtc_century));
	if (!seconds) {
		log_warn("clock: the CMOS clock has no valid date\n");
	}
	clock_set_wall_epoch(seconds * NS_PER_SECOND - now());
}
