/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event trace: a ring of fixed records per CPU, written when its category is switched on. */
#ifndef DEBUG_TRACE_H
#define DEBUG_TRACE_H

#include <arch/port.h>
#include <lib/base.h>

enum trace_category {
	TRACE_HYPERCALL, /* a: number, b: result */
	TRACE_EXCEPTION, /* a: vector and error code, b: where */
	TRACE_SCHEDULE,	 /* a: the vCPU that comes, b: the one that goes: domain << 32 | vCPU */
	TRACE_EVENT,	 /* a: domain << 32 | port, b: vCPU kicked */
	TRACE_MEMORY,	 /* a: frame, b: type */
	TRACE_TIMER,	 /* a: kind, b: how late, in ns */
	TRACE_INTERRUPT, /* a: vector, b: line */
	TRACE_CATEGORIES
};

struct trace_record {
	uint64_t time; /* ns since boot */
	uint16_t category;
	uint16_t cpu;
	uint32_t who; /* domain << 16 | vCPU that ran */
	uint64_t a, b;
};

_Static_assert(sizeof(struct trace_record) == 32, "two to a cache line");

/* A CPU's ring: of 2^n records, written by that CPU alone. */
struct trace_ring {
	struct trace_record *records; /* null: this CPU traces nothing */
	uint64_t head;		      /* how many were ever written */
	uint32_t size;
	uint32_t who;
};

extern uint32_t trace_mask; /* bits of the categories that are on; set by trace_start() */
extern struct trace_ring trace_rings[CPU_MAX];

/* Gives the CPU its ring, once; 0 or -ENOMEM. */
#define TRACE_PAGES 4 /* a CPU's ring, usually */
int trace_init_cpu(unsigned cpu, unsigned pages);
void trace_start(uint32_t mask);

/* The CPU runs this vCPU from now on. */
static inline void trace_set_who(uint16_t domain, uint16_t vcpu)
{
	trace_rings[cpu_id()].who = (uint32_t)domain << 16 | vcpu;
}

void trace_write(enum trace_category category, uint64_t a, uint64_t b);

static inline bool tracing(enum trace_category category)
{
	return trace_mask & BIT(category);
}

static inline void trace(enum trace_category category, uint64_t a, uint64_t b)
{
	if (unlikely(tracing(category))) {
		trace_write(category, a, b);
	}
}

/* The next record from *position on of a CPU's ring, which is moved behind it; false: no more. */
bool trace_read(unsigned cpu, uint64_t *position, struct trace_record *record);

const char *trace_name(unsigned category);

#endif
