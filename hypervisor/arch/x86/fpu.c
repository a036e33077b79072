/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The FPU's state follows a vCPU lazily: it is loaded at the first use and saved when another needs
 * it. */
#include <arch/features.h>
#include <arch/fpu.h>
#include <arch/instructions.h>
#include <arch/regs.h>
#include <domain/domain.h>
#include <lib/error.h>
#include <lib/heap.h>

#define FXSAVE_BYTES 512
#define FCW_AT	     0
#define MXCSR_AT     24

#define FCW_DEFAULT   0x37f
#define MXCSR_DEFAULT 0x1f80

/* XSAVE wants its area aligned to 64 bytes: whole pages are. */
static size_t area_bytes(void)
{
	return cpu_features.xsave ? ROUND_UP(cpu_features.xsave_bytes, PAGE_SIZE) : FXSAVE_BYTES;
}

static void write_xcr0(uint64_t value)
{
	if (this_cpu()->xcr0 != value) {
		this_cpu()->xcr0 = value;
		__asm__ volatile("xsetbv"
				 :
				 : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
	}
}

static void clear_ts(void)
{
	__asm__ volatile("clts" : : : "memory");
}

static void set_ts(void)
{
	write_cr0(read_cr0() | CR0_TS);
}

void fpu_init_cpu(void)
{
	write_cr0((read_cr0() & ~(uint64_t)CR0_EM) | CR0_MP | CR0_NE | CR0_TS);
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT |
		  (cpu_features.xsave ? CR4_OSXSAVE : 0));
	if (cpu_features.xsave) {
		write_xcr0(cpu_features.xcr0);
	}
}

int fpu_init_vcpu(struct vcpu *v)
{
	v->arch.fpu_area = heap_alloc(area_bytes());
	if (!v->arch.fpu_area) {
		return -ENOMEM;
	}
	*(uint16_t *)((char *)v->arch.fpu_area + FCW_AT) = FCW_DEFAULT;
	*(uint32_t *)((char *)v->arch.fpu_area + MXCSR_AT) = MXCSR_DEFAULT;
	v->arch.xcr0 = cpu_features.xcr0 & 1;
	return 0;
}

void fpu_free_vcpu(struct vcpu *v)
{
	heap_free(v->arch.fpu_area, area_bytes());
	v->arch.fpu_area = NULL;
}

static void save(struct vcpu *v)
{
	if (cpu_features.xsave) {
		write_xcr0(cpu_features.xcr0);
		__asm__ volatile("xsave64 (%0)"
				 :
				 : "r"(v->arch.fpu_area), "a"(UINT32_MAX), "d"(UINT32_MAX)
				 : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)" : : "r"(v->arch.fpu_area) : "memory");
	}
}

static void restore(struct vcpu *v)
{
	if (cpu_features.xsave) {
		/* All components, also those the guest has switched off: none is left from another.
		 */
		write_xcr0(cpu_features.xcr0);
		__asm__ volatile("xrstor64 (%0)"
				 :
				 : "r"(v->arch.fpu_area), "a"(UINT32_MAX), "d"(UINT32_MAX)
				 : "memory");
		write_xcr0(v->arch.xcr0);
	} else {
		__asm__ volatile("fxrstor64 (%0)" : : "r"(v->arch.fpu_area) : "memory");
	}
}

void fpu_load(struct vcpu *v)
{
	clear_ts();
	if (!v->arch.fpu_loaded) {
		restore(v);
		v->arch.fpu_loaded = true;
	}
}

void fpu_switch_to(const struct vcpu *v)
{
	if (cpu_features.xsave) {
		write_xcr0(v->arch.xcr0);
	}
}

void fpu_switch_from(struct vcpu *v)
{
	if (v->arch.fpu_loaded) {
		clear_ts();
		save(v);
		v->arch.fpu_loaded = false;
	}
	set_ts();
}

/* XSTATE_BV, behind the legacy image: x87 and SSE are there, the others as after a reset. */
void fpu_mark_legacy(struct vcpu *v)
{
	if (cpu_features.xsave) {
		*(uint64_t *)((char *)v->arch.fpu_area + FXSAVE_BYTES) = 3;
	}
}

int fpu_set_xcr0(struct vcpu *v, uint64_t xcr0)
{
	/* x87 always; AVX needs SSE; the parts of AVX-512 come together and need AVX. */
	if (!(xcr0 & 1) || xcr0 & ~cpu_features.xcr0 || ((xcr0 & 4) && !(xcr0 & 2)) ||
	    ((xcr0 & 0xe0) && (xcr0 & 0xe6) != 0xe6)) {
		return -EINVAL;
	}
	v->arch.xcr0 = xcr0;
	if (v == current_vcpu()) {
		write_xcr0(xcr0);
	}
	return 0;
}
