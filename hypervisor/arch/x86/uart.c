/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serial line: one 16550 on I/O ports, written by polling. */
#include <arch/instructions.h>
#include <arch/uart.h>

/* Registers, as offsets from the first port. */
enum {
	UART_DATA = 0,
	UART_DIVISOR_LOW = 0, /* the two while LINE_DIVISOR is set */
	UART_DIVISOR_HIGH = 1,
	UART_INTERRUPTS = 1,
	UART_FIFO = 2,
	UART_LINE = 3,
	UART_MODEM = 4,
	UART_STATUS = 5,
	UART_SCRATCH = 7,
};

#define INTERRUPT_RECEIVED 0x01
#define FIFO_ON		   0x07 /* and both emptied; one received character interrupts */
#define LINE_TWO_STOP_BITS 0x04
#define LINE_DIVISOR	   0x80
#define MODEM_READY	   0x03 /* DTR, RTS */
#define MODEM_INTERRUPT	   0x08 /* OUT2 lets the interrupt through to the line */
#define STATUS_RECEIVED	   0x01
#define STATUS_SENT	   0x20 /* the transmit FIFO is empty */

#define CLOCK_BAUD 115200 /* divided by the divisor */
#define FIFO_DEPTH 16

/* A line that does not move for so many status reads is taken for dead: about a second. */
#define PATIENCE 1000000

/* The state of the one UART. Guarded by the console's lock. */
static struct {
	uint16_t port; /* 0: none */
	unsigned room; /* characters that the FIFO surely takes */
	bool dead;
} uart;

static uint8_t line_control(const struct uart_settings *s)
{
	uint8_t line = (uint8_t)((s->data_bits - 5) & 3);

	if (s->stop_bits == 2) {
		line |= LINE_TWO_STOP_BITS;
	}
	switch (s->parity) {
	case 'o':
		return line | 0x08;
	case 'e':
		return line | 0x18;
	case 'm':
		return line | 0x28;
	case 's':
		return line | 0x38;
	default:
		return line;
	}
}

static bool is_there(uint16_t port)
{
	port_outb(port + UART_SCRATCH, 0x5a);
	if (port_inb(port + UART_SCRATCH) != 0x5a) {
		return false;
	}
	port_outb(port + UART_SCRATCH, 0xa5);
	return port_inb(port + UART_SCRATCH) == 0xa5;
}

bool uart_init(const struct uart_settings *s)
{
	if (!is_there(s->port)) {
		return false;
	}
	port_outb(s->port + UART_INTERRUPTS, 0);
	if (s->baud) {
		unsigned divisor = MIN(MAX(CLOCK_BAUD / s->baud, 1u), 0xffffu);
		uint8_t line = line_control(s);

		port_outb(s->port + UART_LINE, line | LINE_DIVISOR);
		port_outb(s->port + UART_DIVISOR_LOW, (uint8_t)divisor);
		port_outb(s->port + UART_DIVISOR_HIGH, (uint8_t)(divisor >> 8));
		port_outb(s->port + UART_LINE, line);
	}
	port_outb(s->port + UART_FIFO, FIFO_ON);
	port_outb(s->port + UART_MODEM, MODEM_READY);
	uart.port = s->port;
	uart.room = 0;
	uart.dead = false;
	return true;
}

void uart_put(char c)
{
	if (!uart.port) {
		return;
	}
	if (!uart.room) {
		unsigned patience = uart.dead ? 1 : PATIENCE;

		while (!(port_inb(uart.port + UART_STATUS) & STATUS_SENT)) {
			if (!--patience) {
				uart.dead = true;
				return;
			}
			__builtin_ia32_pause();
		}
		uart.dead = false;
		uart.room = FIFO_DEPTH;
	}
	port_outb(uart.port + UART_DATA, (uint8_t)c);
	uart.room--;
}

int uart_get(void)
{
	if (!uart.port || !(port_inb(uart.port + UART_STATUS) & STATUS_RECEIVED)) {
		return -1;
	}
	return port_inb(uart.port + UART_DATA);
}

void uart_interrupt_on(void)
{
	if (uart.port) {
		port_outb(uart.port + UART_MODEM, MODEM_READY | MODEM_INTERRUPT);
		port_outb(uart.port + UART_INTERRUPTS, INTERRUPT_RECEIVED);
	}
}

uint16_t uart_port(void)
{
	return uart.port;
}
