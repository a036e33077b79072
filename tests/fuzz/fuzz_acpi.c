/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as ACPI tables: memory at 1 MiB that begins with the RSDP. */
#include "boot_fake.h"

#include <boot/acpi.h>

#define BASE 0x100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fix_sum(uint8_t *bytes, size_t size, size_t sum_at)
{
	uint8_t sum = 0;

	bytes[sum_at] = 0;
	for (size_t i = 0; i < size; i++) {
		sum = (uint8_t)(sum + bytes[i]);
	}
	bytes[sum_at] = (uint8_t)-sum;
}

/* The fuzzer would never guess a checksum, so what is looked at as a whole gets a right one. */
static const uint8_t *view(void *context, paddr_t address, size_t size)
{
	uint8_t *bytes = (uint8_t *)(uintptr_t)fake_view(context, address, size);
	uint32_t length;

	if (!bytes || size < 20) {
		return bytes;
	}
	memcpy(&length, bytes + 4, 4);
	if (address == BASE) {
		fix_sum(bytes, 20, 8);
	}
	if (address == BASE && size == 36) {
		fix_sum(bytes, 36, 32);
	} else if (length == size) {
		fix_sum(bytes, size, 9);
	}
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_memory memory;
	static struct fake_log log_;
	static struct acpi_info info;
	static const struct report report = {fake_log_line, &log_};
	const struct physical physical = {view, &memory};

	memory.region_count = 0;
	log_.text[0] = '\0';
	fake_region_add(&memory, BASE, data, size);
	acpi_parse(&info, &physical, BASE, &report);
	if (info.cpu_count > CPU_MAX || info.table_count > ACPI_TABLES_MAX ||
	    info.ioapic_count > ACPI_IOAPICS_MAX || info.override_count > ACPI_OVERRIDES_MAX ||
	    info.nmi_count > ACPI_NMIS_MAX || info.mcfg_count > ACPI_MCFGS_MAX ||
	    info.s5_type_a > 7 || info.s5_type_b > 7) {
		abort();
	}
	fake_views_free(&memory);
	return 0;
}
