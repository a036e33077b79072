/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 2: tags as GRUB leaves them, and damaged ones. */
#include "boot_fake.h"
#include "tap.h"

#include <boot/multiboot2.h>

#define LIST 0x8000

static struct fake_memory memory;
static struct fake_log log_;
static const struct physical physical = {fake_view, &memory};
static const struct report report = {fake_log_line, &log_};
static struct boot_info info;
static uint8_t low[0x10000], high[0x2000];
static uint32_t list_size;

static void put32(size_t at, uint32_t value)
{
	memcpy(low + at, &value, 4);
}

/* Returns where the contents begin, in the list. */
static uint32_t add_tag(uint32_t type, const void *contents, uint32_t size)
{
	uint32_t at = list_size + 8;

	put32(LIST + list_size, type);
	put32(LIST + list_size + 4, size + 8);
	memcpy(low + LIST + at, contents, size);
	list_size = ROUND_UP(at + size, 8u);
	put32(LIST, list_size);
	return at;
}

static void add_module(uint32_t start, uint32_t end, const char *line)
{
	uint8_t contents[64];

	memcpy(contents, &start, 4);
	memcpy(contents + 4, &end, 4);
	memcpy(contents + 8, line, strlen(line) + 1);
	add_tag(3, contents, 8 + (uint32_t)strlen(line) + 1);
}

static void set_up(void)
{
	static const uint64_t map[] = {24,	  0, 0xa0000, 1,       0x100000,
				       0x7f00000, 1, 0xf0000, 0x10000, 2};

	memset(&memory, 0, sizeof(memory));
	memset(low, 0, sizeof(low));
	log_.text[0] = '\0';
	fake_region_add(&memory, 0, low, sizeof(low));
	fake_region_add(&memory, 0x100000, high, sizeof(high));
	list_size = 8;
	add_tag(1, "placeholder noreboot", 21);
	add_tag(2, "GRUB 2.06", 10);
	add_module(0x100000, 0x101000, "placeholder root=/dev/xvda");
	add_module(0x101000, 0x101800, "");
	add_tag(6, map, sizeof(map));
	add_tag(99, "something new", 14);
}

static bool parse(void)
{
	bool good = multiboot2_parse(&info, &physical, LIST, &report);

	fake_views_free(&memory);
	return good;
}

static bool said(const char *text)
{
	return strstr(log_.text, text) != NULL;
}

static void test_good(void)
{
	static const uint8_t screen[] = {0, 0, 0, 0xe0, 0, 0,  0, 0, 0, 16, 0, 0, 0, 4, 0,
					 0, 0, 3, 0,	0, 32, 1, 0, 0, 16, 8, 8, 8, 0, 8};
	static const uint64_t table = 0x7f001234;
	uint8_t rsdp[36] = "RSD PTR ";
	uint32_t at;

	set_up();
	at = add_tag(14, rsdp, 20);
	add_tag(8, screen, sizeof(screen));
	add_tag(12, &table, 8);
	add_tag(0, "", 0);
	ok(parse() && log_.text[0] == '\0', "GRUB's tags are taken without a word");
	ok(strcmp(info.command_line, "noreboot") == 0 && strcmp(info.loader_name, "GRUB 2.06") == 0,
	   "strings, without Debian's placeholder");
	ok(info.module_count == 2 && info.modules[0].size == 0x1000 &&
		   strcmp(info.modules[0].command_line, "root=/dev/xvda") == 0 &&
		   info.modules[1].start == 0x101000 && info.modules[1].command_line[0] == '\0',
	   "modules");
	ok(info.memory_count == 3 && info.memory[1].type == MEMORY_RESERVED, "the memory map");
	ok(info.screen.kind == SCREEN_PIXELS && info.screen.address == 0xe0000000 &&
		   info.screen.width == 1024 && info.screen.red.position == 16 &&
		   info.screen.blue.size == 8,
	   "the framebuffer");
	is_int(info.efi_system_table, table, "the EFI system table");
	is_int(info.rsdp, LIST + at, "the copy of the RSDP");
	list_size -= 8;
	at = add_tag(15, rsdp, 36);
	add_tag(0, "", 0);
	ok(parse() && info.rsdp == LIST + at, "that of ACPI 2 is preferred");
}

static void test_efi_memory(void)
{
	struct {
		uint32_t entry_size, version;
		uint64_t entry[200][6];
	} map = {48,
		 1,
		 {{5, 0, 0, 16, 0xf},
		  {5, 0x10000, 0, 2, 0xf},
		  {6, 0x12000, 0, 1, 0xf},
		  {7, 0x13000, 0, 9, 0xf}}};

	set_up();
	add_tag(17, &map, 8 + 4 * 48);
	add_tag(0, "", 0);
	ok(parse() && info.efi_memory_count == 2 && info.efi_memory[0].bytes == 0x12000 &&
		   info.efi_memory[1].start == 0x12000 && info.efi_memory[1].type == 6 &&
		   info.efi_memory[1].bytes == 0x1000 && info.efi_memory[1].attributes == 0xf,
	   "what EFI keeps of memory, neighbours that are alike as one");
	for (unsigned int i = 0; i < 200; i++) {
		map.entry[i][1] = i << 20;
	}
	set_up();
	add_tag(17, &map, sizeof(map));
	add_tag(0, "", 0);
	ok(parse() && info.efi_memory_count == EFI_RANGES_MAX && said("cut off behind 128"),
	   "an EFI memory map that is too long");
	map.entry_size = 32;
	set_up();
	add_tag(17, &map, sizeof(map));
	add_tag(0, "", 0);
	ok(parse() && info.efi_memory_count == 0 && said("EFI memory map of entries of 32 bytes"),
	   "entries of EFI memory too small");
}

static void test_bad(void)
{
	set_up();
	ok(parse() && said("list of tags has no end"), "a list without end");
	set_up();
	add_tag(0, "", 0);
	put32(LIST, 7);
	ok(!parse() && said("no list of tags at 0x8000"), "a list too small");
	put32(LIST, 0x8001);
	ok(!parse() && said("no list of tags"), "a list that runs out of memory");
	put32(LIST, 0xffffffff);
	ok(!parse() && said("no list of tags"), "a list without measure");
	set_up();
	put32(LIST + 12, 7);
	ok(!parse() && said("no end") && said("nothing about memory"),
	   "a tag smaller than its header");
	put32(LIST + 12, 0xfffffff9);
	ok(!parse() && said("no end"), "a tag larger than the list");
	set_up();
	put32(LIST + 12, 8);
	ok(!parse() && said("tag 1 of 8 bytes is too short"), "a tag too small for its type");
	set_up();
	add_tag(0, "", 0);
	memset(low + LIST + 16, 'x', 21);
	ok(parse() && said("command line is cut off"), "a string without end");
	ok(strlen(info.command_line) == 21, "stays within its tag");
	set_up();
	add_module(0x101000, 0x200000, "beyond");
	add_module(0x101000, 0x100000, "before");
	add_tag(0, "", 0);
	ok(parse() && info.module_count == 4 && info.modules[2].size == 0 &&
		   info.modules[3].size == 0 && said("module 2 at 0x101000-0x200000 is not in") &&
		   said("module 3 at 0x101000-0x100000 is empty"),
	   "modules that are not there keep their number");
	set_up();
	for (unsigned int i = 0; i < 70; i++) {
		add_module(0x100000, 0x100010, "many");
	}
	add_tag(0, "", 0);
	ok(parse() && info.module_count == 64 && said("beyond the 64"), "too many modules");
	set_up();
	list_size = 8;
	add_tag(6, "\x10\0\0\0\0\0\0\0................", 24);
	add_tag(0, "", 0);
	ok(!parse() && said("entries of 16 bytes"), "entries of memory too small");
}

int main(void)
{
	test_good();
	test_efi_memory();
	test_bad();
	return done_testing();
}
