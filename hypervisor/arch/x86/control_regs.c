/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CR0 and CR4 as a guest sees them; little of what it writes reaches the processor. */
#include <arch/control_regs.h>
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/regs.h>
#include <domain/domain.h>

/* Always on as far as guests are concerned. */
#define CR4_FIXED (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)

/* A guest reads back what it wrote. */
static uint64_t cr4_choices(void)
{
	return CR4_TSD | CR4_DE | (cpu_features.fsgsbase ? CR4_FSGSBASE : 0) |
	       (cpu_features.xsave ? CR4_OSXSAVE : 0);
}

uint64_t guest_cr4_fixed(void)
{
	return CR4_FIXED;
}

uint64_t guest_cr0(const struct vcpu *v)
{
	return (read_cr0() & ~(uint64_t)CR0_TS) | (v->arch.guest_ts ? CR0_TS : 0);
}

void guest_set_ts(struct vcpu *v, bool set)
{
	if (v->arch.guest_ts == set) {
		return;
	}
	v->arch.guest_ts = set;
	/* As long as its state is not in the FPU the first use must trap in any case. */
	if (set) {
		write_cr0(read_cr0() | CR0_TS);
	} else if (v->arch.fpu_loaded) {
		__asm__ volatile("clts" : : : "memory");
	}
}

bool guest_set_cr0(struct vcpu *v, uint64_t value)
{
	if ((value ^ read_cr0()) & ~(uint64_t)CR0_TS) {
		return false;
	}
	guest_set_ts(v, value & CR0_TS);
	return true;
}

/* The processor has FSGSBASE and OSXSAVE on for all; TSD alone is the guest's. */
void control_regs_load(const struct vcpu *v)
{
	uint64_t now = read_cr4(), wanted = (now & ~(uint64_t)CR4_TSD) | (v->arch.cr4 & CR4_TSD);

	if (now != wanted) {
		write_cr4(wanted);
	}
}

void guest_set_cr4(struct vcpu *v, uint64_t value)
{
	v->arch.cr4 = CR4_FIXED | (value & cr4_choices());
	control_regs_load(v);
}
