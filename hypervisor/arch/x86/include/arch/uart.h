/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serial line: one 16550 on I/O ports, written by polling. */
#ifndef ARCH_UART_H
#define ARCH_UART_H

#include <lib/base.h>

/* What com1= says. */
struct uart_settings {
	uint16_t port;
	uint8_t irq;   /* for input; 0: it is polled */
	uint32_t baud; /* 0: line and speed stay as the firmware left them */
	uint8_t data_bits;
	uint8_t stop_bits;
	char parity; /* n, o, e, m or s */
};

#define UART_PORTS 8 /* it decodes as many, from settings.port on */

/* False if there is no UART at that port: then output vanishes and input never comes. */
bool uart_init(const struct uart_settings *settings);

/* The character as it is: who writes lines sends "\r\n". Waits for the line, but not for ever. */
void uart_put(char c);

int uart_get(void); /* the next character received, or -1 */

/* From now on a received character raises the line's interrupt. */
void uart_interrupt_on(void);

uint16_t uart_port(void); /* 0: no UART */

#endif
