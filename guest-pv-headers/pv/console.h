/* SPDX-License-Identifier: MIT */
/*
 * Printing, to the hypervisor's own console or to the ring a toolstack's console daemon reads, and
 * what is typed there. When nothing has been, pv_event_wait(pv_console.port) sleeps until that
 * changes.
 */
#ifndef PV_CONSOLE_H
#define PV_CONSOLE_H

#include "format.h"
#include "hypercall.h"
#include <xen/io/console.h>

/* Where text goes; pv_console_ring() or a guest of its own taste replaces it. */
static void (*pv_console_write)(const char *text, size_t length);

/* The hypervisor's console. Others than the first domain are heard by debug hypervisors only. */
static inline void pv_console_write_io(const char *text, size_t length)
{
	pv_console_io(CONSOLEIO_write, length, text);
}

static struct {
	struct xencons_interface *page;
	evtchn_port_t port;
} pv_console;

static inline void pv_console_notify(void)
{
	struct evtchn_send send = {.port = pv_console.port};

	pv_event_channel_op(EVTCHNOP_send, &send);
}

/* Waits, yielding, while the daemon does not make room. */
static inline void pv_console_write_ring(const char *text, size_t length)
{
	struct xencons_interface *ring = pv_console.page;
	XENCONS_RING_IDX produced = ring->out_prod;

	for (size_t i = 0; i < length; i++) {
		while (produced - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) >=
		       sizeof(ring->out)) {
			pv_console_notify();
			pv_sched_op(SCHEDOP_yield, NULL);
		}
		ring->out[MASK_XENCONS_IDX(produced, ring->out)] = text[i];
		__atomic_store_n(&ring->out_prod, ++produced, __ATOMIC_RELEASE);
	}
	pv_console_notify();
}

/* What was typed, as much as there is and fits; how much that is. */
static inline size_t pv_console_read(char *to, size_t size)
{
	struct xencons_interface *ring = pv_console.page;
	XENCONS_RING_IDX consumed = ring->in_cons;
	size_t length = 0;

	while (length < size && consumed != __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE)) {
		to[length++] = ring->in[MASK_XENCONS_IDX(consumed++, ring->in)];
	}
	if (length) {
		__atomic_store_n(&ring->in_cons, consumed, __ATOMIC_RELEASE);
		pv_console_notify();
	}
	return length;
}

/* page: where console.domU.mfn of the start info is mapped. */
static inline void pv_console_ring(struct xencons_interface *page, evtchn_port_t port)
{
	pv_console.page = page;
	pv_console.port = port;
	pv_console_write = pv_console_write_ring;
}

static inline void pv_line_flush(struct pv_line *line)
{
	if (!pv_console_write) {
		pv_console_write = pv_console_write_io;
	}
	pv_console_write(line->text, line->used);
	line->used = 0;
}

static inline void pv_vprintf(const char *format, va_list args)
{
	struct pv_line line = {.used = 0};

	pv_line_format(&line, format, args);
	pv_line_flush(&line);
}

__attribute__((format(printf, 1, 2))) static inline void pv_printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pv_vprintf(format, args);
	va_end(args);
}

#endif
