/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FPU's state follows a vCPU lazily: it is loaded at the first use and saved when the vCPU
 * goes. On processors that would read the last one's registers ahead of #NM it is loaded at once.
 */
#include <arch/cpuid.h>
#include <arch/features.h>
#include <arch/fpu.h>
#include <arch/instructions.h>
#include <arch/regs.h>
#include <arch/speculation.h>
#include <domain/domain.h>
#include <lib/error.h>
#include <lib/heap.h>
#include <lib/string.h>

#define FXSAVE_BYTES  512
#define FCW_AT	      0
#define MXCSR_AT      24
#define MXCSR_MASK_AT 28

#define FCW_DEFAULT    0x37f
#define MXCSR_DEFAULT  0x1f80
#define MXCSR_MASK_OLD 0xffbfU

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

static uint32_t mxcsr_mask; /* bits that may be set: loading others faults */

static void find_mxcsr_mask(void)
{
	static uint8_t image[FXSAVE_BYTES] __attribute__((aligned(16))); /* stacks may not be */

	__asm__ volatile("fxsave64 %0" : "=m"(image));
	memcpy(&mxcsr_mask, image + MXCSR_MASK_AT, sizeof(mxcsr_mask));
	mxcsr_mask = mxcsr_mask ? mxcsr_mask : MXCSR_MASK_OLD;
}

void fpu_init_cpu(void)
{
	write_cr0((read_cr0() & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE);
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT |
		  (cpu_features.xsave ? CR4_OSXSAVE : 0));
	if (cpu_features.xsave) {
		write_xcr0(cpu_features.xcr0);
	}
	find_mxcsr_mask();
	set_ts();
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

void fpu_switch_to(struct vcpu *v)
{
	if (cpu_features.xsave) {
		write_xcr0(v->arch.xcr0);
	}
	if (speculation.eager_fpu) {
		fpu_load(v);
		if (v->arch.guest_ts) {
			set_ts();
		}
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

static bool xcr0_is_good(const struct vcpu *v, uint64_t xcr0)
{
	/* x87 always; AVX needs SSE; the parts of AVX-512 come together and need AVX. */
	return xcr0 & 1 && !(xcr0 & ~domain_xcr0_allowed(v->domain)) && (!(xcr0 & 4) || xcr0 & 2) &&
	       (!(xcr0 & 0xe0) || (xcr0 & 0xe6) == 0xe6);
}

int fpu_set_xcr0(struct vcpu *v, uint64_t xcr0)
{
	if (!xcr0_is_good(v, xcr0)) {
		return -EINVAL;
	}
	v->arch.xcr0 = xcr0;
	if (v == current_vcpu()) {
		write_xcr0(xcr0);
	}
	return 0;
}

/* --- The state as a toolstack sees it -------------------------------------------------------- */

#define XSAVE_HEADER_BYTES 64
#define XSTATE_BV_AT	   FXSAVE_BYTES
#define LEGACY_COMPONENTS  3 /* x87 and SSE */

/* Before the area: what XCR0 is, and what it may have been. */
struct state_head {
	uint64_t xcr0, accumulated;
};

bool fpu_image_is_good(const void *image)
{
	uint32_t mxcsr;

	memcpy(&mxcsr, (const char *)image + MXCSR_AT, sizeof(mxcsr));
	return !(mxcsr & ~mxcsr_mask);
}

void fpu_get_image(const struct vcpu *v, void *image)
{
	memcpy(image, v->arch.fpu_area, FXSAVE_BYTES);
}

/* The other components are as after a reset then. */
void fpu_set_image(struct vcpu *v, const void *image)
{
	memcpy(v->arch.fpu_area, image, FXSAVE_BYTES);
	if (cpu_features.xsave) {
		*(uint64_t *)((char *)v->arch.fpu_area + XSTATE_BV_AT) = LEGACY_COMPONENTS;
	}
}

uint64_t fpu_features(void)
{
	return cpu_features.xsave ? cpu_features.xcr0 : 0;
}

size_t fpu_state_bytes(void)
{
	return cpu_features.xsave ? sizeof(struct state_head) + cpu_features.xsave_bytes : 0;
}

void fpu_get_state(const struct vcpu *v, void *state)
{
	const struct state_head head = {v->arch.xcr0, cpu_features.xcr0};

	memcpy(state, &head, sizeof(head));
	memcpy((char *)state + sizeof(head), v->arch.fpu_area, cpu_features.xsave_bytes);
}

/* What XRSTOR looks at in the header: only components that are there, and no compact format. */
static bool header_is_good(const void *area, uint64_t accumulated)
{
	uint64_t words[XSAVE_HEADER_BYTES / sizeof(uint64_t)], rest = 0;

	memcpy(words, (const char *)area + XSTATE_BV_AT, sizeof(words));
	for (size_t i = 1; i < ARRAY_COUNT(words); i++) {
		rest |= words[i];
	}
	return !rest && !(words[0] & ~accumulated);
}

int fpu_set_state(struct vcpu *v, const void *state, size_t bytes)
{
	const char *area = (const char *)state + sizeof(struct state_head);
	struct state_head head;

	if (bytes < sizeof(head) + FXSAVE_BYTES + XSAVE_HEADER_BYTES || bytes > fpu_state_bytes()) {
		return -EINVAL;
	}
	memcpy(&head, state, sizeof(head));
	if (!xcr0_is_good(v, head.xcr0) || head.xcr0 & ~head.accumulated ||
	    head.accumulated & ~cpu_features.xcr0 || !header_is_good(area, head.accumulated) ||
	    !fpu_image_is_good(area)) {
		return -EINVAL;
	}
	bytes -= sizeof(head);
	memcpy(v->arch.fpu_area, area, bytes);
	memset((char *)v->arch.fpu_area + bytes, 0, cpu_features.xsave_bytes - bytes);
	v->arch.xcr0 = head.xcr0;
	return 0;
}
