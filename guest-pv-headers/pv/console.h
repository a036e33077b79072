/* SPDX-License-Identifier: MIT */
/* Printing: to the hypervisor's own console, or to the ring a toolstack's console daemon reads. */
#ifndef PV_CONSOLE_H
#define PV_CONSOLE_H

#include "hypercall.h"
#include <stdarg.h>
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

/* page: where console.domU.mfn of the start info is mapped. */
static inline void pv_console_ring(struct xencons_interface *page, evtchn_port_t port)
{
	pv_console.page = page;
	pv_console.port = port;
	pv_console_write = pv_console_write_ring;
}

struct pv_line {
	char text[240];
	size_t used;
};

static inline void pv_line_put(struct pv_line *line, char c)
{
	if (line->used < sizeof(line->text)) {
		line->text[line->used++] = c;
	}
}

static inline void pv_line_number(struct pv_line *line, uint64_t value, unsigned int base,
				  int width)
{
	char digits[20];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n < width && n < (int)sizeof(digits)) {
		digits[n++] = '0';
	}
	while (n) {
		pv_line_put(line, digits[--n]);
	}
}

static inline void pv_line_signed(struct pv_line *line, int64_t value, int width)
{
	if (value < 0) {
		pv_line_put(line, '-');
	}
	pv_line_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width);
}

/* %d %u %x (with l, and with a width that pads with zeros), %s, %c, %p, %%. */
static inline void pv_line_format(struct pv_line *line, const char *format, va_list args)
{
	for (; *format; format++) {
		int width = 0, wide = 0;

		if (*format != '%') {
			pv_line_put(line, *format);
			continue;
		}
		for (format++; *format >= '0' && *format <= '9'; format++) {
			width = width * 10 + (*format - '0');
		}
		for (; *format == 'l'; format++) {
			wide = 1;
		}
		switch (*format) {
		case 'd':
			pv_line_signed(line, wide ? va_arg(args, long) : va_arg(args, int), width);
			break;
		case 'u':
			pv_line_number(line,
				       wide ? va_arg(args, unsigned long)
					    : va_arg(args, unsigned int),
				       10, width);
			break;
		case 'x':
			pv_line_number(line,
				       wide ? va_arg(args, unsigned long)
					    : va_arg(args, unsigned int),
				       16, width);
			break;
		case 'p':
			pv_line_number(line, (uintptr_t)va_arg(args, void *), 16, 16);
			break;
		case 'c':
			pv_line_put(line, (char)va_arg(args, int));
			break;
		case 's':
			for (const char *s = va_arg(args, const char *); *s; s++) {
				pv_line_put(line, *s);
			}
			break;
		default:
			pv_line_put(line, *format);
			break;
		}
	}
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
