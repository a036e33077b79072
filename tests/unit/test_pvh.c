/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PVH: start information as QEMU and Xen leave it, and damaged. */
#include "boot_fake.h"
#include "tap.h"

#include <boot/pvh.h>

#define INFO 0x1000

static struct fake_memory memory;
static struct fake_log log_;
static const struct physical physical = {fake_view, &memory};
static const struct report report = {fake_log_line, &log_};
static struct boot_info info;
static uint8_t low[0x10000];

static void put64(size_t at, uint64_t value)
{
	memcpy(low + at, &value, 8);
}

static void set_up(void)
{
	memset(&memory, 0, sizeof(memory));
	memset(low, 0, sizeof(low));
	log_.text[0] = '\0';
	fake_region_add(&memory, 0, low, sizeof(low));
	put64(INFO, 0x1336ec578);
	put64(INFO + 8, UINT64_C(1) << 32);
	put64(INFO + 16, 0x2000);
	put64(INFO + 24, 0x3000);
	put64(INFO + 32, 0xf0010);
	put64(INFO + 40, 0x4000);
	put64(INFO + 48, 2);
	put64(0x2000, 0x5000);
	put64(0x2008, 0x800);
	put64(0x2010, 0x3010);
	memcpy(low + 0x3000, "noreboot", 9);
	memcpy(low + 0x3010, "root=/dev/xvda", 15);
	put64(0x4000, 0x100000);
	put64(0x4008, 0x7f00000);
	put64(0x4010, 1);
	put64(0x4020, 0xa0000);
	put64(0x4028, 1);
}

static bool parse(void)
{
	bool good = pvh_parse(&info, &physical, INFO, &report);

	fake_views_free(&memory);
	return good;
}

static bool said(const char *text)
{
	return strstr(log_.text, text) != NULL;
}

int main(void)
{
	set_up();
	ok(parse() && log_.text[0] == '\0', "good information is taken without a word");
	ok(strcmp(info.command_line, "noreboot") == 0 && info.rsdp == 0xf0010, "line and RSDP");
	ok(info.module_count == 1 && info.modules[0].start == 0x5000 &&
		   info.modules[0].size == 0x800 &&
		   strcmp(info.modules[0].command_line, "root=/dev/xvda") == 0,
	   "a module");
	ok(info.memory_count == 2 && info.memory[0].end == 0xa0000 &&
		   info.memory[1].start == 0x100000 && info.screen.kind == SCREEN_NONE,
	   "a memory map, no screen");
	low[INFO]++;
	ok(!parse() && said("no start information at 0x1000"), "without its magic number");
	set_up();
	low[INFO + 4] = 0;
	ok(!parse() && said("no memory map"), "of version 0, which has no memory map");
	set_up();
	put64(INFO + 48, 0xffffffff);
	ok(!parse() && said("memory map of 4294967295 entries"), "a memory map without measure");
	set_up();
	put64(INFO + 40, UINT64_MAX);
	ok(!parse() && said("is not there"), "a memory map that is not there");
	set_up();
	put64(INFO + 16, 0xfff8);
	ok(parse() && info.module_count == 0 && said("list of 1 modules"), "no list of modules");
	set_up();
	put64(0x2000, UINT64_MAX - 10);
	ok(parse() && info.modules[0].size == 0 && said("module 0 is not in memory"),
	   "a bad module");
	set_up();
	put64(INFO + 24, 0x20000);
	ok(parse() && said("command line is cut off") && info.command_line[0] == '\0',
	   "a bad string");
	return done_testing();
}
