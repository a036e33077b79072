/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC: its timer, interrupts between CPUs, and the end of interrupts. */
#ifndef ARCH_APIC_H
#define ARCH_APIC_H

#include <lib/base.h>

struct acpi_info;

/*
 * Once: where the registers are; the 8259 PICs are masked for good. x2APIC mode is used if firmware
 * has chosen it, if there are processors that need it, or if asked for.
 */
void apic_init(const struct acpi_info *acpi, bool x2apic);
void apic_init_cpu(void); /* on each CPU: enables it, with everything masked but NMI on CPU 0 */

uint32_t apic_id(void);		     /* of this CPU */
bool apic_can_reach(uint32_t id);    /* an xAPIC has 8 bits for it */
uint32_t apic_acpi_uid(uint32_t id); /* what ACPI calls the processor; UINT32_MAX: nothing */
paddr_t apic_base(void);	     /* where the registers are */
void apic_eoi(void);
bool apic_in_service(uint32_t vector);
void apic_report_error(void);

/*
 * The timer of this CPU: one interrupt (VECTOR_TIMER) at the deadline or, if that is far away,
 * before it. A deadline in the past interrupts at once.
 */
void apic_timer_arm(uint64_t deadline_ns);
void apic_timer_stop(void);

/* For calibration: the timer counts down from all ones and interrupts nobody. */
void apic_timer_count_start(void);
uint32_t apic_timer_count(void);
void apic_timer_set_frequency(uint64_t hz);

void apic_send_ipi(cpu_mask_t cpus, uint8_t vector);
void apic_send_nmi_to_others(void); /* even in a panic, and before apic_init() */
void apic_send_init(uint32_t id);
void apic_send_startup(uint32_t id, paddr_t code); /* code: a page below 1 MiB */

/* The address and data by which a device interrupts a CPU: for MSI, and IO-APIC entries. */
#define APIC_MSI_ADDRESS UINT64_C(0xfee00000)

#endif
