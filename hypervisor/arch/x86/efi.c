/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Dom0 wants to know of the EFI firmware: it finds the ACPI tables by it. */
#include <arch/efi.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <debug/log.h>
#include <lib/error.h>
#include <lib/string.h>

/* The 64-bit system table. */
struct system_table {
	uint64_t signature;
	uint32_t version;
	uint32_t header_bytes, checksum, reserved;
	uint64_t vendor; /* 16-bit characters */
	uint32_t revision;
	uint32_t padding;
	uint64_t consoles[6];
	uint64_t runtime_services, boot_services;
	uint64_t table_count;
	uint64_t tables;
};

#define SYSTEM_TABLE_SIGNATURE UINT64_C(0x5453595320494249)

static struct efi_firmware firmware; /* written at start-up only */

void efi_init(paddr_t address)
{
	const volatile struct system_table *table;
	const volatile uint16_t *vendor;

	if (!address) {
		return;
	}
	table = paging_map_device(address, sizeof(*table));
	if (table->signature != SYSTEM_TABLE_SIGNATURE) {
		log_warn("there is no EFI system table at %#lx\n", address);
		return;
	}
	firmware.version = table->version;
	firmware.revision = table->revision;
	firmware.table_count = (uint32_t)table->table_count;
	firmware.tables = table->tables;
	vendor = table->vendor ? paging_map_device(table->vendor, sizeof(firmware.vendor)) : NULL;
	for (unsigned i = 0; vendor && i < ARRAY_COUNT(firmware.vendor) - 1 && vendor[i]; i++) {
		firmware.vendor[i] = vendor[i];
	}
}

const struct efi_firmware *efi_firmware(void)
{
	return firmware.tables ? &firmware : NULL;
}

int efi_write_vendor(const struct efi_firmware *efi, guest_va_t to, uint32_t bytes)
{
	uint32_t length = 0;

	while (efi->vendor[length]) {
		length++;
	}
	bytes = MIN(bytes & ~1u, (length + 1) * 2);
	if (!bytes) {
		return 0;
	}
	if (guest_write(to, efi->vendor, bytes - 2) ||
	    guest_write(GUEST_VA(to.a + bytes - 2), &efi->vendor[length], 2)) {
		return refuse(-EFAULT);
	}
	return 0;
}
