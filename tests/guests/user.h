/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User mode for test guests: page tables of its own with a page of code and a page of data, and a
 * way in and out. USER_CODE(name, "text") assembles a piece of code; user_run() executes it in user
 * mode until it traps or makes a system call, which guest_trap then shows.
 */
#ifndef TESTS_USER_H
#define TESTS_USER_H

#include "guest.h"

#define USER_BASE    0x10000000000UL /* L4 slot 2 */
#define USER_CODE_VA USER_BASE
#define USER_DATA_VA (USER_BASE + PAGE_SIZE)

#define USER_CODE(name, text)                                                                     \
	__asm__("\t.pushsection .rodata\n" #name ":\n" text "\n" #name "_end:\n\t.popsection\n"); \
	extern const uint8_t name[], name##_end[]

#define user_run(name, regs) user_run_code(name, (size_t)(name##_end - name), regs)

static page_t user_l4, user_l3, user_l2, user_l1, user_code, user_data, user_trap_stack;

__attribute__((used)) static uint64_t user_kernel_rsp;

void user_enter(struct pv_regs *regs);
__attribute__((noreturn)) void user_leave(void);

/* user_enter() saves what a function has to keep and irets; user_leave() returns from it. */
__asm__("\t.pushsection .text\n"
	"user_enter:\n"
	"\tpush %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n"
	"\tmov %rsp, user_kernel_rsp(%rip)\n"
	"\tmov %rdi, %rsp\n"
	"\tjmp pv_trap_return\n"
	"user_leave:\n"
	"\tmov user_kernel_rsp(%rip), %rsp\n"
	"\tpop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n"
	"\tret\n"
	"\t.popsection\n");

static void user_trapped(struct pv_regs *regs)
{
	if (!(regs->cs & 3)) {
		guest_trapped(regs);
		return;
	}
	guest_trap = *regs;
	guest_trap_cr2 = pv_vcpu->arch.cr2;
	guest_trap_count++;
	user_leave();
}

/* All registers zero, at the start of the code page, its stack the end of the data page. */
UNUSED static struct pv_regs user_registers(void)
{
	return (struct pv_regs){.rip = USER_CODE_VA,
				.cs = FLAT_USER_CS64,
				.rflags = 0x202,
				.rsp = USER_DATA_VA + PAGE_SIZE,
				.ss = FLAT_USER_SS64};
}

/* Runs a copy of the code from `regs`. Events are masked meanwhile unless rflags says otherwise. */
UNUSED static void user_run_code(const uint8_t *code, size_t size, const struct pv_regs *regs)
{
	struct pv_regs frame = *regs;

	memcpy(user_code, code, size);
	guest_trap.vector = NO_TRAP;
	user_enter(&frame);
	pv_vcpu->evtchn_upcall_mask = 1;
}

/* Builds the tables and makes them the ones of user mode; 0 or the error of the step that failed.
 */
UNUSED static long user_start(void)
{
	static const page_t *const tables[] = {&user_l4, &user_l3, &user_l2, &user_l1};
	uint64_t *l1 = (uint64_t *)user_l1;
	long rc = 0;

	l1[0] = PTE(pv_virt_to_mfn(user_code), PTE_P | PTE_US | PTE_A);
	l1[1] = PTE(pv_virt_to_mfn(user_data), PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_NX);
	((uint64_t *)user_l2)[0] = PTE(pv_virt_to_mfn(user_l1), PTE_TABLE);
	((uint64_t *)user_l3)[0] = PTE(pv_virt_to_mfn(user_l2), PTE_TABLE);
	((uint64_t *)user_l4)[pv_index(USER_BASE, 4)] = PTE(pv_virt_to_mfn(user_l3), PTE_TABLE);
	for (unsigned int i = 0; i < ARRAY_SIZE(tables) && !rc; i++) {
		rc = pv_remap(tables[i], PTE_KERNEL_RO);
	}
	if (!rc) {
		rc = pv_pin(user_l4, 4);
	}
	if (!rc) {
		rc = pv_mmuext(MMUEXT_NEW_USER_BASEPTR, pv_virt_to_mfn(user_l4));
	}
	if (!rc) {
		rc = pv_stack_switch(FLAT_KERNEL_SS, (unsigned long)user_trap_stack + PAGE_SIZE);
	}
	for (unsigned int vector = 0; vector < PV_VECTORS; vector++) {
		if (pv_handlers[vector] == guest_trapped) {
			pv_handlers[vector] = user_trapped;
		}
	}
	return rc;
}

#endif
