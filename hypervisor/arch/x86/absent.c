/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other parts call and what is not written yet, each doing as little as is true. */
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
