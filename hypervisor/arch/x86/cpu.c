/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This CPU: its start-up, its pending work, and how other CPUs reach it. */
#include <arch/apic.h>
#include <arch/descriptor.h>
#include <arch/features.h>
#include <arch/fpu.h>
#include <arch/instructions.h>
#include <arch/isolation.h>
#include <arch/msr.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <arch/setup.h>
#include <arch/smp.h>
#include <arch/speculation.h>
#include <arch/switch.h>
#include <arch/syscall_stubs.h>
#include <arch/trap.h>
#include <arch/vectors.h>
#include <debug/counters.h>

_Static_assert(COUNTERS <= CPU_COUNTERS, "struct cpu has room for every counter");

static void init_syscall(unsigned cpu)
{
	struct syscall_stubs stubs = syscall_stubs_make(cpu);

	/* SYSCALL loads CS from bits 32-47 and SS behind it; SYSRET takes 16 and 8 above bits
	 * 48-63. */
	write_msr(MSR_STAR, (uint64_t)SELECTOR_USER32 << 48 | (uint64_t)SELECTOR_CODE << 32);
	write_msr(MSR_LSTAR, stubs.of_64_bits);
	write_msr(MSR_CSTAR, stubs.of_32_bits);
	write_msr(MSR_SYSENTER_CS, SELECTOR_CODE);
	write_msr(MSR_SYSENTER_ESP, stubs.sysenter_stack);
	write_msr(MSR_SYSENTER_EIP, stubs.sysenter);
	write_msr(MSR_SYSCALL_MASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT |
					    RFLAGS_RF | RFLAGS_VM | RFLAGS_AC);
}

void cpu_setup_early(const struct boot_options *options)
{
	features_detect();
	lock_in_turn = !cpu_features.shared;
	cpu_features.smep &= options->smep;
	cpu_features.smap &= options->smap;
	smap_patch();
	speculation_init(&options->speculation);
	cpu_setup_modes();
}

void cpu_setup_modes(void)
{
	if (cpu_features.nx) {
		write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NX);
	}
	write_msr(MSR_PAT, PAT_LAYOUT);
	if (cpu_features.rdtscp) {
		write_msr(MSR_TSC_AUX, 0);
	}
	speculation_init_cpu();
}

#define PLATFORM_CPUID_FAULTING BIT(31)
#define HWCR_CPUID_USER_DIS	BIT(35)

/*
 * Where the processor can, CPUID traps in ring 3, so that guests get our answers by every way, not
 * only by the forced-emulation prefix.
 */
static void init_cpuid_faulting(void)
{
	bool amd = cpuid(0x80000000, 0).a >= 0x80000021 && cpuid(0x80000021, 0).a & BIT(17);
	uint64_t value;

	if (amd && read_msr_if_there(MSR_HWCR, &value)) {
		write_msr(MSR_HWCR, value | HWCR_CPUID_USER_DIS);
	} else if (read_msr_if_there(MSR_PLATFORM_INFO, &value) &&
		   value & PLATFORM_CPUID_FAULTING) {
		write_msr(MSR_FEATURES, 1);
	}
}

void cpu_setup(unsigned cpu)
{
	write_cr4(read_cr4() | CR4_PGE | CR4_MCE | (cpu_features.smep ? CR4_SMEP : 0) |
		  (cpu_features.smap ? CR4_SMAP : 0) | (cpu_features.fsgsbase ? CR4_FSGSBASE : 0));
	write_cr0(read_cr0() | CR0_AM); /* programs may ask for alignment checks */
	this_cpu()->id = cpu;
	counters_init_cpu();
	isolation_init_cpu(cpu);
	descriptors_init_cpu(cpu);
	init_syscall(cpu);
	init_cpuid_faulting();
	fpu_init_cpu();
}

void cpu_set_online(void)
{
	atomic_fetch_or_explicit(&smp_started, BIT(cpu_id()), memory_order_release);
	cpus_set_online(cpu_id(), true);
}

/* STAC and CLAC stay where the processor has SMAP, elsewhere they become three bytes of NOP. */
void smap_patch(void)
{
	static const uint8_t nop3[] = {0x0f, 0x1f, 0x00};
	extern const int32_t smap_sites[], smap_sites_end[];

	if (cpu_features.smap) {
		return;
	}
	for (const int32_t *site = smap_sites; site < smap_sites_end; site++) {
		volatile uint8_t *code =
			(volatile uint8_t *)((uint64_t)site + (uint64_t)(int64_t)*site);

		for (unsigned i = 0; i < sizeof(nop3); i++) {
			code[i] = nop3[i];
		}
	}
}

void timer_arm(uint64_t deadline)
{
	if (deadline) {
		apic_timer_arm(deadline);
	} else {
		apic_timer_stop();
	}
}

void cpu_kick(unsigned cpu)
{
	if (cpu != cpu_id()) {
		COUNT(kicks);
		apic_send_ipi(BIT(cpu), VECTOR_KICK);
	}
}

bool work_pending(void)
{
	/* STI takes effect after the next instruction. */
	__asm__ volatile("sti\n\tnop\n\tcli" : : : "memory");
	return atomic_load_explicit(&this_cpu()->work, memory_order_relaxed) != 0;
}

_Noreturn void cpu_leave_startup(void)
{
	paging_seal();
	start_guest();
}
