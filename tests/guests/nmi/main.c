/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NMIs from outside while the guest goes in and out of user mode, traps and hypercalls: none of
 * them may be noticed but by the handler. In QEMU's TCG they are, now and then, on Debian's Xen.
 * run: mem=512 nmi=200 xen=no
 */
#include "user.h"

static volatile unsigned int nmis;

static void on_nmi(struct pv_regs *regs)
{
	(void)regs;
	nmis++;
}

USER_CODE(do_syscall, "mov $0x1234, %eax\n\tmov $7, %ebx\n\tmov $9, %r15d\n\tsyscall\n\tud2");
USER_CODE(do_fault, "mov $5, %ecx\n\tmov (%rdi), %rax\n\tud2");

static void guest_main(void)
{
	struct pv_regs regs = user_registers();
	unsigned int rounds = 0, wrong = 0;
	bool told = false;

	pv_handlers[PV_VECTOR_NMI] = on_nmi;
	if (!is(user_start(), 0, "page tables for user mode")) {
		return;
	}
	regs.rdi = 0x1234560;
	pv_printf("# ready for NMIs\n");
	do {
		user_run(do_syscall, &regs);
		wrong += !caught(PV_VECTOR_SYSCALL) || guest_trap.rax != 0x1234 ||
			 guest_trap.rbx != 7 || guest_trap.r15 != 9;
		user_run(do_fault, &regs);
		wrong +=
			!caught(PV_VECTOR_PF) || guest_trap.rcx != 5 || guest_trap_cr2 != 0x1234560;
		TRY("ud2", : : : "memory");
		wrong += !caught(PV_VECTOR_UD);
		wrong += pv_xen_version(XENVER_version, NULL) != (4 << 16 | 17);
		rounds++;
		told |= key_came('.');
	} while (!told || rounds <= 100);
	ok(rounds > 100, "%u rounds of system call, fault, trap and hypercall", rounds);
	is(wrong, 0, "none went wrong");
	pv_printf("# %u NMIs came to this guest\n", nmis);
}
