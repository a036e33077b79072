/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports: registers and stacks, of guests and of the hypervisor; and the end after an error. */
#include <arch/cpu.h>
#include <arch/guest_copy.h>
#include <arch/instructions.h>
#include <arch/panic.h>
#include <arch/trap.h>
#include <debug/log.h>
#include <debug/symbols.h>
#include <domain/domain.h>
#include <lib/format.h>
#include <memory/page_table.h>
#include <stdarg.h>

#define MESSAGE_MAX 160

static void print_registers(const struct guest_frame *f)
{
	log_error("rip %04lx:%016lx  rsp %04lx:%016lx  flags %08lx\n", f->cs & 0xffff, f->rip,
		  f->ss & 0xffff, f->rsp, f->rflags);
	log_error("rax %016lx  rbx %016lx  rcx %016lx\n", f->rax, f->rbx, f->rcx);
	log_error("rdx %016lx  rsi %016lx  rdi %016lx\n", f->rdx, f->rsi, f->rdi);
	log_error("rbp %016lx  r8  %016lx  r9  %016lx\n", f->rbp, f->r8, f->r9);
	log_error("r10 %016lx  r11 %016lx  r12 %016lx\n", f->r10, f->r11, f->r12);
	log_error("r13 %016lx  r14 %016lx  r15 %016lx\n", f->r13, f->r14, f->r15);
}

/* --- Of guests ----------------------------------------------------------------------------------
 */

#define STACK_LINES    6
#define WORDS_PER_LINE 3

static void print_guest_stack(uint64_t sp)
{
	uint64_t words[WORDS_PER_LINE];

	for (unsigned line = 0; line < STACK_LINES; line++, sp += sizeof(words)) {
		if (guest_read(words, GUEST_VA(sp), sizeof(words))) {
			log_error("stack %016lx: not to be read\n", sp);
			return;
		}
		log_error("stack %016lx: %016lx %016lx %016lx\n", sp, words[0], words[1], words[2]);
	}
}

static void print_guest_code(uint64_t rip)
{
	uint8_t code[16];
	char text[sizeof(code) * 3 + 1] = "";
	size_t at = 0;

	if (guest_read(code, GUEST_VA(rip), sizeof(code))) {
		log_error("code: not to be read\n");
		return;
	}
	for (unsigned i = 0; i < sizeof(code); i++) {
		at += format_text(text + at, sizeof(text) - at, " %02x", code[i]);
	}
	log_error("code:%s\n", text);
}

static void print_walk(mfn_t root, uint64_t va)
{
	struct guest_walk walk;

	guest_translate(root, va, &walk);
	for (unsigned level = 4; level >= walk.level && level; level--) {
		log_error("  %016lx: L%u frame %lx entry %016lx\n", va, level, walk.table[level].n,
			  walk.entry[level]);
	}
}

void guest_report(const struct vcpu *v)
{
	const struct guest_frame *frame = guest_frame();
	uint64_t cr2 = v->events.info->arch.cr2;
	mfn_t root = v->arch.in_kernel ? v->memory.kernel_root : v->memory.user_root;

	log_error("domain %u, vCPU %u, in its %s, exception %u error %x, cr2 %016lx\n",
		  v->domain->id, v->id, v->arch.in_kernel ? "kernel" : "program", frame->vector,
		  frame->error, cr2);
	print_registers(frame);
	print_guest_code(frame->rip);
	print_guest_stack(frame->rsp);
	if (mfn_is_none(root)) {
		log_error("it has no page tables\n");
		return;
	}
	print_walk(root, frame->rip);
	print_walk(root, frame->rsp);
	print_walk(root, cr2);
}

/* --- Of the hypervisor --------------------------------------------------------------------------
 */

#define CALLS_MAX 24

/* The end of the stack that `sp` is on, one of this CPU's; `sp` itself if it is on none. */
static uint64_t stack_end(uint64_t sp)
{
	uint64_t offset = sp - cpu_area(0), in_area = offset % CPU_AREA_SIZE;

	if (offset >= CPU_MAX * UINT64_C(CPU_AREA_SIZE) || sp % 8) {
		return sp;
	}
	if (in_area >= CPU_STACK_BOTTOM) {
		return sp - in_area + CPU_STACK_TOP;
	}
	for (uint64_t top = CPU_STACK_DF; top <= CPU_STACK_DB; top += 2 * PAGE_SIZE) {
		if (in_area < top && in_area >= top - PAGE_SIZE) {
			return sp - in_area + top;
		}
	}
	return sp;
}

static bool print_place(uint64_t address)
{
	uint64_t offset;
	const char *name = symbols_find(address, &offset);

	if (name) {
		log_error("  %016lx %s+%#lx\n", address, name, offset);
	}
	return name;
}

/* Every word that may be a return address: stale ones too, since there are no frame pointers. */
static void print_calls(uint64_t sp)
{
	uint64_t end = stack_end(sp);
	unsigned count = 0;

	for (; sp < end && count < CALLS_MAX; sp += 8) {
		count += print_place(*(const uint64_t *)sp);
	}
}

/* Whoever comes second, on another CPU or in the midst of reporting, has nothing to say. */
static void enter_panic(void)
{
	static _Atomic bool panicking;

	if (atomic_exchange(&panicking, true)) {
		for (;;) {
			__asm__ volatile("cli; hlt");
		}
	}
	log_break_lock();
}

static _Noreturn void leave_panic(const char *message)
{
	const struct vcpu *v = this_cpu()->vcpu;

	if (v) {
		log_error("CPU %u ran domain %u, vCPU %u\n", this_cpu()->id, v->domain->id, v->id);
	}
	log_error("panic on CPU %u: %s\n", this_cpu()->id, message);
	arch_stop(machine_reboots_after_error ? MACHINE_REBOOT : MACHINE_HALT);
}

void panic(const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	enter_panic();
	va_start(args, format);
	format_text_v(message, sizeof(message), format, args);
	va_end(args);
	log_error("panic: %s\n", message);
	print_calls((uint64_t)__builtin_frame_address(0) & ~UINT64_C(7));
	leave_panic(message);
}

void panic_with_frame(const struct guest_frame *frame, const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	enter_panic();
	va_start(args, format);
	format_text_v(message, sizeof(message), format, args);
	va_end(args);
	log_error("panic: %s, error %x, cr2 %016lx, cr3 %016lx\n", message, frame->error,
		  read_cr2(), read_cr3());
	print_registers(frame);
	print_place(frame->rip);
	print_calls(frame->rsp);
	leave_panic(message);
}
