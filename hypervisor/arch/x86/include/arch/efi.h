/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Dom0 wants to know of the EFI firmware: it finds the ACPI tables by it. */
#ifndef ARCH_EFI_H
#define ARCH_EFI_H

#include <boot/boot_info.h>
#include <lib/base.h>

struct efi_firmware {
	uint32_t version;  /* of the system table */
	uint32_t revision; /* the vendor's */
	paddr_t tables;	   /* the array of configuration tables */
	uint32_t table_count;
	uint16_t vendor[64]; /* as the firmware says it, and a zero */
};

/* Start-up: reads the system table and keeps the memory map, if the machine was started by EFI. */
void efi_init(const struct boot_info *info);

const struct efi_firmware *efi_firmware(void); /* null: it was not */

/* The piece of what the firmware keeps in which an address lies; null: none. */
const struct efi_range *efi_range_at(paddr_t address);

/* The vendor's name into a buffer of so many bytes, cut off there; -EFAULT. */
int efi_write_vendor(const struct efi_firmware *efi, guest_va_t to, uint32_t bytes);

#endif
