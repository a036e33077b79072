/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts: from the vector that arrived to what it means, and the lines of devices. */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include <arch/vectors.h>
#include <lib/base.h>
#include <lib/lock.h>
#include <stdatomic.h>

/*
 * A line is what interrupts by one vector: a pin of an IO-APIC, or one message of a device (MSI).
 * Vectors mean the same on every CPU, so there are as many lines as vectors for devices.
 *
 * Dom0 knows a line by a number (its PIRQ, pirq.c) and hears of it by an event channel.
 *
 *	edge, MSI	EOI to the APIC, then the event. More of them meanwhile are one event.
 *	level		the line is masked, then EOI and the event. It stays asserted until
 *			Dom0's driver has calmed its device; then Dom0 says "end of interrupt"
 *			and the line is unmasked.
 *
 * A line that does nothing but interrupt (a storm) is masked until the second is over: one that
 * interrupts more often than any device should, or again and again though Dom0 has not taken the
 * first. Dom0 is told of it once more afterwards, for what it may have missed.
 *
 * Where. A line interrupts one CPU: that on which the vCPU runs which Dom0's port notifies. It is
 * put there when Dom0 binds the port to a vCPU, and follows it: an interrupt that comes to another
 * CPU takes the line along (at most every IRQ_FOLLOW_NS, for a vCPU may roam). As a vector means
 * the same everywhere, a move changes nothing but the destination, and one that is still on
 * its way to the old CPU is served there.
 */
enum irq_kind {
	IRQ_FREE,
	IRQ_GSI,
	IRQ_MSI,
	IRQ_UART, /* our own serial line; a GSI too */
};

struct irq_line {
	struct lock lock;
	_Atomic uint32_t port; /* Dom0's event channel, 0: it is not bound */

	/* Guarded by `lock`. */
	uint8_t kind;
	bool level;
	bool waits_for_eoi; /* masked until Dom0 has seen to it */
	bool storms;	    /* masked until the second is over */
	uint32_t stormed;   /* seconds in a row, which are reported as one storm */
	unsigned cpu;	    /* whom it interrupts */
	uint64_t moved;	    /* when that changed last */
	uint32_t pirq;
	uint32_t gsi;
	uint64_t second; /* of now(), in which `count` were counted */
	uint32_t count;
	uint64_t total;

	_Atomic uint32_t unheard; /* in a row, that told Dom0 nothing new */
};

/* More than this in one second is a storm: real devices moderate themselves far below. */
#define IRQ_STORM 400000

/* As is this: a device with so much to say has filled its queues long before. */
#define IRQ_UNHEARD 10000

#define IRQ_FOLLOW_NS 10000000

void irq_init(void);

void interrupt(uint32_t vector); /* from entry.S */

/* Once a second, on one CPU: lines that stormed get another chance. */
void irq_end_storms(void);

/* --- Lines, by vector ---------------------------------------------------------------------- */

struct irq_line *irq_line(unsigned vector);

/*
 * A vector for a line of that kind, or -ENOSPC; the caller sets what the kind needs. irq_free()
 * masks the line, too.
 */
int irq_alloc(enum irq_kind kind);
void irq_free(unsigned vector);

int irq_find_gsi(uint32_t gsi); /* the vector of its line, or -ENOENT */

/* With the line's lock held. Nothing, if the CPU is off line or beyond what a device can name. */
void irq_move(struct irq_line *line, unsigned cpu);

/*
 * A CPU that is no longer in `smp_online`: on return no line interrupts it, nor will any move to
 * it. What is on its way already is served when it next lets interrupts in.
 */
void irq_leave_cpu(unsigned cpu);

/* With the line's lock held. A line is open when it is bound, waits for nothing and behaves. */
void irq_set_mask(const struct irq_line *line);

/* The serial line's interrupt sets CPU_WORK_KEYS; -ENOSPC, or -ENOENT if the pin does not exist. */
int irq_bind_uart(uint8_t isa_irq);

#endif
