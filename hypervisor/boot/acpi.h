/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor needs of the ACPI tables: processors, interrupt controllers, timers, power.
 */
#ifndef BOOT_ACPI_H
#define BOOT_ACPI_H

#include <boot/physical.h>
#include <boot/report.h>
#include <lib/base.h>

#define ACPI_TABLES_MAX	   64
#define ACPI_IOAPICS_MAX   16
#define ACPI_OVERRIDES_MAX 24
#define ACPI_NMIS_MAX	   CPU_MAX
#define ACPI_MCFGS_MAX	   8

/* A table whose length and checksum hold. */
struct acpi_table {
	uint32_t signature; /* four letters, as ACPI_SIGNATURE() */
	uint32_t size;
	paddr_t address;
};

#define ACPI_SIGNATURE(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

struct acpi_cpu {
	uint32_t apic_id;
	uint32_t uid; /* what the DSDT and the entries for NMIs call it */
};

struct acpi_ioapic {
	paddr_t address;
	uint32_t gsi_base;
	uint8_t id;
};

/* How a line is wired: bits 0-1 polarity (1 high, 3 low), bits 2-3 trigger (1 edge, 3 level). */
#define ACPI_POLARITY(flags) ((flags)&3u)
#define ACPI_TRIGGER(flags)  ((flags) >> 2 & 3u)

/* ISA interrupt `irq` comes in at another gsi, or is wired in another way. */
struct acpi_override {
	uint32_t gsi;
	uint16_t flags;
	uint8_t irq;
};

#define ACPI_ALL_CPUS UINT32_MAX

/* The NMI is wired to local interrupt pin `pin` of one processor, or of all. */
struct acpi_nmi {
	uint32_t uid;
	uint16_t flags;
	uint8_t pin;
};

enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1, ACPI_SPACE_PCI = 2 };

struct acpi_register {
	uint64_t address; /* 0: there is none */
	uint8_t space;
	uint8_t bits;
};

/* Buses first_bus to last_bus of a segment have their configuration space at address. */
struct acpi_mcfg {
	paddr_t address; /* of bus 0, even if that is not in it */
	uint16_t segment;
	uint8_t first_bus, last_bus;
};

struct acpi_info {
	paddr_t rsdp;
	struct acpi_table tables[ACPI_TABLES_MAX];
	unsigned int table_count;

	/* MADT */
	paddr_t lapic_address;
	bool has_pic; /* a pair of 8259s, to be masked */
	struct acpi_cpu cpus[CPU_MAX];
	unsigned int cpu_count;
	struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
	unsigned int ioapic_count;
	struct acpi_override overrides[ACPI_OVERRIDES_MAX];
	unsigned int override_count;
	struct acpi_nmi nmis[ACPI_NMIS_MAX];
	unsigned int nmi_count;

	/* FADT and DSDT */
	uint16_t sci_irq;
	struct acpi_register pm1a_control, pm1b_control;
	struct acpi_register pm_timer; /* 24 or 32 bits */
	struct acpi_register reset;    /* gets reset_value */
	uint8_t reset_value;
	uint8_t rtc_century; /* where the CMOS clock has it; 0: nowhere */
	bool has_s5;
	uint8_t s5_type_a, s5_type_b; /* for the SLP_TYP fields of PM1a and PM1b control */

	/* HPET and MCFG */
	paddr_t hpet_address; /* 0: none */
	struct acpi_mcfg mcfgs[ACPI_MCFGS_MAX];
	unsigned int mcfg_count;
};

/*
 * Reads the tables from the RSDP at rsdp, or searches for it where a PC's firmware leaves it if
 * rsdp is 0. False if there are no tables at all; a bad table is reported and left out.
 */
bool acpi_parse(struct acpi_info *info, const struct physical *memory, paddr_t rsdp,
		const struct report *report);

#endif
