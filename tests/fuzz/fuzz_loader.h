/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fuzz target of a loader: any bytes as the low memory of a machine, with what it left at 0. */
#ifndef TESTS_FUZZ_LOADER_H
#define TESTS_FUZZ_LOADER_H

#include "boot_fake.h"

#include <boot/boot_info.h>

/* The parser under test. */
static void fuzz_parse(struct boot_info *info, const struct physical *physical,
		       const struct report *report);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

static void check_text(const struct boot_info *info, const char *text)
{
	check(text >= info->text && text + strlen(text) < info->text + sizeof(info->text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_memory memory;
	static struct fake_log log_;
	static struct boot_info info;
	static const struct report report = {fake_log_line, &log_};
	const struct physical physical = {fake_view, &memory};

	memory.region_count = 0;
	log_.text[0] = '\0';
	fake_region_add(&memory, 0, data, size);
	fuzz_parse(&info, &physical, &report);
	check_text(&info, info.loader_name);
	check_text(&info, info.command_line);
	check(info.module_count <= BOOT_MODULES_MAX && info.memory_count <= BOOT_RANGES_MAX);
	for (unsigned int i = 0; i < info.module_count; i++) {
		check_text(&info, info.modules[i].command_line);
		check(!info.modules[i].size ||
		      (info.modules[i].start <= size &&
		       info.modules[i].size <= size - info.modules[i].start));
	}
	for (unsigned int i = 0; i < info.memory_count; i++) {
		check(info.memory[i].start < info.memory[i].end);
		check(i == 0 || info.memory[i - 1].end <= info.memory[i].start);
	}
	fake_views_free(&memory);
	return 0;
}

#endif
