/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 2: a list of tags, each with its type and size. */
#include <boot/boot_text.h>
#include <boot/bytes.h>
#include <boot/memory_map.h>
#include <boot/multiboot1.h>
#include <boot/multiboot2.h>

#define LIST_SIZE_MAX 65536
#define LIST_HEADER   8 /* the size of all, and 0 */
#define TAG_HEADER    8 /* type and size */

struct parser {
	struct boot_info *info;
	const struct physical *memory;
	const struct report *report;
};

struct tag {
	const uint8_t *bytes;
	uint32_t size;
	paddr_t address;
};

/* The string that begins so far into a tag. */
static const char *tag_text(const struct parser *parser, const struct tag *tag, uint32_t offset,
			    const char *what)
{
	return boot_text_copy(parser->info, parser->memory, tag->address + offset,
			      tag->size - offset, what, parser->report);
}

static void parse_command_line(const struct parser *parser, const struct tag *tag)
{
	const char *line = tag_text(parser, tag, 8, "multiboot: command line");

	parser->info->command_line = boot_text_trim(line, false);
}

static void parse_loader_name(const struct parser *parser, const struct tag *tag)
{
	parser->info->loader_name = tag_text(parser, tag, 8, "multiboot: loader name");
}

/* A module that is not usable keeps its place: what a module is for goes by its number. */
static void parse_module(const struct parser *parser, const struct tag *tag)
{
	struct boot_info *info = parser->info;
	uint32_t start = load_le32(tag->bytes + 8), end = load_le32(tag->bytes + 12);
	struct boot_module *module = &info->modules[info->module_count];

	if (info->module_count == BOOT_MODULES_MAX) {
		report_line(parser->report, "multiboot: a module beyond the %u that are taken",
			    BOOT_MODULES_MAX);
		return;
	}
	module->start = start;
	module->size = end > start ? end - start : 0;
	if (!module->size || !physical_view(parser->memory, start, module->size)) {
		report_line(parser->report, "multiboot: module %u at 0x%x-0x%x is %s",
			    info->module_count, start, end,
			    end > start ? "not in memory" : "empty");
		module->size = 0;
	}
	module->command_line = boot_text_trim(
		tag_text(parser, tag, 16, "multiboot: command line of a module"), false);
	info->module_count++;
}

static void parse_memory_map(const struct parser *parser, const struct tag *tag)
{
	uint32_t entry_size = load_le32(tag->bytes + 8);

	if (entry_size < 20) {
		report_line(parser->report, "multiboot: memory map of entries of %u bytes",
			    entry_size);
		return;
	}
	for (uint64_t at = 16; range_within(at, entry_size, tag->size); at += entry_size) {
		const uint8_t *entry = tag->bytes + at;

		memory_map_add(parser->info, load_le64(entry), load_le64(entry + 8),
			       load_le32(entry + 16), parser->report);
	}
}

static void parse_screen(const struct parser *parser, const struct tag *tag)
{
	static const uint8_t no_colours[6];

	multiboot_screen(&parser->info->screen, tag->bytes + 8,
			 tag->size >= 38 ? tag->bytes + 32 : no_colours);
}

static void parse_efi_system_table(const struct parser *parser, const struct tag *tag)
{
	parser->info->efi_system_table = load_le64(tag->bytes + 8);
}

#define EFI_ENTRY_SIZE 40 /* type, 0, address, virtual address, pages, attributes; or longer */

/* What is plain memory once the firmware is done: of the loader, of boot services, and free. */
#define EFI_PLAIN_TYPES (BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(7))

/* Only what stays the firmware's, and neighbours that are alike become one: so there is room. */
static bool add_efi_range(struct boot_info *info, struct efi_range new)
{
	unsigned int count = info->efi_memory_count;
	struct efi_range *last = count ? &info->efi_memory[count - 1] : NULL;

	if (new.type < 64 && BIT(new.type) & EFI_PLAIN_TYPES) {
		return true;
	}
	if (last && last->start + last->bytes == new.start && last->type == new.type &&
	    last->attributes == new.attributes) {
		last->bytes += new.bytes;
		return true;
	}
	if (count == EFI_RANGES_MAX) {
		return false;
	}
	info->efi_memory[info->efi_memory_count++] = new;
	return true;
}

static void parse_efi_memory(const struct parser *parser, const struct tag *tag)
{
	uint32_t entry_size = load_le32(tag->bytes + 8);

	if (entry_size < EFI_ENTRY_SIZE) {
		report_line(parser->report, "multiboot: EFI memory map of entries of %u bytes",
			    entry_size);
		return;
	}
	for (uint64_t at = 16; range_within(at, entry_size, tag->size); at += entry_size) {
		const uint8_t *entry = tag->bytes + at;
		const struct efi_range range = {
			.type = load_le32(entry),
			.start = load_le64(entry + 8),
			.bytes = load_le64(entry + 24) << 12,
			.attributes = load_le64(entry + 32),
		};

		if (!add_efi_range(parser->info, range)) {
			report_line(parser->report,
				    "multiboot: EFI memory map is cut off behind %u ranges",
				    EFI_RANGES_MAX);
			return;
		}
	}
}

/* The tag holds a copy of the RSDP. */
static void parse_rsdp(const struct parser *parser, const struct tag *tag)
{
	parser->info->rsdp = tag->address + 8;
}

static const struct {
	uint32_t type, size_min;
	void (*parse)(const struct parser *parser, const struct tag *tag);
} handlers[] = {
	{1, 9, parse_command_line}, {2, 9, parse_loader_name}, {3, 17, parse_module},
	{6, 16, parse_memory_map},  {8, 31, parse_screen},     {12, 16, parse_efi_system_table},
	{14, 28, parse_rsdp},	    {15, 44, parse_rsdp}, /* of ACPI 2, and comes second */
	{17, 16, parse_efi_memory},
};

static void parse_tag(const struct parser *parser, const struct tag *tag)
{
	uint32_t type = load_le32(tag->bytes);

	for (size_t i = 0; i < ARRAY_COUNT(handlers); i++) {
		if (handlers[i].type != type) {
			continue;
		}
		if (tag->size < handlers[i].size_min) {
			report_line(parser->report, "multiboot: tag %u of %u bytes is too short",
				    type, tag->size);
			return;
		}
		handlers[i].parse(parser, tag);
	}
}

static void parse_tags(const struct parser *parser, const uint8_t *list, uint32_t size,
		       paddr_t address)
{
	uint64_t at = LIST_HEADER;

	while (range_within(at, TAG_HEADER, size)) {
		struct tag tag = {list + at, load_le32(list + at + 4), address + at};

		if (tag.size < TAG_HEADER || !range_within(at, tag.size, size)) {
			break;
		}
		if (load_le32(tag.bytes) == 0) {
			return; /* the end */
		}
		parse_tag(parser, &tag);
		at += ROUND_UP((uint64_t)tag.size, UINT64_C(8));
	}
	report_line(parser->report, "multiboot: the list of tags has no end");
}

bool multiboot2_parse(struct boot_info *info, const struct physical *memory, paddr_t address,
		      const struct report *report)
{
	const struct parser parser = {info, memory, report};
	const uint8_t *list = physical_view(memory, address, LIST_HEADER);
	uint32_t size = list ? load_le32(list) : 0;

	boot_info_init(info);
	if (size >= LIST_HEADER && size <= LIST_SIZE_MAX) {
		list = physical_view(memory, address, size);
	} else {
		list = NULL;
	}
	if (!list) {
		report_line(report, "multiboot: no list of tags at 0x%lx", (unsigned long)address);
		return false;
	}
	parse_tags(&parser, list, size, address);
	memory_map_merge(info);
	if (info->memory_count == 0) {
		report_line(report, "multiboot: the loader says nothing about memory");
		return false;
	}
	return true;
}
