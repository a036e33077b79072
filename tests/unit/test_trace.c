/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event trace and the counters. */
#include "fake_heap.h"
#include "tap.h"

#include <debug/counters.h>
#include <debug/trace.h>
#include <fake.h>
#include <lib/error.h>
#include <string.h>

static void records(void)
{
	struct trace_record r;
	uint64_t position = 0;

	trace_write(TRACE_EVENT, 1, 2);
	ok(!trace_read(0, &position, &r), "without a ring nothing is kept");
	fake_heap_fail_at = 1;
	is_int(trace_init_cpu(0, 1), -ENOMEM, "no memory, no ring");
	is_int(trace_init_cpu(0, 1), 0, "a ring of one page");
	trace(TRACE_EVENT, 1, 2);
	ok(!trace_read(0, &position, &r), "a category that is off is not kept");
	trace_start(BIT(TRACE_EVENT));
	trace_set_who(3, 1);
	fake_now = 77;
	trace(TRACE_EVENT, 1, 2);
	trace(TRACE_MEMORY, 3, 4);
	ok(trace_read(0, &position, &r) && r.time == 77 && r.a == 1 && r.b == 2 &&
		   r.who == 0x30001 && !strcmp(trace_name(r.category), "event"),
	   "one that is on is, with when and who");
	ok(!trace_read(0, &position, &r), "the other is not");
	for (uint64_t i = 0; i < 200; i++) {
		trace(TRACE_EVENT, i, 0);
	}
	ok(trace_read(0, &position, &r) && r.a == 73, "a full ring has lost the oldest");
	while (trace_read(0, &position, &r)) {
	}
	is_int(r.a, 199, "and has the newest");
}

static void counters(void)
{
	COUNT(upcalls);
	counters_init_cpu();
	fake_cpu = 1;
	counters_init_cpu();
	COUNT(upcalls);
	counter_add(32, 5);
	fake_cpu = 0;
	is_int(counter_sum(COUNTER_upcalls), 2, "counts of all CPUs add up");
	is_int(counter_of(0, COUNTER_upcalls), 1, "and each CPU has its own");
	is_int((long)counter_cpus(), 3, "if it has started");
	is_int(counter_sum(32), 5, "hypercalls are counted by number");
	ok(!strcmp(counter_name(COUNTER_upcalls), "upcalls") && counter_what(COUNTER_upcalls),
	   "counters have names");
	counters_clear();
	is_int(counter_sum(COUNTER_upcalls), 0, "cleared");
}

int main(void)
{
	records();
	counters();
	return done_testing();
}
