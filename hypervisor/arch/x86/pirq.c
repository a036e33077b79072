/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers (PIRQs) by which Dom0, who owns the devices, knows interrupt lines. */
#include <arch/cpu.h>
#include <arch/ioapic.h>
#include <arch/irq.h>
#include <arch/msi.h>
#include <arch/pirq.h>
#include <debug/counters.h>
#include <debug/log.h>
#include <domain/domain.h>
#include <lib/bitmap.h>
#include <lib/error.h>
#include <lib/index.h>

/* Guarded by `lock`, which is taken before a line's. */
static struct {
	struct lock lock;
	uint8_t vector[PIRQ_COUNT]; /* 0: the number is free */
	uint64_t *eoi_map;	    /* Dom0's, or null */
} pirqs = {.lock = LOCK_INIT(LOCK_PIRQ_TABLE)};

/* The line, locked, or null: with the table locked. */
static struct irq_line *line_get(uint64_t pirq)
{
	struct irq_line *line;

	if (!index_ok(&pirq, PIRQ_COUNT) || !pirqs.vector[pirq]) {
		return NULL;
	}
	line = irq_line(pirqs.vector[pirq]);
	lock_acquire(&line->lock);
	return line;
}

static void update_eoi_map(uint32_t pirq, bool needs_eoi)
{
	if (!pirqs.eoi_map) {
		return;
	}
	if (needs_eoi) {
		atomic_fetch_or((_Atomic uint64_t *)&pirqs.eoi_map[pirq / 64], BIT(pirq % 64));
	} else {
		atomic_fetch_and((_Atomic uint64_t *)&pirqs.eoi_map[pirq / 64], ~BIT(pirq % 64));
	}
}

/* --- Numbers ------------------------------------------------------------------------------- */

static int find_free(bool for_gsi)
{
	int first = (int)ioapic_gsi_count();

	for (int pirq = first; for_gsi && pirq < PIRQ_COUNT; pirq++) {
		if (!pirqs.vector[pirq]) {
			return pirq;
		}
	}
	for (int pirq = PIRQ_COUNT - 1; !for_gsi && pirq >= first; pirq--) {
		if (!pirqs.vector[pirq]) {
			return pirq;
		}
	}
	return -ENOSPC;
}

int pirq_find_free(bool for_gsi)
{
	int rc;

	lock_acquire(&pirqs.lock);
	rc = find_free(for_gsi);
	lock_release(&pirqs.lock);
	return rc;
}

static int number_of(unsigned vector)
{
	for (unsigned pirq = 0; pirq < PIRQ_COUNT; pirq++) {
		if (pirqs.vector[pirq] == vector) {
			return (int)pirq;
		}
	}
	return -ENOENT;
}

static void give_number(unsigned vector, uint32_t pirq)
{
	struct irq_line *line = irq_line(vector);

	pirqs.vector[pirq] = (uint8_t)vector;
	lock_acquire(&line->lock);
	line->pirq = pirq;
	update_eoi_map(pirq, line->level);
	lock_release(&line->lock);
}

static int new_gsi_line(uint32_t gsi)
{
	int vector = irq_alloc(IRQ_GSI);

	if (vector >= 0) {
		struct irq_line *line = irq_line((unsigned)vector);

		lock_acquire(&line->lock);
		line->gsi = gsi;
		line->level = ioapic_wiring(gsi).level;
		ioapic_route(gsi, (uint8_t)vector, cpu_of(line->cpu)->apic_id);
		lock_release(&line->lock);
	}
	return vector;
}

static int map_gsi(uint32_t gsi, int *pirq)
{
	int vector = irq_find_gsi(gsi);
	int old = vector < 0 ? -ENOENT : number_of((unsigned)vector);
	int wanted = *pirq;

	if (old >= 0) {
		*pirq = old;
		return wanted == PIRQ_ANY || wanted == old ? 0 : -EEXIST;
	}
	if (wanted == PIRQ_ANY) {
		wanted = pirqs.vector[gsi] ? find_free(true) : (int)gsi;
	}
	if (wanted < 0 || pirqs.vector[wanted]) {
		return wanted < 0 ? wanted : -EEXIST;
	}
	if (vector < 0) {
		vector = new_gsi_line(gsi);
	}
	if (vector < 0) {
		return vector;
	}
	give_number((unsigned)vector, (uint32_t)wanted);
	*pirq = wanted;
	return 0;
}

int pirq_map_gsi(uint32_t gsi, int *pirq)
{
	int rc;

	if (!ioapic_has_gsi(gsi) || *pirq < PIRQ_ANY || *pirq >= PIRQ_COUNT) {
		return refuse(-EINVAL);
	}
	lock_acquire(&pirqs.lock);
	rc = map_gsi(gsi, pirq);
	lock_release(&pirqs.lock);
	return rc;
}

int pirq_map_vector(unsigned vector, int *pirq)
{
	int rc = 0;

	lock_acquire(&pirqs.lock);
	if (*pirq == PIRQ_ANY) {
		*pirq = find_free(false);
	}
	if (*pirq < 0 || *pirq >= PIRQ_COUNT) {
		rc = *pirq < 0 ? *pirq : -EINVAL;
	} else if (pirqs.vector[*pirq]) {
		rc = -EEXIST;
	} else {
		give_number(vector, (uint32_t)*pirq);
	}
	lock_release(&pirqs.lock);
	return rc;
}

int pirq_unmap(uint32_t pirq)
{
	struct irq_line *line;
	unsigned vector;
	uint8_t kind;

	lock_acquire(&pirqs.lock);
	line = line_get(pirq);
	if (!line) {
		lock_release(&pirqs.lock);
		return refuse(-EINVAL);
	}
	kind = line->kind;
	lock_release(&line->lock);
	vector = pirqs.vector[pirq];
	pirqs.vector[pirq] = 0;
	update_eoi_map(pirq, false);
	if (kind != IRQ_UART) {
		irq_free(vector);
	}
	lock_release(&pirqs.lock);
	return 0;
}

int pirq_setup_gsi(uint32_t gsi, bool level, bool low)
{
	struct gsi_wiring wiring = {.level = level, .low = low};
	struct irq_line *line;
	int vector, rc = 0;

	if (!ioapic_has_gsi(gsi)) {
		return refuse(-EINVAL);
	}
	lock_acquire(&pirqs.lock);
	vector = irq_find_gsi(gsi);
	if (vector < 0) {
		ioapic_set_wiring(gsi, wiring);
		lock_release(&pirqs.lock);
		return 0;
	}
	line = irq_line((unsigned)vector);
	lock_acquire(&line->lock);
	if (line->kind == IRQ_UART || atomic_load_explicit(&line->port, memory_order_relaxed)) {
		rc = -EEXIST;
	} else {
		ioapic_set_wiring(gsi, wiring);
		line->level = level;
		ioapic_route(gsi, (uint8_t)vector, cpu_of(line->cpu)->apic_id);
		update_eoi_map(line->pirq, level);
	}
	lock_release(&line->lock);
	lock_release(&pirqs.lock);
	return rc;
}

/* --- Events -------------------------------------------------------------------------------- */

int pirq_bind(struct domain *d, uint32_t pirq, uint32_t port)
{
	struct irq_line *line;
	int rc = 0;

	if (d != domain_hardware) {
		return refuse(-EPERM);
	}
	lock_acquire(&pirqs.lock);
	line = line_get(pirq);
	if (!line) {
		rc = -EINVAL;
	} else if (line->kind == IRQ_UART) {
		rc = -EBUSY;
	} else if (atomic_load_explicit(&line->port, memory_order_relaxed)) {
		rc = -EEXIST;
	} else {
		atomic_store_explicit(&line->port, port, memory_order_relaxed);
		line->waits_for_eoi = false;
		irq_set_mask(line);
	}
	if (line) {
		lock_release(&line->lock);
	}
	lock_release(&pirqs.lock);
	return rc ? refuse(rc) : 0;
}

void pirq_unbind(uint32_t pirq)
{
	struct irq_line *line;

	lock_acquire(&pirqs.lock);
	line = line_get(pirq);
	if (line) {
		atomic_store_explicit(&line->port, 0, memory_order_relaxed);
		line->waits_for_eoi = false;
		irq_set_mask(line);
		lock_release(&line->lock);
	}
	lock_release(&pirqs.lock);
}

void pirq_move(struct domain *d, uint32_t pirq, uint32_t port, unsigned cpu)
{
	struct irq_line *line;

	if (d != domain_hardware) {
		return;
	}
	lock_acquire(&pirqs.lock);
	line = line_get(pirq);
	if (line) {
		if (atomic_load_explicit(&line->port, memory_order_relaxed) == port) {
			irq_move(line, cpu);
		}
		lock_release(&line->lock);
	}
	lock_release(&pirqs.lock);
}

int pirq_eoi(uint32_t pirq, uint32_t *port)
{
	struct irq_line *line;

	lock_acquire(&pirqs.lock);
	line = line_get(pirq);
	if (line) {
		*port = atomic_load_explicit(&line->port, memory_order_relaxed);
		if (line->waits_for_eoi) {
			line->waits_for_eoi = false;
			irq_set_mask(line);
		}
		lock_release(&line->lock);
	}
	lock_release(&pirqs.lock);
	return line ? 0 : refuse(-EINVAL);
}

int pirq_needs_eoi(uint32_t pirq, bool *needs)
{
	struct irq_line *line;

	lock_acquire(&pirqs.lock);
	line = line_get(pirq);
	if (line) {
		*needs = line->level;
		lock_release(&line->lock);
	}
	lock_release(&pirqs.lock);
	return line ? 0 : refuse(-EINVAL);
}

void pirq_set_eoi_map(uint64_t *map)
{
	lock_acquire(&pirqs.lock);
	pirqs.eoi_map = map;
	for (uint32_t pirq = 0; pirq < PIRQ_COUNT; pirq++) {
		update_eoi_map(pirq, pirqs.vector[pirq] && irq_line(pirqs.vector[pirq])->level);
	}
	lock_release(&pirqs.lock);
}

mfn_t pirq_eoi_frame(void)
{
	return pirqs.eoi_map ? frame_of_ptr(pirqs.eoi_map) : MFN_NONE;
}

void pirq_dump(void)
{
	for (uint32_t pirq = 0; pirq < PIRQ_COUNT; pirq++) {
		if (pirqs.vector[pirq]) {
			const struct irq_line *line = irq_line(pirqs.vector[pirq]);

			log_error("interrupt %u: vector %#x, %s, port %u, CPU %u, %lu so far%s\n",
				  pirq, pirqs.vector[pirq],
				  line->kind == IRQ_MSI ? "message"
				  : line->level		? "level"
							: "edge",
				  line->port, line->cpu, line->total,
				  line->waits_for_eoi ? ", waits for its end" : "");
		}
	}
	for (cpu_mask_t rest = counter_cpus(); rest; rest &= rest - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(rest);

		log_error("CPU %u: %lu interrupts of devices\n", cpu,
			  counter_of(cpu, COUNTER_interrupts));
	}
}
