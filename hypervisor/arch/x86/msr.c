/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers as guests see them. */
#include <arch/fixup.h>
#include <arch/guest_page.h>
#include <arch/msr.h>
#include <arch/regs.h>
#include <arch/segment_base.h>
#include <domain/domain.h>
#include <memory/page_type.h>
#include <xen/arch-x86/cpuid.h>

#define APIC_BASE_ADDRESS UINT64_C(0xfee00000)
#define APIC_BASE_FIRST	  0x100 /* the processor that starts the others */
#define APIC_BASE_ENABLED 0x800

/* MISC_ENABLE: what guests do not have. */
#define MISC_NOT_ENABLED   (BIT(7) | BIT(18))		 /* performance counters, MONITOR */
#define MISC_NOT_AVAILABLE (BIT(11) | BIT(12) | BIT(23)) /* BTS, PEBS, xTPR */

#define HWCR_TSC_CONSTANT BIT(24)

#define MSR_HYPERCALL_PAGE XEN_CPUID_FIRST_LEAF

/* A register that not every processor has: false where there is none. */
bool read_msr_if_there(uint32_t number, uint64_t *value)
{
	uint32_t low = 0, high = 0;
	bool ok = true;

	__asm__ volatile("1: rdmsr\n"
			 "2:\n"
			 ".pushsection .text.fixup, \"ax\", @progbits\n"
			 "3: movb $0, %0\n"
			 "jmp 2b\n"
			 ".popsection\n" FIXUP(1b, 3b)
			 : "+r"(ok), "+a"(low), "+d"(high)
			 : "c"(number));
	*value = (uint64_t)high << 32 | low;
	return ok;
}

static bool is_amd(void)
{
	return cpu_features.vendor[0] == 'A' || cpu_features.vendor[0] == 'H';
}

/* --- Reading ------------------------------------------------------------------------------------
 */

static bool read_misc_enable(uint64_t *value)
{
	if (!read_msr_if_there(MSR_MISC_ENABLE, value)) {
		return false;
	}
	*value = (*value & ~MISC_NOT_ENABLED) | MISC_NOT_AVAILABLE;
	return true;
}

bool guest_read_msr(const struct vcpu *v, uint32_t number, uint64_t *value)
{
	switch (number) {
	case MSR_FS_BASE:
		*value = segment_read_fs_base();
		return true;
	case MSR_GS_BASE:
		*value = segment_read_gs_base();
		return true;
	case MSR_KERNEL_GS_BASE:
		*value = segment_read_gs_base_other();
		return true;
	case MSR_EFER:
		*value = read_msr(MSR_EFER);
		return true;
	case MSR_TSC:
		*value = read_tsc();
		return true;
	case MSR_TSC_AUX:
		*value = v->arch.tsc_aux;
		return cpu_features.rdtscp;
	case MSR_APIC_BASE:
		*value = APIC_BASE_ADDRESS | APIC_BASE_ENABLED | (v->id == 0 ? APIC_BASE_FIRST : 0);
		return true;
	case MSR_PAT:
		*value = PAT_LAYOUT;
		return true;
	case MSR_DEBUGCTL:
		*value = 0;
		return true;
	case MSR_MISC_ENABLE:
		return read_misc_enable(value);
	case MSR_PLATFORM_INFO:
	case MSR_MISC_FEATURES:
	case MSR_MCG_CAP:
	case MSR_MCG_STATUS:
		*value = 0; /* none of what they could offer or switch on */
		return true;
	case MSR_MICROCODE:
		return read_msr_if_there(number, value);
	case MSR_AMD_HWCR:
		/* All that Linux asks it for is whether the TSC counts at a constant rate. */
		*value = HWCR_TSC_CONSTANT;
		return is_amd();
	default:
		return false;
	}
}

/* --- Writing ------------------------------------------------------------------------------------
 */

/* The value is the machine address of the page to fill; the low bits are the page's number. */
static bool fill_hypercall_page(struct vcpu *v, uint64_t value)
{
	struct domain_memory *dm = &v->domain->memory;
	mfn_t mfn = paddr_to_mfn(value);

	if (value & ~PAGE_MASK || page_writable_get(dm, mfn, false)) {
		return false;
	}
	guest_page_fill_hypercalls(frame_ptr(mfn));
	page_type_put(mfn);
	return true;
}

static bool write_tsc_aux(struct vcpu *v, uint64_t value)
{
	if (!cpu_features.rdtscp || value >> 32) {
		return false;
	}
	v->arch.tsc_aux = (uint32_t)value;
	msrs_load(v);
	return true;
}

/* What is not a guest's to change it may write as it is. */
bool guest_write_msr(struct vcpu *v, uint32_t number, uint64_t value)
{
	uint64_t current;

	switch (number) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
		if (!address_is_canonical(value)) {
			return false;
		}
		if (number == MSR_FS_BASE) {
			segment_write_fs_base(value);
		} else if (number == MSR_GS_BASE) {
			segment_write_gs_base(value);
		} else {
			segment_write_gs_base_other(value);
		}
		return true;
	case MSR_TSC_AUX:
		return write_tsc_aux(v, value);
	case MSR_MICROCODE:
		return value == 0; /* the question for the version begins with it */
	case MSR_EFER:
	case MSR_PAT:
	case MSR_DEBUGCTL:
	case MSR_MISC_ENABLE:
	case MSR_MCG_STATUS:
		return guest_read_msr(v, number, &current) && current == value;
	case MSR_HYPERCALL_PAGE:
		return fill_hypercall_page(v, value);
	default:
		return false;
	}
}

/* RDTSCP and RDPID give it to programs without asking. */
void msrs_load(const struct vcpu *v)
{
	struct cpu *cpu = this_cpu();

	if (cpu->tsc_aux != v->arch.tsc_aux) {
		cpu->tsc_aux = v->arch.tsc_aux;
		write_msr(MSR_TSC_AUX, v->arch.tsc_aux);
	}
}
