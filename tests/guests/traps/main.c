/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traps: every kind, the frame the guest gets, nesting, ways back, and tables that make no sense.
 * run: mem=512
 */
#include "user.h"

static page_t spare;

static uint64_t behind(void)
{
	return guest_trap_behind - guest_trap.rip;
}

static void check_kinds(void)
{
	uint64_t rax = 1, zero = 0;

	TRY("div %1", : "+a"(rax), "+r"(zero) : : "rdx", "memory");
	ok(caught(PV_VECTOR_DE), "division by zero is #DE");
	TRY("ud2", : : : "memory");
	ok(caught(PV_VECTOR_UD), "ud2 is #UD");
	is(behind(), 2, "a fault points at the instruction");
	is(guest_trap.error, 0, "#UD has no error code");
	TRY("int3", : : : "memory");
	ok(caught(PV_VECTOR_BP), "int3 is #BP");
	is(behind(), 0, "a trap points behind the instruction");
	TRY("mov %w0, %%ds", : : "r"(0x7fff) : "memory");
	ok(caught(PV_VECTOR_GP), "a selector outside the GDT is #GP");
	is(guest_trap.error, 0x7ffc, "with the selector as error code");
	TRY("mov (%0), %%rax", : : "r"(1UL << 62) : "rax", "memory");
	ok(caught(PV_VECTOR_GP), "a non-canonical address is #GP");
	is(guest_trap.error, 0, "with error code 0");
	TRY("pushf\n\torq $0x100, (%%rsp)\n\tpopf\n\tnop", : : : "memory", "cc");
	ok(caught(PV_VECTOR_DB), "the trap flag is #DB after one instruction");
	is(guest_trap.rflags & 0x100, 0x100, "with the flag in the frame");
	is(pv_get_debugreg(6) & 0x4000, 0x4000, "and DR6 says single step");
}

/*
 * INT n through a gate the processor does not open is a #GP with error code 8n + 2, from which the
 * hypervisor reads n. QEMU 7.2's TCG says 16n + 2, so gate 2n stands in for gate n here.
 */
#define GATE 0x20

static void set_gate(unsigned int flags)
{
	pv_trap_set(GATE, flags);
	pv_trap_set(2 * GATE, flags);
}

static bool caught_gate(void)
{
	return caught(GATE) || caught(2 * GATE);
}

static bool refused_gate(unsigned int vector)
{
	return caught(PV_VECTOR_GP) &&
	       (guest_trap.error == (vector << 3 | 2) || guest_trap.error == (vector << 4 | 2));
}

static void check_interrupts(void)
{
	set_gate(1);
	TRY("int $0x20", : : : "memory");
	ok(caught_gate(), "the kernel may use a gate of level 1 by int");
	is(behind(), 0, "and comes back behind it");
	set_gate(0);
	TRY("int $0x20", : : : "memory");
	ok(refused_gate(GATE) || caught_gate(),
	   "one of level 0 is #GP (Xen: the kernel counts as ring 1) or open");
	pv_trap_set(0x80, 1);
	TRY("int $0x80", : : : "memory");
	ok(caught(0x80), "int 0x80 needs no emulation");
	is(behind(), 0, "and comes back behind it");
}

static void check_page_faults(void)
{
	volatile uint64_t *gone = (volatile uint64_t *)(0x7f00000000UL + 0x123000 + 8);
	uint64_t *word = (uint64_t *)spare;

	TRY("mov (%0), %%rax", : : "D"(gone) : "rax", "memory");
	ok(caught(PV_VECTOR_PF), "a read of nothing is #PF");
	is(guest_trap.error, 0, "not present, read, and no user bit for the kernel");
	is(guest_trap_cr2, (long)gone, "CR2 has the address");
	is(behind(), 3, "and the frame points at the instruction");
	TRY("movl $1, (%0)", : : "r"(gone) : "memory");
	is(guest_trap.error, 2, "a write of nothing says write");
	TRY("jmp *%0", : : "r"(gone) : "memory");
	ok(caught(PV_VECTOR_PF) && (guest_trap.error & ~0x10UL) == 0,
	   "a jump to nothing says fetch");
	is(guest_trap.rip, (long)gone, "and the frame points there");

	is(pv_remap(spare, PTE_KERNEL_RO), 0, "a page of our own made read-only");
	TRY("movl $1, (%0)", : : "r"(word) : "memory");
	ok(caught(PV_VECTOR_PF), "is not written");
	is(guest_trap.error, 3, "present, write");
	is(pv_remap(spare, PTE_KERNEL_RW | PTE_NX), 0, "and made writable, not executable");
	TRY("jmp *%0", : : "r"(word) : "memory");
	ok(caught(PV_VECTOR_PF), "is not executed");
	is(guest_trap.error, 0x11, "present, fetch");
	pv_remap(spare, PTE_KERNEL_RW);
	TRY("mov (%0), %%rax", : : "r"(HYPERVISOR_VIRT_END - PAGE_SIZE) : "rax", "memory");
	ok(caught(PV_VECTOR_PF) || caught(PV_VECTOR_GP), "the hypervisor's memory is not read");
	TRY("movl $1, (%0)", : : "r"(MACH2PHYS_VIRT_START) : "memory");
	ok(caught(PV_VECTOR_PF), "the machine-to-physical table is not written");
	is(guest_trap.error & ~1UL, 2, "and that is a page fault of the guest's");
}

static uint64_t nested_depth;

/* Faults itself some levels deep; the innermost returns first. */
static void nest(struct pv_regs *regs)
{
	regs->rip += 2;
	if (++nested_depth < 8) {
		__asm__ volatile("ud2" : : : "memory");
	}
}

static uint64_t frame_rsp;

static void look_at_stack(struct pv_regs *regs)
{
	frame_rsp = (uint64_t)(regs + 1);
	regs->rip += 2;
}

static void check_frames(void)
{
	uint64_t rsp, seen_rsp;

	pv_handlers[PV_VECTOR_UD] = nest;
	__asm__ volatile("ud2" : : : "memory");
	is(nested_depth, 8, "handlers may fault themselves");
	pv_handlers[PV_VECTOR_UD] = look_at_stack;
	__asm__ volatile("mov %%rsp, %0\n\tud2\n\tmov %%rsp, %1"
			 : "=&r"(rsp), "=r"(seen_rsp)
			 :
			 : "memory");
	is(seen_rsp, (long)rsp, "RSP comes back");
	ok(rsp - frame_rsp < 16, "a frame lies right below the stack pointer of the kernel");
	is(frame_rsp & 15, 0, "aligned to 16");
	__asm__ volatile("mov %%rsp, %0\n\tsub $8, %%rsp\n\tud2\n\tmov %0, %%rsp"
			 : "=&r"(rsp)
			 :
			 : "memory");
	is(frame_rsp & 15, 0, "whatever that was");
	pv_handlers[PV_VECTOR_UD] = guest_trapped;
	is(guest_trap.ss & 0xffff, FLAT_KERNEL_SS, "SS in a frame is the flat one");
}

static void check_event_mask(void)
{
	pv_events_on();
	pv_trap_set(PV_VECTOR_UD, 0);
	TRY("ud2", : : : "memory");
	is(guest_trap.rflags & 0x200, 0x200, "the frame shows that events were on");
	is(pv_vcpu->evtchn_upcall_mask, 0, "and iret leaves them on");
	pv_events_off();
	TRY("ud2", : : : "memory");
	is(guest_trap.rflags & 0x200, 0, "the frame shows that events were off");
	is(pv_vcpu->evtchn_upcall_mask, 1, "and iret leaves them off");
}

static uint8_t mask_seen;

static void see_mask(struct pv_regs *regs)
{
	mask_seen = pv_vcpu->evtchn_upcall_mask;
	regs->rip += 2;
}

static void check_gate_flags(void)
{
	pv_handlers[PV_VECTOR_UD] = see_mask;
	pv_events_on();
	__asm__ volatile("ud2" : : : "memory");
	is(mask_seen, 0, "a trap leaves events on");
	pv_trap_set(PV_VECTOR_UD, 4);
	__asm__ volatile("ud2" : : : "memory");
	is(mask_seen, 1, "but for a gate with flag 4");
	is(pv_vcpu->evtchn_upcall_mask, 0, "iret brings back what was");
	pv_trap_set(PV_VECTOR_UD, 0);
	pv_events_off();
	pv_handlers[PV_VECTOR_UD] = guest_trapped;
}

static void count_nmi(struct pv_regs *regs)
{
	(void)regs;
	nested_depth++;
}

static void check_nmis(void)
{
	pv_handlers[PV_VECTOR_NMI] = count_nmi;
	nested_depth = 0;
	is(pv_vcpu_op(VCPUOP_send_nmi, 0, NULL), 0, "an NMI to oneself is sent");
	pv_xen_version(XENVER_version, NULL);
	is(nested_depth, 1, "and comes at once");
	is(pv_vcpu_op(VCPUOP_send_nmi, 0, NULL), 0, "a second one");
	pv_xen_version(XENVER_version, NULL);
	is(nested_depth, 2, "comes too: iret ended the first");
	is(pv_vcpu_op(VCPUOP_send_nmi, 100, NULL), -XEN_ENOENT,
	   "a vCPU that is not there gets none");
	pv_handlers[PV_VECTOR_NMI] = guest_trapped;
}

USER_CODE(do_syscall, "mov $0x1234, %eax\n\tmov $7, %ebx\n\tmov $9, %r10d\n\tsyscall\n\tud2");
USER_CODE(do_ud, "nop\n\tud2");
USER_CODE(do_int80, "int $0x80\n\tud2");
USER_CODE(do_int20, "int $0x20\n\tud2");
USER_CODE(do_int3, "int3\n\tud2");
USER_CODE(do_nop, "nop\n\tnop\n\tud2");
USER_CODE(do_read, "mov (%rdi), %rax\n\tud2");
USER_CODE(do_write, "movl $1, (%rdi)\n\tud2");
USER_CODE(do_jump, "jmp *%rdi");
USER_CODE(do_hlt, "hlt\n\tud2");
USER_CODE(do_cli, "cli\n\tud2");
USER_CODE(
	do_popf,
	"pushf\n\torq $0x3000, (%rsp)\n\tandq $~0x200, (%rsp)\n\tpopf\n\tpushf\n\tpop %rax\n\tud2");

static void check_user_syscall(void)
{
	struct pv_regs regs = user_registers();

	regs.r11 = 1;
	user_run(do_syscall, &regs);
	ok(caught(PV_VECTOR_SYSCALL), "a system call from user mode comes to the kernel");
	is(guest_trap.rax, 0x1234, "RAX is the caller's");
	is(guest_trap.rbx + guest_trap.r10, 16, "as the other registers");
	is(guest_trap.rip, USER_CODE_VA + (size_t)(do_syscall_end - do_syscall) - 2,
	   "RIP is behind the instruction");
	is(guest_trap.rcx, (long)guest_trap.rip, "RCX says the same");
	is(guest_trap.rsp, USER_DATA_VA + PAGE_SIZE, "RSP is the user's");
	is(guest_trap.cs & 0xffff, FLAT_USER_CS64, "CS is the user's");
	is(guest_trap.ss & 0xffff, FLAT_USER_SS64, "SS is the user's");
	is(guest_trap.rflags & 0x200, 0x200, "the user ran with events on");
	is(guest_trap.r11 & 0x200, 0x200, "and R11 says so");
}

static void check_user_traps(void)
{
	struct pv_regs regs = user_registers();

	user_run(do_ud, &regs);
	ok(caught(PV_VECTOR_UD), "#UD in user mode comes to the kernel");
	is(guest_trap.rip, USER_CODE_VA + 1, "with the user's RIP");
	is(guest_trap.cs & 3, 3, "CS shows user mode");
	user_run(do_int3, &regs);
	ok(caught(PV_VECTOR_BP), "int3 in user mode");
	set_gate(0);
	user_run(do_int20, &regs);
	ok(refused_gate(GATE),
	   "a gate for the kernel is #GP to a user, the vector in the error code");
	is(guest_trap.rip, USER_CODE_VA, "at the instruction");
	set_gate(3);
	user_run(do_int20, &regs);
	ok(caught_gate(), "a gate for users is open");
	is(guest_trap.rip, USER_CODE_VA + 2, "RIP is behind the instruction");
	/* Xen does not look at the level of this one gate. */
	pv_trap_set(0x80, 0);
	user_run(do_int80, &regs);
	ok(refused_gate(0x80) || caught(0x80),
	   "int 0x80 through a gate for the kernel is #GP or passes");
	pv_trap_set(0x80, 3);
	user_run(do_int80, &regs);
	ok(caught(0x80), "and through an open one passes");
	is(guest_trap.rip, USER_CODE_VA + 2, "RIP is behind the instruction");
	regs.rflags |= 0x100;
	user_run(do_nop, &regs);
	ok(caught(PV_VECTOR_DB), "single step in user mode");
	is(guest_trap.rip, USER_CODE_VA + 1, "after the first instruction");
}

static void check_user_faults(void)
{
	struct pv_regs regs = user_registers();

	regs.rdi = 0x1234560;
	user_run(do_read, &regs);
	ok(caught(PV_VECTOR_PF), "a user's page fault");
	is(guest_trap.error, 4, "not present, user, read");
	is(guest_trap_cr2, 0x1234560, "CR2");
	user_run(do_write, &regs);
	is(guest_trap.error, 6, "not present, user, write");
	regs.rdi = USER_CODE_VA;
	user_run(do_write, &regs);
	is(guest_trap.error, 7, "present, user, write");
	regs.rdi = USER_DATA_VA;
	user_run(do_jump, &regs);
	is(guest_trap.error, 0x15, "present, user, fetch");
	regs.rdi = MACH2PHYS_VIRT_START;
	user_run(do_write, &regs);
	ok(caught(PV_VECTOR_PF) && (guest_trap.error & 6) == 6,
	   "the hypervisor's tables are a page fault");
	regs.rdi = (uint64_t)&guest;
	user_run(do_read, &regs);
	ok(caught(PV_VECTOR_PF), "the kernel's memory is not the user's");
	user_run(do_hlt, &regs);
	ok(caught(PV_VECTOR_GP), "hlt in user mode is #GP");
	user_run(do_cli, &regs);
	ok(caught(PV_VECTOR_GP), "cli in user mode is #GP");
	user_run(do_popf, &regs);
	is(guest_trap.rax & 0x3200, 0x200,
	   "popf changes neither privilege level nor interrupt flag");
}

/* What iret is told and cannot be: it goes to the failsafe callback or the flags are corrected. */
static void check_bad_irets(void)
{
	struct pv_regs regs = user_registers();

	regs.ss = 0x7ffb;
	user_run(do_ud, &regs);
	ok(caught(PV_VECTOR_FAILSAFE) || caught(PV_VECTOR_GP),
	   "iret with a bad SS goes to the failsafe callback");
	regs = user_registers();
	regs.cs = 0x7ffb;
	user_run(do_ud, &regs);
	ok(caught(PV_VECTOR_FAILSAFE) || caught(PV_VECTOR_GP), "iret with a bad CS too");
	regs = user_registers();
	regs.rip = 1UL << 62;
	user_run(do_ud, &regs);
	ok(caught(PV_VECTOR_FAILSAFE) || caught(PV_VECTOR_GP), "iret to a non-canonical RIP too");
	regs = user_registers();
	regs.rflags = 0xffffffff & ~0x100UL;
	user_run(do_ud, &regs);
	ok(caught(PV_VECTOR_UD), "iret with all flags goes to user mode");
	is(guest_trap.rflags & 0x23000, 0, "without I/O privilege or VM86");
	is(guest_trap.rflags & 0x200, 0x200, "and interrupts on");
	regs.rflags = 0;
	user_run(do_ud, &regs);
	ok(caught(PV_VECTOR_UD), "iret without any flag too");
}

static void check_bad_tables(void)
{
	static struct trap_info table[2];

	is(pv_set_trap_table((void *)0x7f00000000), -XEN_EFAULT,
	   "a trap table that is not there is refused");
	is(pv_set_trap_table((void *)(HYPERVISOR_VIRT_END - PAGE_SIZE)), -XEN_EFAULT,
	   "one in the hypervisor is refused");
	is(pv_set_trap_table((void *)(1UL << 62)), -XEN_EFAULT, "one nowhere is refused");
	table[0] = (struct trap_info){.vector = 200, .cs = FLAT_KERNEL_CS, .address = 1UL << 62};
	ok(pv_set_trap_table(table) <= 0, "a non-canonical handler is refused or never entered");
	table[0] = (struct trap_info){.vector = 201, .cs = 0x7ff8, .address = pv_trap_stub(201)};
	is(pv_set_trap_table(table), 0, "an odd CS is taken");
	is(pv_callback_register(CALLBACKTYPE_event, (void (*)(void))(1UL << 62), 0), -XEN_EINVAL,
	   "a callback at a non-canonical address is refused");
	is(pv_callback_register(77, pv_entry_event, 0), -XEN_ENOSYS,
	   "an unknown callback is refused");
	is(pv_callback_op(99, table), -XEN_ENOSYS, "an unknown callback operation is refused");
	is(pv_callback_op(CALLBACKOP_register, (void *)0x7f00000000), -XEN_EFAULT,
	   "a callback that is not there is refused");
	is(pv_stack_switch(FLAT_KERNEL_SS, (unsigned long)user_trap_stack + PAGE_SIZE), 0,
	   "a kernel stack is taken");
}

static void guest_main(void)
{
	check_kinds();
	check_interrupts();
	check_page_faults();
	check_frames();
	check_event_mask();
	check_gate_flags();
	check_nmis();
	if (is(user_start(), 0, "page tables for user mode")) {
		check_user_syscall();
		check_user_traps();
		check_user_faults();
		check_bad_irets();
	}
	check_bad_tables();
}
