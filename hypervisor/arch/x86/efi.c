/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Dom0 wants to know of the EFI firmware: it finds the ACPI tables by it. */
#include <arch/efi.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <debug/log.h>
#include <lib/error.h>
#include <lib/string.h>
#include <memory/frame_alloc.h>

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

/* Written at start-up only. */
static struct efi_firmware firmware;
static struct efi_range *efi_memory;
static unsigned efi_memory_count;

_Static_assert(EFI_RANGES_MAX * sizeof(struct efi_range) <= PAGE_SIZE, "the map has one page");

/* In a page of its own, which machines without EFI are spared. */
static void keep_memory_map(const struct boot_info *info)
{
	mfn_t page = frame_alloc(0, 0);

	if (mfn_is_none(page)) {
		return;
	}
	efi_memory = frame_ptr(page);
	efi_memory_count = info->efi_memory_count;
	memcpy(efi_memory, info->efi_memory, efi_memory_count * sizeof(*efi_memory));
}

void efi_init(const struct boot_info *info)
{
	const volatile struct system_table *table;
	const volatile uint16_t *vendor;

	if (!info->efi_system_table) {
		return;
	}
	table = paging_map_device(info->efi_system_table, sizeof(*table));
	if (table->signature != SYSTEM_TABLE_SIGNATURE) {
		log_warn("there is no EFI system table at %#lx\n", info->efi_system_table);
		return;
	}
	keep_memory_map(info);
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

const struct efi_range *efi_range_at(paddr_t address)
{
	for (unsigned i = 0; i < efi_memory_count; i++) {
		const struct efi_range *range = &efi_memory[i];

		if (address >= range->start && address - range->start < range->bytes) {
			return range;
		}
	}
	return NULL;
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
