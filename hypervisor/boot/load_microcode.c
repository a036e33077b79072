/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The microcode that ucode= asks for: finds the file, chooses the update, has it loaded. */
#include <arch/instructions.h>
#include <arch/microcode.h>
#include <boot/load_microcode.h>
#include <debug/log.h>

#define CPUID_HYPERVISOR      BIT(31)
#define MSR_INTEL_PLATFORM_ID 0x17

/* "GenuineIntel" and "AuthenticAMD" by their middle words, as leaf 0 has them in EDX. */
#define INTEL_EDX 0x49656e69u
#define AMD_EDX	  0x69746e65u

static bool identify(struct microcode_cpu *cpu)
{
	struct cpuid maker = cpuid(0, 0), leaf = cpuid(1, 0);

	if (leaf.c & CPUID_HYPERVISOR) {
		log_info("microcode: not loaded: we run under a hypervisor, which has its own\n");
		return false;
	}
	if (maker.d != INTEL_EDX && maker.d != AMD_EDX) {
		log_warn("microcode: not loaded: this is neither Intel's nor AMD's processor\n");
		return false;
	}
	cpu->maker = maker.d == INTEL_EDX ? MICROCODE_INTEL : MICROCODE_AMD;
	cpu->signature = leaf.a;
	cpu->platform = 0;
	if (cpu->maker == MICROCODE_INTEL) {
		cpu->platform = 1u << (read_msr(MSR_INTEL_PLATFORM_ID) >> 50 & 7);
	}
	cpu->revision = microcode_revision(cpu->maker == MICROCODE_INTEL);
	return true;
}

static const uint8_t *scan(const struct boot_info *info, const struct physical *memory,
			   enum microcode_maker maker, size_t *size)
{
	for (unsigned i = 1; i < info->module_count; i++) {
		const struct boot_module *m = &info->modules[i];
		const uint8_t *bytes = physical_view(memory, m->start, m->size);
		const uint8_t *file =
			bytes ? microcode_in_archive(bytes, m->size, maker, size) : NULL;

		if (file) {
			return file;
		}
	}
	log_info("microcode: not loaded: no module begins with an archive that has a file of it\n");
	return NULL;
}

/* False: there is no such module, or it is the kernel. */
static bool choose_module(struct boot_info *info, int wanted)
{
	int number = wanted < 0 ? (int)info->module_count + wanted : wanted;

	if (number < 1 || number >= (int)info->module_count || !info->modules[number].size) {
		log_warn("microcode: not loaded: ucode=%d names no module; after the kernel there "
			 "are %u\n",
			 wanted, info->module_count ? info->module_count - 1 : 0);
		return false;
	}
	info->microcode_module = (unsigned)number;
	return true;
}

static void load_file(const uint8_t *file, size_t size, const struct microcode_cpu *cpu)
{
	struct microcode_update update;
	const char *fault = microcode_find(file, size, cpu, &update);
	bool intel = cpu->maker == MICROCODE_INTEL;

	if (fault) {
		log_warn("microcode: not loaded: the file is %s\n", fault);
	} else if (intel && (uint64_t)update.start % 16) {
		log_warn("microcode: not loaded: the update has to lie at a multiple of 16\n");
	} else if (!microcode_set(update.start, update.revision, intel)) {
		log_warn("microcode: the processor refused revision %#x and has %#x\n",
			 update.revision, microcode_revision(intel));
	} else {
		log_info("microcode: revision %#x -> %#x\n", cpu->revision, update.revision);
	}
}

void load_microcode(struct boot_info *info, const struct microcode_options *options,
		    const struct physical *memory)
{
	const struct boot_module *module = NULL;
	struct microcode_cpu cpu;
	const uint8_t *file;
	size_t size;

	if (!options->module && !options->scan) {
		return;
	}
	if (options->module) {
		if (!choose_module(info, options->module)) {
			return;
		}
		module = &info->modules[info->microcode_module];
	}
	if (!identify(&cpu)) {
		return;
	}
	if (module) {
		size = module->size;
		file = physical_view(memory, module->start, size);
		if (!file) {
			log_warn("microcode: not loaded: the module is above 4 GiB\n");
		}
	} else {
		file = scan(info, memory, cpu.maker, &size);
	}
	if (file) {
		load_file(file, size, &cpu);
	}
}
