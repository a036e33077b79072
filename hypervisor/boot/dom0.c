/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dom0 from the boot loader's modules. */
#include <arch/port.h>
#include <arch/smp.h>
#include <boot/dom0.h>
#include <boot/domain_build.h>
#include <boot/kernel.h>
#include <debug/log.h>
#include <domain/affinity.h>
#include <lib/string.h>

/* One a processor, within what the options say. */
static unsigned vcpu_count(const struct boot_options *options)
{
	unsigned count = cpu_mask_count(cpus_online());

	if (!options->dom0_vcpus_max) {
		return count;
	}
	return MIN(MAX(count, options->dom0_vcpus_min), options->dom0_vcpus_max);
}

static void pin_vcpus(struct domain *d)
{
	cpu_mask_t cpus = cpus_online(), rest = cpus;

	for (unsigned i = 0; i < d->vcpu_count; i++) {
		cpu_mask_t first = rest & -rest;

		(void)affinity_set(d->vcpu[i], &first, NULL, false);
		rest &= rest - 1;
		rest = rest ? rest : cpus;
	}
}

static void *module_ptr(const struct boot_module *module)
{
	return paddr_ptr(module->start);
}

struct domain *dom0_build(const struct boot_info *info, const struct boot_options *options,
			  const struct report *report)
{
	struct domain_spec spec = {
		.id = 0,
		.privileged = true,
		.hardware = true,
		.store_server = DOMID_INVALID,
		.console_server = DOMID_INVALID,
		.highest_port = EVTCHN_FIFO_NR_CHANNELS - 1,
		.vcpus = vcpu_count(options),
		.screen = info,
		.page_limit = dom0_memory_limit(options, domain_build_available()) >> PAGE_SHIFT,
	};
	struct kernel_file kernel = {0};
	/* The second module, unless that is the processor's. */
	unsigned initrd = info->microcode_module == 1 ? 2 : 1;
	struct domain *d;

	if (!info->module_count || !info->modules[0].size) {
		log_error("the loader gave no module: the first has to be Dom0's kernel\n");
		return NULL;
	}
	spec.command_line = info->modules[0].command_line;
	if (info->module_count > initrd) {
		spec.initrd = module_ptr(&info->modules[initrd]);
		spec.initrd_bytes = info->modules[initrd].size;
	}
	if (!kernel_open(&kernel, module_ptr(&info->modules[0]), info->modules[0].size, report)) {
		return NULL;
	}
	/* Only now is it known what there is: a kernel that was unpacked is kept until it is built.
	 */
	spec.pages = dom0_memory_bytes(options, domain_build_available()) >> PAGE_SHIFT;
	spec.kernel = kernel.elf;
	spec.kernel_bytes = kernel.elf_bytes;
	spec.image = kernel.image;
	d = domain_build(&spec);
	kernel_close(&kernel);
	if (d) {
		domain_console = d->id;
		d->launch = LAUNCH_WAITS;
		if (options->dom0_vcpus_pin) {
			pin_vcpus(d);
		}
		log_info("Dom0: %lu MiB, %u vCPU, kernel %s\n", spec.pages >> 8, spec.vcpus,
			 kernel.format);
	}
	return d;
}
