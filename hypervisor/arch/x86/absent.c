/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other parts call and what is not written yet, each doing as little as is true. */
#include <arch/instructions.h>
#include <arch/panic.h>
#include <arch/trap.h>
#include <arch/uart.h>
#include <debug/log.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <lib/format.h>

void console_write(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			uart_put('\r');
		}
		uart_put(text[i]);
	}
}

static _Noreturn void stop(const char *format, va_list args)
{
	char text[160];

	log_break_lock();
	format_text_v(text, sizeof(text), format, args);
	log_error("panic: %s\n", text);
	arch_stop(MACHINE_HALT);
}

_Noreturn void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	stop(format, args);
}

_Noreturn void panic_with_frame(const struct guest_frame *frame, const char *format, ...)
{
	va_list args;

	log_break_lock();
	log_error("rip %#lx rsp %#lx error %#x cr2 %#lx\n", frame->rip, frame->rsp, frame->error,
		  read_cr2());
	va_start(args, format);
	stop(format, args);
}

void guest_report(const struct vcpu *v)
{
	const struct guest_frame *frame = guest_frame();

	(void)v;
	log_guest(LOG_ERROR, "rip %#lx rsp %#lx rax %#lx rdi %#lx\n", frame->rip, frame->rsp,
		  frame->rax, frame->rdi);
}

bool emulate_privileged(struct vcpu *v, struct guest_frame *frame)
{
	(void)v, (void)frame;
	return false;
}

bool emulate_invalid_opcode(struct vcpu *v, struct guest_frame *frame)
{
	(void)v, (void)frame;
	return false;
}

bool emulate_table_write(struct vcpu *v, struct guest_frame *frame, uint64_t address)
{
	(void)v, (void)frame, (void)address;
	return false;
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
