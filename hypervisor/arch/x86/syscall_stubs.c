/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each CPU's own code at which SYSCALL enters. */
#include <arch/cpu.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <arch/speculation.h>
#include <arch/syscall_stubs.h>
#include <arch/trap.h>
#include <lib/string.h>

/*
 * SYSCALL leaves RSP as the guest had it. A page in the CPU's area reaches its CPU's stack relative
 * to RIP: no SWAPGS, no scratch register, and an NMI or #DB on any of its instructions finds
 * nothing half done. Each CPU has a page of its own, because then the jump to the text is a direct
 * one, which a guest cannot train the processor to mispredict.
 */
struct stub {
	uint8_t save[3]; /* mov %rsp, the frame's RSP(%rip) */
	int32_t save_at;
	uint8_t load[3]; /* lea the same(%rip), %rsp */
	int32_t load_at;
	uint8_t jump; /* jmp target */
	int32_t target;
} __attribute__((packed));

static void make(struct stub *stub, uint64_t va, uint64_t stack, uint64_t target)
{
	*stub = (struct stub){
		.save = {0x48, 0x89, 0x25},
		.save_at = (int32_t)(stack - (va + offsetof(struct stub, load))),
		.load = {0x48, 0x8d, 0x25},
		.load_at = (int32_t)(stack - (va + offsetof(struct stub, jump))),
		.jump = 0xe9,
		.target = (int32_t)(target - (va + sizeof(struct stub))),
	};
}

struct syscall_stubs syscall_stubs_make(unsigned cpu)
{
	struct syscall_stubs stubs = {.of_64_bits = cpu_area(cpu) + CPU_STUBS};
	bool guard = speculation_guards_entry();
	uint64_t stack = cpu_area(cpu) + (guard ? CPU_GATE + GATE_SYSCALL_RSP : CPU_STACK_TOP - 16);
	paddr_t page = cpu_area_new_page();

	stubs.of_32_bits = stubs.of_64_bits + 64;
	memset(paddr_ptr(page), 0xcc, PAGE_SIZE);
	make(paddr_ptr(page), stubs.of_64_bits, stack,
	     (uint64_t)(guard ? guard_syscall : entry_syscall));
	make((void *)((char *)paddr_ptr(page) + 64), stubs.of_32_bits, stack,
	     (uint64_t)(guard ? guard_syscall32 : entry_syscall32));
	stubs.sysenter_stack = stack;
	stubs.sysenter = (uint64_t)(guard ? guard_sysenter : entry_sysenter);
	cpu_area_map(cpu, CPU_STUBS, page, PAGING_RX);
	return stubs;
}
