/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: which are printed, how often, and the ring that keeps them for Dom0. */
#include <arch/port.h>
#include <debug/log.h>
#include <lib/format.h>
#include <lib/lock.h>
#include <lib/string.h>
#include <stdarg.h>

#define EARLY_RING   4096
#define LINE_MAX     256
#define BURST	     10				   /* messages that may come at once, */
#define BURST_REFILL (UINT64_C(500) * 1000 * 1000) /* and how long it takes to earn another */

static char early_ring[EARLY_RING];

/* Positions count every byte ever written; the ring holds the last `size` of them. */
static struct {
	struct lock lock;
	bool lock_broken;
	char *ring;
	size_t size;
	uint64_t head;	/* the next byte goes here */
	uint64_t start; /* nothing older is shown */
} kept = {.lock = LOCK_INIT(LOCK_CONSOLE), .ring = early_ring, .size = EARLY_RING};

/* Per source; guarded by the log's lock, but for the limits, which boot sets. */
static struct {
	unsigned always, limited;
	unsigned credit; /* messages of limited levels that may still be printed */
	uint64_t earned_at;
	unsigned suppressed;
} sources[] = {
	[LOG_HYPERVISOR] = {.always = 3, .limited = 3, .credit = BURST},
	[LOG_GUEST] = {.always = 0, .limited = 2, .credit = BURST},
};

void log_set_limits(enum log_source source, unsigned always, unsigned limited)
{
	sources[source].always = always;
	sources[source].limited = limited;
}

static void log_lock(void)
{
	if (!kept.lock_broken) {
		lock_acquire(&kept.lock);
	}
}

static void log_unlock(void)
{
	if (!kept.lock_broken) {
		lock_release(&kept.lock);
	}
}

void log_break_lock(void)
{
	kept.lock_broken = true;
}

static void put(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		kept.ring[kept.head++ & (kept.size - 1)] = text[i];
	}
	console_write(text, length);
}

static void put_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put_line(const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;
	size_t length;

	va_start(args, format);
	length = format_text_v(line, sizeof(line), format, args);
	va_end(args);
	put(line, MIN(length, sizeof(line) - 1));
}

/* Whether a message of a limited level may be printed now. */
static bool spend_credit(enum log_source source)
{
	uint64_t time = now();
	uint64_t earned = (time - sources[source].earned_at) / BURST_REFILL;

	if (earned) {
		sources[source].earned_at += earned * BURST_REFILL;
		sources[source].credit = (unsigned)MIN(sources[source].credit + earned, BURST);
	}
	if (!sources[source].credit) {
		sources[source].suppressed++;
		return false;
	}
	sources[source].credit--;
	if (sources[source].suppressed) {
		put_line("(%u messages were suppressed)\n", sources[source].suppressed);
		sources[source].suppressed = 0;
	}
	return true;
}

void log_print(enum log_source source, enum log_level level, const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;
	size_t length;

	if (level >= sources[source].always && level >= sources[source].limited) {
		return;
	}
	va_start(args, format);
	length = format_text_v(line, sizeof(line), format, args);
	va_end(args);
	if (length >= sizeof(line)) { /* cut off, but still a line */
		length = sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	log_lock();
	if (level < sources[source].always || spend_credit(source)) {
		put(line, length);
	}
	log_unlock();
}

void log_write(const char *text, size_t length)
{
	log_lock();
	put(text, length);
	log_unlock();
}

static uint64_t oldest(void)
{
	uint64_t first = kept.head > kept.size ? kept.head - kept.size : 0;

	return MAX(first, kept.start);
}

void log_set_ring(char *buffer, size_t bytes)
{
	log_lock();
	for (uint64_t at = oldest(); at < kept.head; at++) {
		buffer[at & (bytes - 1)] = kept.ring[at & (kept.size - 1)];
	}
	kept.start = oldest();
	kept.ring = buffer;
	kept.size = bytes;
	log_unlock();
}

size_t log_read(uint64_t *position, char *to, size_t bytes)
{
	size_t length = 0;
	uint64_t at;

	log_lock();
	at = MAX(*position, oldest());
	while (length < bytes && at < kept.head) {
		to[length++] = kept.ring[at++ & (kept.size - 1)];
	}
	log_unlock();
	*position = at;
	return length;
}

uint64_t log_end(void)
{
	uint64_t end;

	log_lock();
	end = kept.head;
	log_unlock();
	return end;
}

void log_clear(void)
{
	log_lock();
	kept.start = kept.head;
	log_unlock();
}
