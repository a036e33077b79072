/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any command line parses into options that are within their limits. */
#include "boot_fake.h"

#include <boot/cmdline.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_log log_;
	static const struct report report = {fake_log_line, &log_};
	struct boot_options options;
	char *line = malloc(size + 1);

	memcpy(line, data, size);
	line[size] = '\0';
	log_.text[0] = '\0';
	cmdline_parse(line, &options, &report);
	check(options.com1.port && options.com1.port <= 0xfff8 && options.com2.irq < 16);
	check(options.com1.data_bits >= 5 && options.com1.data_bits <= 8);
	check(options.console < 8 && options.timestamps <= TIMESTAMP_RAW);
	check(options.log.always <= options.log.limited && options.log.limited <= 4);
	check(options.cpu_limit >= 1 && options.cpu_limit <= CPU_MAX);
	check(options.log_ring_size >= 4096 && options.log_ring_size <= 16 << 20);
	check(options.dom0_vcpus_min <= options.dom0_vcpus_max && options.dom0_vcpus_max <= 128);
	check(options.grant_version_max == 1 || options.grant_version_max == 2);
	check(dom0_memory_bytes(&options, UINT64_C(1) << 40) <= UINT64_C(1) << 40);
	check(dom0_memory_bytes(&options, size << 12) <= size << 12);
	free(line);
	return 0;
}
