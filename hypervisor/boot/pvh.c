/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PVH: the start information that another hypervisor leaves. */
#include <boot/boot_text.h>
#include <boot/bytes.h>
#include <boot/loader.h>
#include <boot/memory_map.h>
#include <boot/pvh.h>

enum info_offset {
	INFO_MAGIC = 0,
	INFO_VERSION = 4,
	INFO_MODULE_COUNT = 12,
	INFO_MODULES = 16,
	INFO_COMMAND_LINE = 24,
	INFO_RSDP = 32,
	INFO_MAP = 40, /* from version 1 on */
	INFO_MAP_COUNT = 48,
	INFO_SIZE = 56,
};

#define MODULE_SIZE    32 /* address, size, command line, 0 */
#define MAP_ENTRY_SIZE 24 /* address, size, type, 0 */
#define MAP_COUNT_MAX  1024
#define STRING_MAX     4096

static const char *copy_line(struct boot_info *info, const struct physical *memory, paddr_t address,
			     const struct report *report)
{
	return address ? boot_text_copy(info, memory, address, STRING_MAX, "pvh: command line",
					report)
		       : info->text;
}

static void parse_map(struct boot_info *info, const struct physical *memory, const uint8_t *bytes,
		      const struct report *report)
{
	paddr_t address = load_le64(bytes + INFO_MAP);
	uint32_t count = load_le32(bytes + INFO_MAP_COUNT);
	const uint8_t *map = NULL;

	if (count <= MAP_COUNT_MAX) {
		map = physical_view(memory, address, count * MAP_ENTRY_SIZE);
	}
	if (!map) {
		report_line(report, "pvh: memory map of %u entries at 0x%lx is not there", count,
			    (unsigned long)address);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *entry = map + i * MAP_ENTRY_SIZE;

		memory_map_add(info, load_le64(entry), load_le64(entry + 8), load_le32(entry + 16),
			       report);
	}
	memory_map_merge(info);
}

static void parse_modules(struct boot_info *info, const struct physical *memory,
			  const uint8_t *bytes, const struct report *report)
{
	uint32_t count = load_le32(bytes + INFO_MODULE_COUNT);
	const uint8_t *list;

	if (count > BOOT_MODULES_MAX) {
		report_line(report, "pvh: %u modules, of which %u are taken", count,
			    BOOT_MODULES_MAX);
		count = BOOT_MODULES_MAX;
	}
	list = physical_view(memory, load_le64(bytes + INFO_MODULES), count * MODULE_SIZE);
	if (!list) {
		report_line(report, "pvh: list of %u modules is not there", count);
		return;
	}
	for (uint32_t i = 0; i < count; i++, list += MODULE_SIZE) {
		struct boot_module *module = &info->modules[i];

		module->start = load_le64(list);
		module->size = load_le64(list + 8);
		if (!module->size || !physical_view(memory, module->start, module->size)) {
			report_line(report, "pvh: module %u is %s", i,
				    module->size ? "not in memory" : "empty");
			module->size = 0;
		}
		module->command_line = copy_line(info, memory, load_le64(list + 16), report);
		info->module_count++;
	}
}

bool pvh_parse(struct boot_info *info, const struct physical *memory, paddr_t address,
	       const struct report *report)
{
	const uint8_t *bytes = physical_view(memory, address, INFO_SIZE);

	boot_info_init(info);
	if (!bytes || load_le32(bytes + INFO_MAGIC) != PVH_LOADER_MAGIC) {
		report_line(report, "pvh: no start information at 0x%lx", (unsigned long)address);
		return false;
	}
	info->rsdp = load_le64(bytes + INFO_RSDP);
	info->screen.kind = SCREEN_NONE;
	info->command_line = copy_line(info, memory, load_le64(bytes + INFO_COMMAND_LINE), report);
	if (load_le32(bytes + INFO_MODULE_COUNT)) {
		parse_modules(info, memory, bytes, report);
	}
	if (load_le32(bytes + INFO_VERSION) >= 1) {
		parse_map(info, memory, bytes, report);
	}
	if (info->memory_count == 0) {
		report_line(report, "pvh: no memory map");
		return false;
	}
	return true;
}
