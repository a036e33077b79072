/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 1 and the memory map: what QEMU and GRUB hand over, and what they should not. */
#include "boot_fake.h"
#include "tap.h"

#include <boot/boot_text.h>
#include <boot/memory_map.h>
#include <boot/multiboot1.h>

#define LOW_SIZE 0x10000

static struct fake_memory memory;
static struct fake_log log_;
static const struct physical physical = {fake_view, &memory};
static const struct report report = {fake_log_line, &log_};
static struct boot_info info;
static uint8_t low[LOW_SIZE]; /* physical memory from 0 */
static uint8_t high[0x2000];  /* and from 1 MiB, for modules */

static void put32(size_t at, uint32_t value)
{
	memcpy(low + at, &value, sizeof(value));
}

static void put_text(size_t at, const char *text)
{
	memcpy(low + at, text, strlen(text) + 1);
}

static void put_map_entry(size_t at, uint64_t start, uint64_t size, uint32_t type)
{
	put32(at, 20);
	memcpy(low + at + 4, &start, 8);
	memcpy(low + at + 12, &size, 8);
	put32(at + 20, type);
}

/* As QEMU 7.2 does it: structure at 0x9500, one map, kernel and initrd as modules. */
static void set_up(void)
{
	memset(&memory, 0, sizeof(memory));
	memset(low, 0, sizeof(low));
	log_.text[0] = '\0';
	fake_region_add(&memory, 0, low, sizeof(low));
	fake_region_add(&memory, 0x100000, high, sizeof(high));
	put32(0x9500, 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
	put32(0x9500 + 16, 0x1000);
	put_text(0x1000, "hypervisor/parvus.elf dom0_mem=64M  noreboot");
	put32(0x9500 + 64, 0x1100);
	put_text(0x1100, "qemu");
	put32(0x9500 + 20, 2);
	put32(0x9500 + 24, 0x1200);
	put32(0x1200, 0x100000);
	put32(0x1204, 0x101000);
	put32(0x1208, 0x1300);
	put_text(0x1300, "vmlinuz root=/dev/xvda ro");
	put32(0x1210, 0x101000);
	put32(0x1214, 0x101800);
	put32(0x1218, 0x1400);
	put_text(0x1400, "initrd.img");
	put32(0x9500 + 44, 3 * 24);
	put32(0x9500 + 48, 0x1500);
	put_map_entry(0x1500, 0x100000, 0x7f00000, 1);
	put_map_entry(0x1518, 0, 0xa0000, 1);
	put_map_entry(0x1530, 0x9fc00, 0x60400, 2);
}

static bool parse(void)
{
	bool good = multiboot1_parse(&info, &physical, 0x9500, &report);

	fake_views_free(&memory);
	return good;
}

static void test_good(void)
{
	set_up();
	ok(parse() && log_.text[0] == '\0', "QEMU's structure is taken without a word");
	ok(strcmp(info.loader_name, "qemu") == 0, "the loader's name");
	ok(strcmp(info.command_line, "dom0_mem=64M  noreboot") == 0, "the command line: %s",
	   info.command_line);
	is_int(info.module_count, 2, "two modules");
	ok(info.modules[0].start == 0x100000 && info.modules[0].size == 0x1000, "the first");
	ok(strcmp(info.modules[0].command_line, "root=/dev/xvda ro") == 0, "its command line");
	ok(info.modules[1].size == 0x800, "the second");
	ok(info.modules[1].command_line[0] == '\0', "a name alone is an empty command line");
	is_int(info.memory_count, 3, "three ranges of memory");
	ok(info.memory[0].end == 0x9fc00 && info.memory[1].start == 0x9fc00 &&
		   info.memory[1].type == MEMORY_RESERVED && info.memory[2].end == 0x8000000,
	   "sorted, and reserved wins");
	ok(info.screen.kind == SCREEN_UNKNOWN && info.rsdp == 0, "the rest is not known");
}

static void test_grub(void)
{
	set_up();
	put_text(0x1100, "GRUB 2.06-13");
	put_text(0x1000, "placeholder noreboot");
	ok(parse() && strcmp(info.command_line, "noreboot") == 0,
	   "Debian's placeholder is dropped");
	put_text(0x1000, "noreboot com1=9600");
	ok(parse() && strcmp(info.command_line, "noreboot com1=9600") == 0,
	   "GRUB 2 hands over no name");
	ok(strcmp(info.modules[0].command_line, "vmlinuz root=/dev/xvda ro") == 0,
	   "not for modules either");
}

static void test_screen(void)
{
	static const uint8_t framebuffer[] = {0, 0, 0, 0xe0, 0, 0, 0,  0, 0,  16, 0, 0, 0, 4,
					      0, 0, 0, 3,    0, 0, 32, 1, 16, 8,  8, 8, 0, 8};

	set_up();
	low[0x9500 + 1] |= 0x10;
	memcpy(low + 0x9500 + 88, framebuffer, sizeof(framebuffer));
	ok(parse() && info.screen.kind == SCREEN_PIXELS && info.screen.address == 0xe0000000 &&
		   info.screen.width == 1024 && info.screen.height == 768 &&
		   info.screen.pitch == 4096 && info.screen.bits_per_pixel == 32 &&
		   info.screen.red.position == 16 && info.screen.green.position == 8 &&
		   info.screen.blue.size == 8,
	   "a framebuffer of pixels");
	low[0x9500 + 88 + 21] = 2;
	ok(parse() && info.screen.kind == SCREEN_TEXT, "a text screen");
	low[0x9500 + 88 + 21] = 7;
	ok(parse() && info.screen.kind == SCREEN_NONE, "a kind nobody knows");
}

static bool said(const char *text)
{
	return strstr(log_.text, text) != NULL;
}

static void test_bad(void)
{
	set_up();
	ok(!multiboot1_parse(&info, &physical, 0xfffe, &report) && said("no memory at 0xfffe"),
	   "no structure");
	ok(info.memory_count == 0 && info.command_line[0] == '\0', "leaves nothing half done");
	set_up();
	put32(0x9500, 0);
	ok(!parse() && said("says nothing about memory"), "no memory map");
	set_up();
	put32(0x9500, 1);
	put32(0x9500 + 4, 640);
	put32(0x9500 + 8, 65536 - 1024);
	ok(parse() && info.memory_count == 2 && info.memory[1].end == 64 << 20,
	   "two plain sizes will do");
	set_up();
	put32(0x1500 + 24, 19);
	ok(parse() && info.memory_count == 1 && said("broken entry"), "a map entry too short");
	set_up();
	put32(0x1500 + 48, 0xfffffff0);
	ok(parse() && info.memory_count == 2 && said("broken entry"), "a map entry too long");
	set_up();
	put32(0x9500 + 44, 0x10000);
	ok(!parse() && said("memory map of 65536 bytes at 0x1500 is not there"), "a map too long");
	set_up();
	put32(0x1204, 0x200000);
	put32(0x1214, 0x100fff);
	ok(parse() && info.module_count == 2 && info.modules[0].size == 0 &&
		   info.modules[1].size == 0 && said("module 0 at 0x100000-0x200000 is not in") &&
		   said("module 1 at 0x101000-0x100fff is empty"),
	   "modules that are not there keep their number");
	set_up();
	put32(0x9500 + 20, 0x10000000);
	ok(parse() && info.module_count == 64 && said("268435456 modules, of which 64"),
	   "too many modules");
	set_up();
	put32(0x9500 + 24, 0xfffffff8);
	ok(parse() && info.module_count == 0 && said("list of 2 modules"), "no list of modules");
	set_up();
	put32(0x9500 + 16, 0xffff);
	low[0xffff] = 'x';
	ok(parse() && said("command line is cut off: the rest is not in memory"),
	   "a string that runs out of memory");
	set_up();
	memset(low + 0x4000, 'y', 0x5000);
	put32(0x9500 + 16, 0x3fff);
	low[0x3fff] = ' ';
	ok(parse() && said("cut off: it is too long") && strlen(info.command_line) == 4095,
	   "a string without end");
	ok(strcmp(info.modules[0].command_line, "root=/dev/xvda ro") == 0, "hurts no other");
}

/* Each step of a random map against one byte for each unit of memory. */
static void test_map_model(uint64_t seed)
{
	static const uint8_t rank[] = {0, 1, 4, 2, 3, 5};
	uint8_t model[256];
	bool same = true, sorted = true;

	for (unsigned int round = 0; round < 2000 && same && sorted; round++) {
		unsigned int steps = (unsigned int)(tap_random(&seed) % 40);

		boot_info_init(&info);
		memset(model, 0, sizeof(model));
		for (unsigned int i = 0; i < steps; i++) {
			unsigned int start = (unsigned int)(tap_random(&seed) % 256);
			unsigned int size = (unsigned int)(tap_random(&seed) % (256 - start));
			uint32_t type = 1 + (uint32_t)(tap_random(&seed) % 7);
			uint8_t kind = (uint8_t)(type > 5 ? 2 : type);

			memory_map_add(&info, start, size, type, &report);
			for (unsigned int at = start; at < start + size; at++) {
				model[at] = rank[kind] > rank[model[at]] ? kind : model[at];
			}
		}
		memory_map_merge(&info);
		for (unsigned int i = 0; i < info.memory_count; i++) {
			struct memory_range *range = &info.memory[i];

			sorted &=
				range->start < range->end &&
				(i == 0 || range[-1].end < range->start ||
				 (range[-1].end == range->start && range[-1].type != range->type));
			for (uint64_t at = range->start; at < range->end; at++) {
				same &= model[at] == range->type;
				model[at] = 0;
			}
		}
		for (unsigned int at = 0; at < 256; at++) {
			same &= model[at] == 0;
		}
	}
	ok(same, "random maps are those of a byte-wise model");
	ok(sorted, "and sorted, disjoint, merged");
}

static void test_map_limits(void)
{
	bool ram = false;

	boot_info_init(&info);
	log_.text[0] = '\0';
	memory_map_add(&info, 0, 1000000, MEMORY_RAM, &report);
	for (unsigned int i = 0; i < 100; i++) {
		memory_map_add(&info, 1000 + i * 1000, 10, MEMORY_RESERVED, &report);
	}
	ok(info.memory_count <= BOOT_RANGES_MAX && said("no room for all"),
	   "a full map is reported");
	for (unsigned int i = 0; i < info.memory_count; i++) {
		struct memory_range *range = &info.memory[i];

		for (unsigned int at = 1000; at <= 100000; at += 1000) {
			ram |= range->type == MEMORY_RAM && range->start <= at && at < range->end;
		}
	}
	ok(!ram, "reserved memory is never left in as RAM");
	boot_info_init(&info);
	memory_map_add(&info, UINT64_C(0xfffffffffffff000), 0x2000, MEMORY_RAM, &report);
	ok(info.memory_count == 0, "memory beyond the last address does not wrap to the first");
	memory_map_add(&info, UINT64_C(1) << 51, UINT64_MAX, MEMORY_RAM, &report);
	ok(info.memory_count == 1 && info.memory[0].end == UINT64_C(1) << 52,
	   "memory ends where physical addresses do");
	boot_info_init(&info);
	memory_map_add(&info, 0, 0x1000, MEMORY_RAM, &report);
	memory_map_add(&info, 0x2000, 0x1000, MEMORY_ACPI, &report);
	memory_map_add(&info, 0x3000, 0x1000, MEMORY_RAM, &report);
	memory_map_add(&info, 0x5000, 0x1000, MEMORY_RAM, &report);
	memory_map_limit(&info, 0x800, &report);
	ok(info.memory_count == 5 && info.memory[0].end == 0x800 &&
		   info.memory[1].type == MEMORY_RESERVED && info.memory[2].type == MEMORY_ACPI &&
		   info.memory[4].start == 0x5000 && info.memory[4].type == MEMORY_RESERVED,
	   "above a limit RAM becomes reserved, and nothing else");
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);

	test_good();
	test_grub();
	test_screen();
	test_bad();
	test_map_model(seed);
	test_map_limits();
	return done_testing();
}
