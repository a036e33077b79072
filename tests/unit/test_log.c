/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: levels, rate limit, the ring and its readers. */
#include "tap.h"

#include <arch/port.h>
#include <debug/log.h>
#include <string.h>

_Thread_local unsigned fake_cpu;
static uint64_t time_now;
static char console[1 << 16];
static size_t console_length;

uint64_t now(void)
{
	return time_now;
}

void fake_relax(void)
{
	abort();
}

void panic(const char *format, ...)
{
	printf("# panic: %s\n", format);
	abort();
}

void console_write(const char *text, size_t length)
{
	memcpy(console + console_length, text, length);
	console_length += length;
	console[console_length] = '\0';
}

/* What came out since the last call. */
static const char *printed(void)
{
	static char text[sizeof(console)];

	memcpy(text, console, console_length + 1);
	console_length = 0;
	console[0] = '\0';
	return text;
}

static void levels(void)
{
	log_info("one %d\n", 1);
	log_debug("two\n");
	ok(!strcmp(printed(), "one 1\n"), "info is printed, debug is not");
	log_set_limits(LOG_HYPERVISOR, 1, 1);
	log_warn("w\n");
	log_error("e\n");
	ok(!strcmp(printed(), "e\n"), "errors alone");
	log_set_limits(LOG_HYPERVISOR, 4, 4);
	log_debug("d\n");
	ok(!strcmp(printed(), "d\n"), "all");
}

static void rate(void)
{
	unsigned count;

	time_now = 1000000000000;
	log_set_limits(LOG_GUEST, 1, 2);
	for (int i = 0; i < 25; i++) {
		log_guest(LOG_WARN, "x");
	}
	is_int(strlen(printed()), 10, "ten of a burst are printed");
	log_guest(LOG_ERROR, "y");
	ok(!strcmp(printed(), "y"), "levels that are always printed are");
	time_now += 600000000;
	log_guest(LOG_WARN, "z\n");
	ok(!strcmp(printed(), "(15 messages were suppressed)\nz\n"),
	   "later one more, and how many were not");
	log_guest(LOG_WARN, "z\n");
	ok(!strcmp(printed(), ""), "but only one");
	time_now += UINT64_C(3600000000000);
	for (count = 0; count < 25; count++) {
		log_guest(LOG_WARN, "x");
	}
	ok(strstr(printed(), "xxxxxxxxxx") != NULL, "after an hour a burst again");
}

static void ring(void)
{
	static char large[1 << 14];
	char text[5000];
	uint64_t position = 0;
	size_t length;

	log_clear();
	is_int(log_read(&position, text, sizeof(text)), 0, "a cleared log is empty");
	log_write("abc", 3);
	length = log_read(&position, text, 2);
	ok(length == 2 && !memcmp(text, "ab", 2), "reading a part");
	length = log_read(&position, text, sizeof(text));
	ok(length == 1 && text[0] == 'c', "and the rest");
	for (int i = 0; i < 1000; i++) {
		log_write("0123456789", 10);
	}
	position = 0;
	is_int(log_read(&position, text, sizeof(text)), 4096, "the ring keeps its size");
	ok(text[4095] == '9' && text[4086] == '0', "the newest");
	log_set_ring(large, sizeof(large));
	log_write("!", 1);
	position = 0;
	is_int(log_read(&position, text, sizeof(text)), 4097,
	       "a larger ring has what the small one had");
	ok(text[4095] == '9' && text[4096] == '!', "and what came since");
	printed();
	memset(text, 'l', 1000);
	text[1000] = '\0';
	log_error("%s", text);
	is_int(strlen(printed()), 255, "a line too long is cut");
	log_break_lock();
	log_write("x", 1);
	ok(true, "a broken lock is not taken");
}

int main(void)
{
	levels();
	rate();
	ring();
	return done_testing();
}
