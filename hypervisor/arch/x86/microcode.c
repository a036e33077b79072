/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading a microcode update: the processor takes it, and checks its signature, by one write. */
#include <arch/instructions.h>
#include <arch/microcode.h>
#include <arch/regs.h>
#include <stdatomic.h>

#define MSR_INTEL_UPDATE 0x79
#define MSR_AMD_UPDATE	 0xc0010020
#define INTEL_DATA_AT	 48 /* the write gives the address of what is behind the header */

/* Written by the boot CPU before there are others. */
static struct {
	const uint8_t *update; /* NULL: there is none to load */
	uint32_t revision;
	bool intel;
} chosen;
static _Atomic unsigned failures;

/* Intel's processors put their revision there when CPUID runs; AMD's have it there always. */
uint32_t microcode_revision(bool intel)
{
	if (!intel) {
		return (uint32_t)read_msr(MSR_MICROCODE);
	}
	write_msr(MSR_MICROCODE, 0);
	(void)cpuid(1, 0);
	return (uint32_t)(read_msr(MSR_MICROCODE) >> 32);
}

/* Threads of one core share their microcode: the second finds it done. */
static bool load(const uint8_t *update, uint32_t revision, bool intel)
{
	if (microcode_revision(intel) == revision) {
		return true;
	}
	if (intel) {
		write_msr(MSR_INTEL_UPDATE, (uint64_t)(update + INTEL_DATA_AT));
	} else {
		write_msr(MSR_AMD_UPDATE, (uint64_t)update);
	}
	return microcode_revision(intel) == revision;
}

bool microcode_set(const uint8_t *update, uint32_t revision, bool intel)
{
	if (!load(update, revision, intel)) {
		return false;
	}
	chosen.update = update;
	chosen.revision = revision;
	chosen.intel = intel;
	return true;
}

void microcode_init_cpu(void)
{
	if (chosen.update && !load(chosen.update, chosen.revision, chosen.intel)) {
		atomic_fetch_add_explicit(&failures, 1, memory_order_relaxed);
	}
}

unsigned microcode_failures(void)
{
	return atomic_load_explicit(&failures, memory_order_relaxed);
}
