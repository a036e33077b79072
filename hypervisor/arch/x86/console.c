/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where messages are shown: the serial line. */
#include <arch/port.h>
#include <arch/uart.h>

void console_write(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			uart_put('\r');
		}
		uart_put(text[i]);
	}
}
