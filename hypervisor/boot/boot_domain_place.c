/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot domains: what their tree says, held against the modules and the memory of this machine. */
#include <boot/boot_domains.h>
#include <boot/bytes.h>

#define LOW_END UINT64_C(0x100000)

struct place {
	struct boot_domains *domains;
	struct boot_info *info;
	paddr_t reserved_start, reserved_end;
	const struct report *report;
};

static bool overlap(paddr_t start, uint64_t size, paddr_t other, uint64_t other_size)
{
	return start < other + other_size && other < start + size;
}

static bool is_ram(const struct boot_info *info, paddr_t start, uint64_t size)
{
	for (unsigned i = 0; i < info->memory_count; i++) {
		const struct memory_range *r = &info->memory[i];

		if (r->type == MEMORY_RAM && start >= r->start &&
		    range_within(start - r->start, size, r->end - r->start)) {
			return true;
		}
	}
	return false;
}

static uint64_t ram_kib(const struct boot_info *info)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < info->memory_count; i++) {
		const struct memory_range *r = &info->memory[i];

		bytes += r->type == MEMORY_RAM ? r->end - r->start : 0;
	}
	return bytes >> 10;
}

static void leave_out(const struct place *p, struct boot_domain *d)
{
	d->usable = false;
	p->domains->faults++;
}

/* Another module has some of these bytes, but not just these; or the tree itself has some. */
static bool overlaps_module(const struct boot_info *info, paddr_t start, uint64_t size)
{
	for (unsigned i = 0; i < info->module_count; i++) {
		const struct boot_module *m = &info->modules[i];

		if (m->size && overlap(start, size, m->start, m->size) &&
		    (i == 0 || m->start != start || m->size != size)) {
			return true;
		}
	}
	return false;
}

static const char *why_not_there(const struct place *p, const struct boot_domain_module *m)
{
	if (m->start < LOW_END || !is_ram(p->info, m->start, m->size)) {
		return "they are expected in RAM above 1 MiB";
	}
	if (overlap(m->start, m->size, p->reserved_start, p->reserved_end - p->reserved_start)) {
		return "there the hypervisor itself is";
	}
	if (overlaps_module(p->info, m->start, m->size)) {
		return "they overlap with another module";
	}
	return NULL;
}

/* From its address to a number: that of the module which has just these bytes, or a new one. */
static bool number_by_address(const struct place *p, const struct boot_domain *d,
			      struct boot_domain_module *m, const char *what)
{
	const char *why = why_not_there(p, m);
	struct boot_info *info = p->info;

	if (!why && info->module_count == BOOT_MODULES_MAX) {
		why = "there are 64 modules already";
	}
	if (why) {
		report_line(p->report, "device tree: %s: %s: 0x%lx bytes at 0x%lx: %s", d->path,
			    what, (unsigned long)m->size, (unsigned long)m->start, why);
		return false;
	}
	for (m->index = 0; m->index < info->module_count; m->index++) {
		if (info->modules[m->index].start == m->start && info->modules[m->index].size) {
			return true;
		}
	}
	info->modules[info->module_count++] = (struct boot_module){m->start, m->size, info->text};
	return true;
}

static bool check_index(const struct place *p, const struct boot_domain *d,
			const struct boot_domain_module *m, const char *what)
{
	const struct boot_info *info = p->info;

	if (m->index >= info->module_count) {
		report_line(
			p->report,
			"device tree: %s: %s: mb-index is %u; the loader brought modules 0 to %u",
			d->path, what, m->index, info->module_count - 1);
		return false;
	}
	if (info->modules[m->index].size == 0) {
		report_line(p->report, "device tree: %s: %s: module %u is empty or not in memory",
			    d->path, what, m->index);
		return false;
	}
	return true;
}

static bool place_module(const struct place *p, const struct boot_domain *d,
			 struct boot_domain_module *m, const char *what)
{
	switch (m->by) {
	case BY_INDEX:
		return check_index(p, d, m, what);
	case BY_ADDRESS:
		return number_by_address(p, d, m, what);
	case BY_NOTHING:
		break;
	}
	return true;
}

static void place_domain(const struct place *p, struct boot_domain *d)
{
	uint64_t there = ram_kib(p->info);
	bool good = place_module(p, d, &d->kernel, "kernel");

	good = place_module(p, d, &d->ramdisk, "ramdisk") && good;
	if (d->memory_kib > there) {
		report_line(p->report,
			    "device tree: %s: memory is %lu KiB; the whole machine has %lu KiB",
			    d->path, (unsigned long)d->memory_kib, (unsigned long)there);
		good = false;
	}
	if (!good) {
		leave_out(p, d);
	}
}

void boot_domains_place(struct boot_domains *domains, struct boot_info *info,
			paddr_t reserved_start, paddr_t reserved_end, const struct report *report)
{
	struct place p = {domains, info, reserved_start, reserved_end, report};

	for (unsigned i = 0; i < domains->count; i++) {
		if (domains->domain[i].usable) {
			place_domain(&p, &domains->domain[i]);
		}
	}
}
