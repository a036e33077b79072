/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event trace: a ring of fixed records per CPU. */
#include <debug/trace.h>
#include <lib/error.h>
#include <lib/heap.h>

uint32_t trace_mask;
struct trace_ring trace_rings[CPU_MAX];

static const char *const names[TRACE_CATEGORIES] = {
	[TRACE_HYPERCALL] = "hypercall", [TRACE_EXCEPTION] = "exception",
	[TRACE_SCHEDULE] = "schedule",	 [TRACE_EVENT] = "event",
	[TRACE_MEMORY] = "memory",	 [TRACE_TIMER] = "timer",
	[TRACE_INTERRUPT] = "interrupt",
};

int trace_init_cpu(unsigned cpu, unsigned pages)
{
	struct trace_ring *ring = &trace_rings[cpu];
	size_t bytes = (size_t)pages * PAGE_SIZE;
	struct trace_record *records = heap_alloc(bytes);

	if (!records) {
		return -ENOMEM;
	}
	ring->size = (uint32_t)(bytes / sizeof(*records));
	__atomic_store_n(&ring->records, records, __ATOMIC_RELEASE);
	return 0;
}

void trace_start(uint32_t mask)
{
	__atomic_store_n(&trace_mask, mask, __ATOMIC_RELAXED);
}

void trace_write(enum trace_category category, uint64_t a, uint64_t b)
{
	unsigned cpu = cpu_id();
	struct trace_ring *ring = &trace_rings[cpu];

	if (!ring->records) {
		return;
	}
	ring->records[ring->head & (ring->size - 1)] = (struct trace_record){
		.time = now(),
		.category = (uint16_t)category,
		.cpu = (uint16_t)cpu,
		.who = ring->who,
		.a = a,
		.b = b,
	};
	__atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
}

bool trace_read(unsigned cpu, uint64_t *position, struct trace_record *record)
{
	struct trace_ring *ring = &trace_rings[cpu];
	const struct trace_record *records = __atomic_load_n(&ring->records, __ATOMIC_ACQUIRE);
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);

	while (records) {
		/* The slot of the oldest is the next to be written. */
		uint64_t oldest = head >= ring->size ? head - ring->size + 1 : 0;

		*position = MAX(*position, oldest);
		if (*position >= head) {
			return false;
		}
		*record = records[*position & (ring->size - 1)];
		/* It may have been written anew while it was copied: then it does not count. */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
		if (head - *position < ring->size) {
			(*position)++;
			return true;
		}
	}
	return false;
}

const char *trace_name(unsigned category)
{
	return category < TRACE_CATEGORIES ? names[category] : "?";
}
