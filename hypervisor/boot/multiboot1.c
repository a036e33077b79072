/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 1: what a loader hands over in EAX and EBX. */
#include <boot/boot_text.h>
#include <boot/bytes.h>
#include <boot/memory_map.h>
#include <boot/multiboot1.h>
#include <boot/text.h>

enum info_flag {
	HAS_MEMORY = 1 << 0,
	HAS_COMMAND_LINE = 1 << 2,
	HAS_MODULES = 1 << 3,
	HAS_MEMORY_MAP = 1 << 6,
	HAS_LOADER_NAME = 1 << 9,
	HAS_FRAMEBUFFER = 1 << 12,
};

enum info_offset {
	FLAGS = 0,
	MEMORY_LOWER = 4, /* KiB from 0, and */
	MEMORY_UPPER = 8, /* KiB from 1 MiB */
	COMMAND_LINE = 16,
	MODULES_COUNT = 20,
	MODULES_ADDRESS = 24,
	MAP_SIZE = 44,
	MAP_ADDRESS = 48,
	LOADER_NAME = 64,
	FRAMEBUFFER = 88,
	FRAMEBUFFER_COLOURS = 110,
	INFO_SIZE = 116,
};

#define MODULE_SIZE    16 /* start, end, string, 0 */
#define MAP_ENTRY_SIZE 20 /* start, size, type; before it, how much of that there is */
#define STRING_MAX     4096
#define MAP_SIZE_MAX   65536
#define VGA_TEXT       0xb8000

struct parser {
	struct boot_info *info;
	const struct physical *memory;
	const struct report *report;
	bool keeps_name; /* this loader leaves the file's name at the head of command lines */
};

static const char *copy_line(const struct parser *parser, uint32_t address, const char *what)
{
	return boot_text_trim(boot_text_copy(parser->info, parser->memory, address, STRING_MAX,
					     what, parser->report),
			      parser->keeps_name);
}

static void parse_memory_map(const struct parser *parser, uint32_t address, uint32_t size)
{
	const uint8_t *map = NULL;
	uint32_t offset = 0;

	if (size <= MAP_SIZE_MAX) {
		map = physical_view(parser->memory, address, size);
	}
	if (!map) {
		report_line(parser->report,
			    "multiboot: memory map of %u bytes at 0x%x is not there", size,
			    address);
		return;
	}
	while (range_within(offset, 4, size)) {
		uint32_t entry_size = load_le32(map + offset);
		const uint8_t *entry = map + offset + 4;

		if (entry_size < MAP_ENTRY_SIZE || !range_within(offset + 4, entry_size, size)) {
			report_line(parser->report, "multiboot: memory map ends in a broken entry");
			break;
		}
		memory_map_add(parser->info, load_le64(entry), load_le64(entry + 8),
			       load_le32(entry + 16), parser->report);
		offset += 4 + entry_size;
	}
}

/* A module that is not usable keeps its place: what a module is for goes by its number. */
static void parse_module(const struct parser *parser, const uint8_t *bytes)
{
	struct boot_info *info = parser->info;
	struct boot_module *module = &info->modules[info->module_count];
	uint32_t start = load_le32(bytes), end = load_le32(bytes + 4);
	uint32_t line = load_le32(bytes + 8);

	module->start = start;
	module->size = end > start ? end - start : 0;
	if (module->size && !physical_view(parser->memory, start, module->size)) {
		module->size = 0;
	}
	if (!module->size) {
		report_line(parser->report, "multiboot: module %u at 0x%x-0x%x is %s",
			    info->module_count, start, end,
			    end > start ? "not in memory" : "empty");
	}
	module->command_line =
		line ? copy_line(parser, line, "multiboot: command line of a module") : info->text;
	info->module_count++;
}

static void parse_modules(const struct parser *parser, uint32_t address, uint32_t count)
{
	const uint8_t *list;

	if (count > BOOT_MODULES_MAX) {
		report_line(parser->report, "multiboot: %u modules, of which %u are taken", count,
			    BOOT_MODULES_MAX);
		count = BOOT_MODULES_MAX;
	}
	list = physical_view(parser->memory, address, count * MODULE_SIZE);
	if (!list) {
		report_line(parser->report, "multiboot: list of %u modules at 0x%x is not there",
			    count, address);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		parse_module(parser, list + i * MODULE_SIZE);
	}
}

void multiboot_screen(struct boot_screen *screen, const uint8_t *bytes, const uint8_t *colours)
{
	static const enum screen_kind kinds[] = {SCREEN_NONE, SCREEN_PIXELS, SCREEN_TEXT};

	screen->kind = bytes[21] < ARRAY_COUNT(kinds) ? kinds[bytes[21]] : SCREEN_NONE;
	screen->address = load_le64(bytes);
	screen->pitch = load_le32(bytes + 8);
	screen->width = load_le32(bytes + 12);
	screen->height = load_le32(bytes + 16);
	screen->bits_per_pixel = bytes[20];
	screen->red = (struct screen_colour){colours[0], colours[1]};
	screen->green = (struct screen_colour){colours[2], colours[3]};
	screen->blue = (struct screen_colour){colours[4], colours[5]};
}

static void parse_memory(const struct parser *parser, const uint8_t *bytes, uint32_t flags)
{
	if (flags & HAS_MEMORY_MAP) {
		parse_memory_map(parser, load_le32(bytes + MAP_ADDRESS),
				 load_le32(bytes + MAP_SIZE));
	} else if (flags & HAS_MEMORY) {
		memory_map_add(parser->info, 0, (uint64_t)load_le32(bytes + MEMORY_LOWER) << 10,
			       MEMORY_RAM, parser->report);
		memory_map_add(parser->info, 1 << 20,
			       (uint64_t)load_le32(bytes + MEMORY_UPPER) << 10, MEMORY_RAM,
			       parser->report);
	}
	memory_map_merge(parser->info);
}

bool multiboot1_parse(struct boot_info *info, const struct physical *memory, paddr_t address,
		      const struct report *report)
{
	struct parser parser = {info, memory, report, true};
	const uint8_t *bytes = physical_view(memory, address, FRAMEBUFFER);
	uint32_t flags;

	boot_info_init(info);
	if (bytes && load_le32(bytes + FLAGS) & HAS_FRAMEBUFFER) {
		bytes = physical_view(memory, address, INFO_SIZE);
	}
	if (!bytes) {
		report_line(report, "multiboot: no memory at 0x%lx", (unsigned long)address);
		return false;
	}
	flags = load_le32(bytes + FLAGS);
	if (flags & HAS_LOADER_NAME) {
		info->loader_name = boot_text_copy(info, memory, load_le32(bytes + LOADER_NAME),
						   STRING_MAX, "multiboot: loader name", report);
		/* GRUB 2 hands over the arguments alone. */
		parser.keeps_name = !text_starts(text_of(info->loader_name, STRING_MAX), "GRUB 2");
	}
	if (flags & HAS_COMMAND_LINE) {
		info->command_line = copy_line(&parser, load_le32(bytes + COMMAND_LINE),
					       "multiboot: command line");
	}
	if (flags & HAS_FRAMEBUFFER) {
		multiboot_screen(&info->screen, bytes + FRAMEBUFFER, bytes + FRAMEBUFFER_COLOURS);
	}
	parse_memory(&parser, bytes, flags);
	if (flags & HAS_MODULES) {
		parse_modules(&parser, load_le32(bytes + MODULES_ADDRESS),
			      load_le32(bytes + MODULES_COUNT));
	}
	if (info->memory_count == 0) {
		report_line(report, "multiboot: the loader says nothing about memory");
		return false;
	}
	return true;
}
