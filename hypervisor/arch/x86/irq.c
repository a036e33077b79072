/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts: from the vector that arrived to what it means, and the lines of devices. */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/ioapic.h>
#include <arch/irq.h>
#include <arch/msi.h>
#include <arch/port.h>
#include <arch/smp.h>
#include <arch/tlb.h>
#include <debug/counters.h>
#include <debug/log.h>
#include <debug/trace.h>
#include <domain/notify.h>
#include <lib/bitmap.h>
#include <lib/error.h>

#define LINES (VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1)

static struct irq_line lines[LINES];

/* Guarded by `lock`. */
static struct {
	struct lock lock;
	uint64_t used[BITMAP_WORDS(LINES)];
} vectors;

struct irq_line *irq_line(unsigned vector)
{
	return &lines[vector - VECTOR_DEVICE_FIRST];
}

static unsigned vector_of(const struct irq_line *line)
{
	return (unsigned)(line - lines) + VECTOR_DEVICE_FIRST;
}

/* --- Lines --------------------------------------------------------------------------------- */

void irq_init(void)
{
	lock_init(&vectors.lock, LOCK_PIRQ);
	for (unsigned i = 0; i < LINES; i++) {
		lock_init(&lines[i].lock, LOCK_PIRQ);
	}
}

int irq_alloc(enum irq_kind kind)
{
	struct irq_line *line;
	size_t i;

	lock_acquire(&vectors.lock);
	i = bitmap_next_clear(vectors.used, LINES, 0);
	if (i < LINES) {
		bitmap_set(vectors.used, i);
	}
	lock_release(&vectors.lock);
	if (i == LINES) {
		return -ENOSPC;
	}
	line = &lines[i];
	lock_acquire(&line->lock);
	line->kind = (uint8_t)kind;
	line->level = line->waits_for_eoi = line->storms = false;
	line->stormed = 0;
	line->unheard = 0;
	line->total = 0;
	line->cpu = cpu_id();
	line->moved = 0;
	lock_release(&line->lock);
	return (int)vector_of(line);
}

void irq_free(unsigned vector)
{
	struct irq_line *line = irq_line(vector);

	lock_acquire(&line->lock);
	atomic_store_explicit(&line->port, 0, memory_order_relaxed);
	irq_set_mask(line);
	if (line->kind == IRQ_MSI) {
		msi_free(vector);
	}
	line->kind = IRQ_FREE;
	lock_release(&line->lock);
	lock_acquire(&vectors.lock);
	bitmap_clear(vectors.used, vector - VECTOR_DEVICE_FIRST);
	lock_release(&vectors.lock);
}

void irq_set_mask(const struct irq_line *line)
{
	bool open =
		!line->waits_for_eoi && !line->storms &&
		(line->kind == IRQ_UART || atomic_load_explicit(&line->port, memory_order_relaxed));

	if (line->kind == IRQ_MSI) {
		msi_set_mask(vector_of(line), !open);
	} else if (open) {
		ioapic_unmask(line->gsi);
	} else {
		ioapic_mask(line->gsi);
	}
}

int irq_find_gsi(uint32_t gsi)
{
	for (unsigned i = 0; i < LINES; i++) {
		uint8_t kind = lines[i].kind;

		if ((kind == IRQ_GSI || kind == IRQ_UART) && lines[i].gsi == gsi) {
			return (int)i + VECTOR_DEVICE_FIRST;
		}
	}
	return -ENOENT;
}

int irq_bind_uart(uint8_t isa_irq)
{
	uint32_t gsi = ioapic_gsi_of_isa(isa_irq);
	struct irq_line *line;
	int vector;

	if (!ioapic_has_gsi(gsi)) {
		return -ENOENT;
	}
	vector = irq_alloc(IRQ_UART);
	if (vector < 0) {
		return vector;
	}
	line = irq_line((unsigned)vector);
	lock_acquire(&line->lock);
	line->gsi = gsi;
	ioapic_route(gsi, (uint8_t)vector, cpu_of(line->cpu)->apic_id);
	irq_set_mask(line);
	lock_release(&line->lock);
	return 0;
}

/* --- Where they interrupt ------------------------------------------------------------------ */

#define DESTINATION_MAX 0xfe /* 8 bits, of which all ones are everybody */

static bool can_interrupt(unsigned cpu)
{
	return cpus_online() >> cpu & 1 && cpu_of(cpu)->apic_id <= DESTINATION_MAX;
}

void irq_move(struct irq_line *line, unsigned cpu)
{
	ASSERT_LOCKED(&line->lock);
	if (line->cpu == cpu || !can_interrupt(cpu)) {
		return;
	}
	line->cpu = cpu;
	line->moved = now();
	if (line->kind == IRQ_MSI) {
		msi_set_destination(vector_of(line), cpu_of(cpu)->apic_id);
	} else {
		ioapic_set_destination(line->gsi, cpu_of(cpu)->apic_id);
	}
}

/* Who moves a line looks at `smp_online` with its lock held, so each is seen here or stays away. */
void irq_leave_cpu(unsigned cpu)
{
	for (unsigned i = 0; i < LINES; i++) {
		struct irq_line *line = &lines[i];

		lock_acquire(&line->lock);
		if (line->kind != IRQ_FREE && line->cpu == cpu) {
			irq_move(line, (unsigned)__builtin_ctzll(cpus_online()));
		}
		lock_release(&line->lock);
	}
}

/* The vCPU that is told runs on `cpu`: its interrupts shall come there. */
static void follow(struct irq_line *line, unsigned cpu)
{
	if (likely(cpu == cpu_id())) {
		return;
	}
	lock_acquire(&line->lock);
	if (line->kind != IRQ_FREE && now() - line->moved >= IRQ_FOLLOW_NS) {
		irq_move(line, cpu);
	}
	lock_release(&line->lock);
}

/* --- Storms -------------------------------------------------------------------------------- */

#define SECOND_SHIFT 30 /* of nanoseconds: near enough */

static bool is_too_much(struct irq_line *line)
{
	uint64_t second = now() >> SECOND_SHIFT;

	line->total++;
	if (line->second != second) {
		line->second = second;
		line->count = 0;
	}
	return ++line->count > IRQ_STORM;
}

static void begin_storm(struct irq_line *line, const char *why)
{
	ASSERT_LOCKED(&line->lock);
	line->storms = true;
	irq_set_mask(line);
	if (!line->stormed) {
		log_warn("interrupt %u storms, %s: masked for the rest of each second\n",
			 line->pirq, why);
	}
}

/* It interrupted, and Dom0 has not even taken the one before. */
static void count_unheard(struct irq_line *line)
{
	if (atomic_fetch_add_explicit(&line->unheard, 1, memory_order_relaxed) < IRQ_UNHEARD) {
		return;
	}
	lock_acquire(&line->lock);
	if (line->kind != IRQ_FREE && !line->storms) {
		begin_storm(line, "and Dom0 does not take it");
	}
	lock_release(&line->lock);
}

/* True: it stormed, and is open again. */
static bool end_storm(struct irq_line *line)
{
	bool stormed;

	lock_acquire(&line->lock);
	stormed = line->storms;
	if (stormed) {
		line->storms = false;
		line->stormed++;
		line->second = 0;
		atomic_store_explicit(&line->unheard, 0, memory_order_relaxed);
		irq_set_mask(line);
	} else if (line->stormed) {
		log_warn("interrupt %u is calm again, after %u seconds\n", line->pirq,
			 line->stormed);
		line->stormed = 0;
	}
	lock_release(&line->lock);
	return stormed;
}

void irq_end_storms(void)
{
	for (unsigned i = 0; i < LINES; i++) {
		struct irq_line *line = &lines[i];

		if ((line->storms || line->stormed) && end_storm(line)) {
			uint32_t port = atomic_load_explicit(&line->port, memory_order_relaxed);

			if (port) {
				(void)notify_pirq(domain_hardware, port, line->pirq);
			}
		}
	}
}

/* --- Arrivals ------------------------------------------------------------------------------ */

static void add_work(uint32_t work)
{
	atomic_fetch_or_explicit(&this_cpu()->work, work, memory_order_relaxed);
}

static void on_kick(void)
{
	apic_eoi();
}

static void on_flush(void)
{
	apic_eoi();
	tlb_serve_request();
}

static void on_timer(void)
{
	COUNT(timer_interrupts);
	apic_eoi();
	this_cpu()->timer_deadline = 0;
	add_work(CPU_WORK_TIMER);
}

static void on_apic_error(void)
{
	apic_report_error();
	apic_eoi();
}

static void on_spurious(void)
{
	/* It is not in service, so there is nothing to end. */
}

static void (*const system_handlers[256 - VECTOR_SYSTEM_FIRST])(void) = {
	[VECTOR_KICK - VECTOR_SYSTEM_FIRST] = on_kick,
	[VECTOR_FLUSH - VECTOR_SYSTEM_FIRST] = on_flush,
	[VECTOR_TIMER - VECTOR_SYSTEM_FIRST] = on_timer,
	[VECTOR_APIC_ERROR - VECTOR_SYSTEM_FIRST] = on_apic_error,
	[VECTOR_SPURIOUS - VECTOR_SYSTEM_FIRST] = on_spurious,
};

static void tell_dom0(struct irq_line *line, uint32_t port, uint32_t pirq)
{
	if (unlikely(!notify_pirq(domain_hardware, port, pirq))) {
		count_unheard(line);
	} else if (unlikely(atomic_load_explicit(&line->unheard, memory_order_relaxed))) {
		atomic_store_explicit(&line->unheard, 0, memory_order_relaxed);
	}
	follow(line, notify_pirq_cpu(domain_hardware, port));
}

static void on_device(unsigned vector)
{
	struct irq_line *line = irq_line(vector);
	uint32_t port, pirq;
	uint8_t kind;

	COUNT(interrupts);
	trace(TRACE_INTERRUPT, vector, 0);
	lock_acquire(&line->lock);
	kind = line->kind;
	pirq = line->pirq;
	port = atomic_load_explicit(&line->port, memory_order_relaxed);
	if (kind != IRQ_FREE) {
		line->waits_for_eoi = line->level && kind == IRQ_GSI;
		if (is_too_much(line) && !line->storms) {
			begin_storm(line, "too often in a second");
		} else if (line->waits_for_eoi) {
			irq_set_mask(line);
		}
	}
	lock_release(&line->lock); /* the locks that an event takes rank below */
	apic_eoi();
	if (kind == IRQ_UART) {
		add_work(CPU_WORK_KEYS);
	} else if (port) {
		tell_dom0(line, port, pirq);
	}
}

void interrupt(uint32_t vector)
{
	if (vector >= VECTOR_SYSTEM_FIRST) {
		void (*handler)(void) = system_handlers[vector - VECTOR_SYSTEM_FIRST];

		if (handler) {
			handler();
			return;
		}
	} else if (vector >= VECTOR_DEVICE_FIRST) {
		on_device(vector);
		return;
	}
	/* Of a masked PIC, which wants no EOI, or of a device that was made to say anything. */
	if (apic_in_service(vector)) {
		apic_eoi();
	}
	log_warn("unexpected interrupt, vector %#x\n", vector);
}
