/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other parts call and what is not written yet, each doing as little as is true. */
#include <arch/uart.h>
#include <debug/log.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>

void console_write(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			uart_put('\r');
		}
		uart_put(text[i]);
	}
}

long hypercall_console_io(uint64_t op, uint64_t count, uint64_t text, uint64_t a4, uint64_t a5)
{
	char part[128];

	for (; op == CONSOLEIO_write && count; count -= MIN(count, sizeof(part))) {
		if (guest_read(part, GUEST_VA(text), MIN(count, sizeof(part)))) {
			return refuse(-EFAULT);
		}
		log_write(part, MIN(count, sizeof(part)));
		text += sizeof(part);
	}
	return op == CONSOLEIO_write ? 0 : refuse(-ENOSYS);
}
