/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IO-APICs: how the machine's global interrupts (GSIs) reach the processors. */
#ifndef ARCH_IOAPIC_H
#define ARCH_IOAPIC_H

#include <lib/base.h>

#define GSI_MAX 512 /* higher ones are not used, and said so at boot */

struct acpi_info;

void ioapic_init(const struct acpi_info *acpi); /* masks everything */

bool ioapic_has_gsi(uint32_t gsi);
uint32_t ioapic_gsi_count(void); /* all are below */
uint32_t ioapic_gsi_of_isa(uint8_t irq);

/* How a line is wired. ISA lines start as edge, high, all others as level, low, or as ACPI says. */
struct gsi_wiring {
	bool level;
	bool low;
};

struct gsi_wiring ioapic_wiring(uint32_t gsi);
void ioapic_set_wiring(uint32_t gsi, struct gsi_wiring wiring); /* for the next ioapic_route() */

/* The line raises `vector` on one CPU from the next unmask on; it is masked now. */
void ioapic_route(uint32_t gsi, uint8_t vector, uint32_t apic_id);
void ioapic_set_destination(uint32_t gsi, uint32_t apic_id); /* masked or not */
void ioapic_mask(uint32_t gsi);
void ioapic_unmask(uint32_t gsi);

/* A register of the IO-APIC at that address, as Dom0 may read it; false: there is none. */
bool ioapic_read(paddr_t address, uint32_t reg, uint32_t *value);
bool ioapic_is_at(mfn_t mfn);

#endif
