/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Benchmark rows: traps, privileged instructions, segments, user mode. Handlers are a few lines. */
#ifndef TESTS_BENCH_ROWS_TRAP_H
#define TESTS_BENCH_ROWS_TRAP_H

#include "bench.h"
#include "user.h"

/* clang-format off */

/* To where `guest_fixup` says; 8 bytes of error code are on the stack or not. */
#define RAW_IRET            \
	"\tpush $0\n"       \
	"\tpush %rcx\n"     \
	"\tpush %r11\n"     \
	"\tpush %rax\n"     \
	"\tmov $23, %eax\n" \
	"\tsyscall\n"

__asm__("\t.pushsection .text\n"
	"raw_error_trap:\n"
	"\tpop %rcx\n"
	"\tpop %r11\n"
	"\tadd $8, %rsp\n"
	"\tmov %rdi, (%rsp)\n"
	RAW_IRET
	"raw_trap:\n"
	"\tpop %rcx\n"
	"\tpop %r11\n"
	"\tmov %rdi, (%rsp)\n"
	RAW_IRET
	"raw_syscall:\n"
	"\tpop %rcx\n"
	"\tpop %r11\n"
	RAW_IRET
	"\t.popsection\n");

/* clang-format on */

void raw_error_trap(void);
void raw_trap(void);
void raw_syscall(void);

/* The handler returns to what RDI says. */
#define RAW_FAULT(text, ...) __asm__ volatile("mov $1f, %%edi\n\t" text "\n1:" __VA_ARGS__)

static void raw_gate(unsigned int vector, void (*handler)(void), unsigned int flags)
{
	struct trap_info table[2] = {{.vector = (uint8_t)vector,
				      .flags = (uint8_t)flags,
				      .cs = FLAT_KERNEL_CS,
				      .address = (unsigned long)handler}};

	pv_set_trap_table(table);
}

static long fault_pf(unsigned int n)
{
	raw_gate(PV_VECTOR_PF, raw_error_trap, 0);
	for (unsigned int i = 0; i < n; i++) {
		RAW_FAULT("mov 0x7f00000000, %%al", : : : "rdi", "rax", "rcx", "r11", "memory");
	}
	pv_trap_set(PV_VECTOR_PF, 0);
	return 0;
}

static long fault_ud(unsigned int n)
{
	raw_gate(PV_VECTOR_UD, raw_trap, 0);
	for (unsigned int i = 0; i < n; i++) {
		RAW_FAULT("ud2", : : : "rdi", "rcx", "r11", "memory");
	}
	pv_trap_set(PV_VECTOR_UD, 0);
	return 0;
}

/* A #GP with an error code: nothing the hypervisor might want to emulate. */
static long fault_gp(unsigned int n)
{
	raw_gate(PV_VECTOR_GP, raw_error_trap, 0);
	for (unsigned int i = 0; i < n; i++) {
		RAW_FAULT("mov %w0, %%ds", : : "r"(0x7fff) : "rdi", "rcx", "r11", "memory");
	}
	pv_trap_set(PV_VECTOR_GP, 0);
	return 0;
}

static long fault_bp(unsigned int n)
{
	raw_gate(PV_VECTOR_BP, raw_trap, 3);
	for (unsigned int i = 0; i < n; i++) {
		RAW_FAULT("int3", : : : "rdi", "rcx", "r11", "memory");
	}
	pv_trap_set(PV_VECTOR_BP, 3);
	return 0;
}

static long cpuid_forced(unsigned int n)
{
	TRY(XEN_CPUID, : : "a"(0) : "rbx", "rcx", "rdx", "memory");
	if (!caught(NO_TRAP)) {
		return -XEN_ENOSYS;
	}
	for (unsigned int i = 0; i < n; i++) {
		uint32_t eax = 0;

		__asm__ volatile(XEN_CPUID : "+a"(eax) : : "rbx", "rcx", "rdx");
	}
	return 0;
}

/* Instructions that the hypervisor emulates: whether it does is tried first. */
#define EMULATED(name, text, ...)                           \
	static long name(unsigned int n)                    \
	{                                                   \
		TRY(text, __VA_ARGS__);                     \
		if (!caught(NO_TRAP)) {                     \
			return -XEN_ENOSYS;                 \
		}                                           \
		for (unsigned int i = 0; i < n; i++) {      \
			__asm__ volatile(text __VA_ARGS__); \
		}                                           \
		return 0;                                   \
	}

#define MSR_FS_BASE 0xc0000100

EMULATED(rdmsr_fs, "rdmsr", : : "c"(MSR_FS_BASE) : "rax", "rdx", "memory")
EMULATED(wrmsr_fs, "wrmsr", : : "c"(MSR_FS_BASE), "a"(0), "d"(0) : "memory")
EMULATED(read_cr0, "mov %%cr0, %%rax", : : : "rax", "memory")
EMULATED(clts, "clts", : : : "memory")
EMULATED(out_byte, "outb %%al, %%dx", : : "a"(0), "d"(0x80) : "memory")

static long segment_base(unsigned int n)
{
	REPEAT(n, pv_set_segment_base(SEGBASE_GS_USER, 0));
	return 0;
}

static long stack_switch(unsigned int n)
{
	REPEAT(n, pv_stack_switch(FLAT_KERNEL_SS, (unsigned long)user_trap_stack + PAGE_SIZE));
	return 0;
}

static long fpu_taskswitch(unsigned int n)
{
	REPEAT(n, pv_fpu_taskswitch(0));
	return 0;
}

static page_t gdt;

static long set_gdt(unsigned int n)
{
	unsigned long frame = pv_virt_to_mfn(gdt);

	pv_remap(gdt, PTE_KERNEL_RO);
	REPEAT(n, pv_set_gdt(&frame, 512));
	return 0;
}

static long update_descriptor(unsigned int n)
{
	uint64_t place = pv_virt_to_machine(gdt) + 8;

	REPEAT(n, pv_update_descriptor(place, 0x00cff2000000ffff));
	return 0;
}

USER_CODE(user_syscalls, "1:\tsyscall\n\tdec %ebx\n\tjnz 1b\n\tud2");
USER_CODE(user_faults, "1:\tlea 2f(%rip), %rdi\n\tmov (%rsi), %al\n2:\tdec %ebx\n\tjnz 1b\n\tud2");

static long user_syscall(unsigned int n)
{
	struct pv_regs regs = user_registers();

	regs.rbx = n;
	pv_callback_register(CALLBACKTYPE_syscall, raw_syscall, CALLBACKF_mask_events);
	user_run(user_syscalls, &regs);
	pv_callback_register(CALLBACKTYPE_syscall, pv_entry_syscall, CALLBACKF_mask_events);
	return caught(PV_VECTOR_UD) ? 0 : -XEN_ENOSYS;
}

static long user_fault(unsigned int n)
{
	struct pv_regs regs = user_registers();

	regs.rbx = n;
	regs.rsi = 0x1234;
	raw_gate(PV_VECTOR_PF, raw_error_trap, 0);
	user_run(user_faults, &regs);
	pv_trap_set(PV_VECTOR_PF, 0);
	return caught(PV_VECTOR_UD) ? 0 : -XEN_ENOSYS;
}

#endif
