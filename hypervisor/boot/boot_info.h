/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every way into the hypervisor ends in: memory, modules, command line, firmware tables. */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include <lib/base.h>

#define BOOT_RANGES_MAX	 128
#define BOOT_MODULES_MAX 64
#define BOOT_TEXT_MAX	 8192
#define EFI_RANGES_MAX	 128

/* The numbers of the BIOS memory map, which guests are given too. */
enum memory_type {
	MEMORY_RAM = 1,
	MEMORY_RESERVED = 2,
	MEMORY_ACPI = 3, /* tables, usable once they are read */
	MEMORY_NVS = 4,
	MEMORY_BAD = 5,
};

struct memory_range {
	paddr_t start;
	paddr_t end;
	enum memory_type type;
};

struct boot_module {
	paddr_t start;
	uint64_t size; /* 0: the loader's word about it was no good */
	const char *command_line;
};

/* SCREEN_UNKNOWN: the loader left it as the firmware had it, on a PC 80x25 text. */
enum screen_kind { SCREEN_UNKNOWN, SCREEN_NONE, SCREEN_TEXT, SCREEN_PIXELS };

/* One colour of a pixel: its bits, as a shift and a count. */
struct screen_colour {
	uint8_t position;
	uint8_t size;
};

struct boot_screen {
	enum screen_kind kind;
	paddr_t address;
	uint32_t pitch; /* bytes from line to line */
	uint32_t width; /* in pixels, or in characters */
	uint32_t height;
	uint8_t bits_per_pixel;
	struct screen_colour red, green, blue;
};

/* A piece of what the EFI firmware keeps of memory, in its own numbers. */
struct efi_range {
	paddr_t start;
	uint64_t bytes;
	uint64_t attributes;
	uint32_t type;
};

struct boot_info {
	const char *loader_name;		     /* never NULL, as are the command lines */
	const char *command_line;		     /* without the name of our own file */
	struct memory_range memory[BOOT_RANGES_MAX]; /* sorted, disjoint */
	unsigned int memory_count;
	struct boot_module modules[BOOT_MODULES_MAX]; /* in the loader's order */
	unsigned int module_count;
	unsigned int microcode_module; /* not Dom0's; 0: none is named by ucode= */
	paddr_t rsdp;		       /* 0: not said, search for it */
	paddr_t efi_system_table;      /* 0: not started by EFI */
	struct efi_range efi_memory[EFI_RANGES_MAX];
	unsigned int efi_memory_count;
	struct boot_screen screen;
	/* The strings above lie in here, so boot_info is not to be copied. */
	char text[BOOT_TEXT_MAX];
	size_t text_used;
};

#endif
