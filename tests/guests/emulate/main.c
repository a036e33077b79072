/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privileged instructions in kernel mode, which the hypervisor carries out or refuses.
 * run: mem=512
 */
#include "guest.h"
#include <xen/arch-x86/cpuid.h>

struct cpuid {
	uint32_t a, b, c, d;
};

static struct cpuid forced(uint32_t leaf, uint32_t sub)
{
	struct cpuid r = {.a = leaf, .c = sub};

	__asm__ volatile(XEN_CPUID : "+a"(r.a), "=b"(r.b), "+c"(r.c), "=d"(r.d));
	return r;
}

static void check_cpuid(void)
{
	struct cpuid r;
	uint32_t base;

	TRY(XEN_CPUID, : : "a"(0) : "rbx", "rcx", "rdx", "memory");
	ok(caught(NO_TRAP), "forced cpuid is emulated");
	r = forced(0, 0);
	ok(r.a >= 1 && r.a < 0x100, "leaf 0 says how many there are: %u", r.a);
	base = XEN_CPUID_FIRST_LEAF;
	r = forced(base, 0);
	ok(r.b == XEN_CPUID_SIGNATURE_EBX && r.c == XEN_CPUID_SIGNATURE_ECX &&
		   r.d == XEN_CPUID_SIGNATURE_EDX,
	   "the hypervisor's leaves have its signature");
	ok(r.a >= base + 2, "and there are at least two");
	is(forced(base + 1, 0).a, 4 << 16 | 17, "leaf 1 is the version");
	ok(forced(base + 2, 0).c & XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD,
	   "leaf 2 has the feature");
	r = forced(1, 0);
	ok(r.c >> 31 & 1, "leaf 1 says that there is a hypervisor");
	is(r.c >> 5 & 1, 0, "that there is no VMX");
	ok(r.d & 1, "and an FPU");
	is(r.c >> 26 & 1, r.c >> 27 & 1, "OSXSAVE goes with XSAVE: the hypervisor enabled it");
	r = forced(7, 0);
	is(r.b >> 7 & 1, 0, "no SMEP: that is the hypervisor's");
	is(r.b >> 20 & 1, 0, "no SMAP");
	r = forced(0x80000001, 0);
	ok(r.d >> 29 & 1, "long mode");
	is(r.c >> 2 & 1, 0, "no SVM");
	is(r.d >> 26 & 1, 0, "no gigabyte pages");
	r = forced(0x80000008, 0);
	ok((r.a & 0xff) >= 36 && (r.a & 0xff) <= 52, "the address width is one of a machine: %u",
	   r.a & 0xff);
	/* A prefix without cpuid behind it is an ordinary undefined instruction. */
	TRY(XEN_EMULATE_PREFIX "nop", : : : "memory");
	ok(caught(PV_VECTOR_UD), "the prefix before another instruction is #UD");
	is(guest_trap_behind - guest_trap.rip, 6, "at the prefix");
}

static uint64_t rdmsr(uint32_t msr)
{
	uint32_t low = 0, high = 0;

	TRY("rdmsr", : "+a"(low), "+d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	TRY("wrmsr", : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_EFER	   0xc0000080
#define MSR_LSTAR	   0xc0000082
#define MSR_PAT		   0x277
#define MSR_APIC_BASE	   0x1b
#define MSR_DEBUGCTL	   0x1d9
#define MSR_TSC		   0x10

static void check_base_msrs(void)
{
	static const uint32_t bases[] = {MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE};

	for (unsigned int i = 0; i < ARRAY_SIZE(bases); i++) {
		uint64_t old = rdmsr(bases[i]);

		ok(caught(NO_TRAP), "MSR %x is read", bases[i]);
		wrmsr(bases[i], 0x123456789000);
		ok(caught(NO_TRAP), "and written");
		is(rdmsr(bases[i]), 0x123456789000, "and has the value");
		wrmsr(bases[i], 1UL << 62);
		ok(caught(PV_VECTOR_GP), "a non-canonical one is #GP");
		is(rdmsr(bases[i]), 0x123456789000, "and changes nothing");
		wrmsr(bases[i], old);
	}
}

static void check_msrs(void)
{
	uint64_t value = rdmsr(MSR_EFER);

	ok(caught(NO_TRAP), "EFER is read");
	is(value & 0x501, 0x501, "and says SYSCALL and long mode");
	wrmsr(MSR_EFER, 0);
	ok(caught(PV_VECTOR_GP) || caught(NO_TRAP), "its writes are #GP or ignored");
	is(rdmsr(MSR_EFER), (long)value, "and it stays");
	value = rdmsr(MSR_PAT);
	ok(caught(NO_TRAP), "PAT is read");
	is(value & 0x7f, 6, "and its first entry is write-back");
	wrmsr(MSR_LSTAR, 0x1000);
	ok(caught(PV_VECTOR_GP) || caught(NO_TRAP), "LSTAR is not the guest's");
	is(pv_xen_version(XENVER_version, NULL), 4 << 16 | 17, "hypercalls go on");
	rdmsr(MSR_APIC_BASE);
	ok(caught(NO_TRAP) || caught(PV_VECTOR_GP), "the APIC's base is read or not");
	ok(rdmsr(MSR_DEBUGCTL) == 0, "DEBUGCTL reads as 0, or is not there");
	rdmsr(0xdeadbeef);
	ok(caught(PV_VECTOR_GP), "an MSR that is not there is #GP");
	wrmsr(0xdeadbeef, 0);
	ok(caught(PV_VECTOR_GP), "to write, too");
}

static void check_control_registers(void)
{
	uint64_t cr0 = 0, cr3 = 0, cr4 = 0;

	TRY("mov %%cr0, %0", : "=r"(cr0) : : "memory");
	ok(caught(NO_TRAP) && (cr0 & 0x80000001) == 0x80000001, "CR0 says paging and protection");
	TRY("mov %%cr3, %0", : "=r"(cr3) : : "memory");
	ok(caught(NO_TRAP), "CR3 is read");
	is(cr3 >> 12, (long)pv_virt_to_mfn(pv_root), "and is the root's frame");
	TRY("mov %%cr4, %0", : "=r"(cr4) : : "memory");
	ok(caught(NO_TRAP) && (cr4 & 0x20), "CR4 says PAE");
	TRY("mov %0, %%cr0", : : "r"(cr0) : "memory");
	ok(caught(NO_TRAP), "CR0 is written as it is");
	TRY("mov %0, %%cr0", : : "r"(cr0 & ~0x80000000UL) : "memory");
	ok(caught(PV_VECTOR_GP) || caught(NO_TRAP), "without paging it is #GP or ignored");
	TRY("mov %0, %%cr3", : : "r"(cr3) : "memory");
	ok(caught(NO_TRAP), "CR3 is written as it is");
	TRY("mov %0, %%cr3", : : "r"(0x100000UL) : "memory");
	ok(caught(PV_VECTOR_GP), "with a frame that is no root it is #GP");
	TRY("mov %0, %%cr4", : : "r"(cr4) : "memory");
	ok(caught(NO_TRAP), "CR4 is written as it is");
	TRY("mov %0, %%cr4", : : "r"(~0UL) : "memory");
	ok(caught(PV_VECTOR_GP) || caught(NO_TRAP), "with all bits it is #GP or ignored");
	TRY("mov %%cr2, %0", : "=r"(cr0) : : "memory");
	ok(caught(NO_TRAP), "CR2 is read");
	TRY("mov %%cr8, %0", : "=r"(cr0) : : "memory");
	ok(caught(PV_VECTOR_UD) || caught(PV_VECTOR_GP), "CR8 is not there");
	TRY("mov %0, %%cr8", : : "r"(15UL) : "memory");
	ok(caught(PV_VECTOR_UD) || caught(PV_VECTOR_GP), "nor written");
	TRY("clts", : : : "memory");
	ok(caught(NO_TRAP), "clts");
	TRY("mov %%cr0, %0", : "=r"(cr0) : : "memory");
	is(cr0 & 8, 0, "clears TS");
	TRY("mov %0, %%cr0", : : "r"(cr0 | 8) : "memory");
	TRY("mov %%cr0, %0", : "=r"(cr0) : : "memory");
	is(cr0 & 8, 8, "which CR0 sets");
	TRY("clts", : : : "memory");
}

static void check_other(void)
{
	uint64_t flags, value = 0;
	uint8_t table[10];

	pv_event_unmask((evtchn_port_t)pv_event_bind_virq(VIRQ_TIMER, 0));
	pv_timer_set(0, pv_time() + 2000000, 0);
	TRY("hlt", : : : "memory");
	ok(caught(NO_TRAP) || caught(PV_VECTOR_GP), "hlt waits for an event, or is #GP (Xen)");
	pv_events_off();
	TRY("wbinvd", : : : "memory");
	ok(caught(NO_TRAP), "wbinvd");
	TRY("invlpg (%0)", : : "r"(&guest) : "memory");
	ok(caught(NO_TRAP) || caught(PV_VECTOR_GP) || caught(PV_VECTOR_UD),
	   "invlpg is done or refused");
	TRY("cli", : : : "memory");
	ok(caught(NO_TRAP) || caught(PV_VECTOR_GP), "cli is ignored or refused");
	TRY("sti", : : : "memory");
	ok(caught(NO_TRAP) || caught(PV_VECTOR_GP), "sti is ignored or refused");
	__asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
	is(flags & 0x200, 0x200, "interrupts stay on");
	TRY("sgdt %0", : "=m"(table) : : "memory");
	ok(caught(NO_TRAP), "sgdt does not trap");
	TRY("sidt %0", : "=m"(table) : : "memory");
	ok(caught(NO_TRAP), "nor sidt");
	TRY("smsw %0", : "=r"(value) : : "memory");
	ok(caught(NO_TRAP), "nor smsw");
	TRY("lgdt %0", : : "m"(table) : "memory");
	ok(caught(PV_VECTOR_GP), "lgdt is #GP");
	TRY("lidt %0", : : "m"(table) : "memory");
	ok(caught(PV_VECTOR_GP), "lidt is #GP");
	TRY("ltr %w0", : : "r"(0x40) : "memory");
	ok(caught(PV_VECTOR_GP), "ltr is #GP");
	TRY("lmsw %w0", : : "r"(1) : "memory");
	ok(caught(PV_VECTOR_GP) || caught(NO_TRAP), "lmsw is #GP or done");
	TRY("swapgs", : : : "memory");
	ok(caught(PV_VECTOR_GP) || caught(PV_VECTOR_UD), "swapgs is #GP");
	TRY("sysretq", : : "c"(0), "r"(0) : "memory");
	ok(caught(PV_VECTOR_GP) || caught(PV_VECTOR_UD), "sysret is #GP");
	TRY("rdtscp", : : : "rax", "rcx", "rdx", "memory");
	ok(caught(NO_TRAP) || caught(PV_VECTOR_UD), "rdtscp reads the clock or is not there");
	TRY("invd", : : : "memory");
	ok(caught(PV_VECTOR_GP) || caught(NO_TRAP), "invd is #GP (Xen) or loses nothing");
	TRY("monitor", : : "a"(&guest), "c"(0), "d"(0) : "memory");
	ok(caught(PV_VECTOR_UD) || caught(PV_VECTOR_GP), "monitor is not there");
}

static void check_xsetbv(void)
{
	uint32_t low = 0, high = 0;

	TRY("xgetbv", : "=a"(low), "=d"(high) : "c"(0) : "memory");
	ok(caught(NO_TRAP) && (low & 1), "XCR0 is read and has x87");
	TRY("xsetbv", : : "c"(0), "a"(low), "d"(high) : "memory");
	ok(caught(NO_TRAP), "and written as it is");
	TRY("xsetbv", : : "c"(0), "a"(3), "d"(0) : "memory");
	ok(caught(NO_TRAP), "with x87 and SSE only");
	TRY("xgetbv", : "=a"(low), "=d"(high) : "c"(0) : "memory");
	is(low, 3, "and has that");
	TRY("xsetbv", : : "c"(0), "a"(2), "d"(0) : "memory");
	ok(caught(PV_VECTOR_GP), "without x87 it is #GP");
	TRY("xsetbv", : : "c"(0), "a"(5), "d"(0) : "memory");
	ok(caught(PV_VECTOR_GP), "AVX without SSE, too");
	TRY("xsetbv", : : "c"(0), "a"(~0U), "d"(~0U) : "memory");
	ok(caught(PV_VECTOR_GP), "and all bits");
	TRY("xsetbv", : : "c"(1), "a"(3), "d"(0) : "memory");
	ok(caught(PV_VECTOR_GP) || caught(PV_VECTOR_UD), "there is no other register");
	TRY("xsetbv", : : "c"(0), "a"(7), "d"(0) : "memory");
}

static void check_debug_registers(void)
{
	static volatile uint64_t watched;
	uint64_t value = 0;

	is(pv_set_debugreg(0, (unsigned long)&watched), 0, "a breakpoint's address");
	is(pv_get_debugreg(0), (long)&watched, "is kept");
	TRY("mov %%db0, %0", : "=r"(value) : : "memory");
	ok(caught(NO_TRAP) && value == (unsigned long)&watched, "and read by the instruction");
	is(pv_set_debugreg(7, 0x000d0001), 0, "on writes of eight bytes");
	TRY("movq $1, %0", : "=m"(watched) : : "memory");
	ok(caught(PV_VECTOR_DB), "a write is #DB");
	is(pv_get_debugreg(6) & 1, 1, "DR6 says which");
	TRY("mov %0, %%db7", : : "r"(0UL) : "memory");
	ok(caught(NO_TRAP), "the instruction switches it off");
	TRY("movq $1, %0", : "=m"(watched) : : "memory");
	ok(caught(NO_TRAP), "and it is");
	ok(pv_set_debugreg(0, HYPERVISOR_VIRT_START) < 0, "none in the hypervisor's memory");
	ok(pv_set_debugreg(0, 1UL << 62) < 0, "nor nowhere");
	ok(pv_set_debugreg(4, 0) < 0 || pv_set_debugreg(4, 0) == 0,
	   "there is no fourth, or it is the sixth");
	ok(pv_set_debugreg(8, 0) < 0, "nor an eighth");
	ok(pv_set_debugreg(7, 0x2000) <= 0, "general detect is refused or ignored");
	is(pv_get_debugreg(7) & 0x2000, 0, "and not set");
	pv_set_debugreg(0, 0);
	pv_set_debugreg(7, 0);
}

static void guest_main(void)
{
	check_cpuid();
	check_base_msrs();
	check_msrs();
	check_control_registers();
	check_other();
	check_xsetbv();
	check_debug_registers();
}
