/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processors can do, found out once at boot. */
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/regs.h>
#include <lib/string.h>

struct cpu_features cpu_features;
static struct cpu_features of_boot_cpu; /* before options took anything away */

/* x87, SSE, AVX and the three of AVX-512: components whose instructions need no further care. */
#define XCR0_SUPPORTED 0xe7

static void detect_xsave(struct cpu_features *f)
{
	struct cpuid leaf = cpuid(0xd, 0);

	f->xcr0 = ((uint64_t)leaf.d << 32 | leaf.a) & XCR0_SUPPORTED;
	f->xsave_bytes = 512 + 64;
	for (uint32_t component = 2; component < 63; component++) {
		if (f->xcr0 & BIT(component)) {
			leaf = cpuid(0xd, component);
			f->xsave_bytes = MAX(f->xsave_bytes, leaf.a + leaf.b);
		}
	}
}

static void detect(struct cpu_features *f)
{
	struct cpuid leaf = cpuid(0, 0);
	uint32_t highest = leaf.a, highest_extended = cpuid(0x80000000, 0).a;

	memcpy(f->vendor, &leaf.b, 4);
	memcpy(f->vendor + 4, &leaf.d, 4);
	memcpy(f->vendor + 8, &leaf.c, 4);

	f->highest_leaf = highest;
	f->highest_extended_leaf = highest_extended;
	leaf = cpuid(1, 0);
	f->xsave = leaf.c & BIT(26);
	f->x2apic = leaf.c & BIT(21);
	f->shared = leaf.c & BIT(31);
	f->tsc_deadline = leaf.c & BIT(24);
	if (highest >= 7) {
		leaf = cpuid(7, 0);
		f->fsgsbase = leaf.b & BIT(0);
		f->smep = leaf.b & BIT(7);
		f->smap = leaf.b & BIT(20);
	}
	if (f->xsave && highest >= 0xd) {
		detect_xsave(f);
	}

	leaf = cpuid(0x80000001, 0);
	f->nx = leaf.d & BIT(20);
	f->gbpages = leaf.d & BIT(26);
	f->rdtscp = leaf.d & BIT(27);
	f->physical_bits = 36;
	if (highest_extended >= 0x80000008) {
		f->physical_bits = cpuid(0x80000008, 0).a & 0xff;
	}
	if (highest_extended >= 0x80000007) {
		f->invariant_tsc = cpuid(0x80000007, 0).d & BIT(8);
	}
}

void features_detect(void)
{
	detect(&of_boot_cpu);
	cpu_features = of_boot_cpu;
}

bool features_same_here(void)
{
	struct cpu_features here = {0};

	detect(&here);
	return !memcmp(&here, &of_boot_cpu, sizeof(here));
}
