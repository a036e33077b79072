/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ports and device memory domains may touch, and port accesses the processor refused. */
#ifndef ARCH_IO_H
#define ARCH_IO_H

#include <lib/base.h>

struct acpi_info;
struct domain;
struct vcpu;

/*
 * Ports are open to a domain by its bitmap, which the processor itself looks at while the domain
 * runs and its virtual IOPL admits what runs (descriptors_select_io). Whatever else touches a port
 * faults and ends here. There are three kinds of ports:
 *
 *	open		the access happens as it is
 *	denied		reads give all ones, writes vanish
 *	emulated	for Dom0 alone: PCI configuration, CMOS, PM1 control
 *
 * The second and third kind have their bit set, which denies.
 */

/* Start-up: which ports and device memory the hypervisor keeps for itself. */
void io_init(const struct acpi_info *acpi);

/* Dom0's bitmap: everything but what is denied or emulated; -ENOMEM. */
int io_init_hardware_domain(struct domain *d);
void io_free_domain(struct domain *d);

/* Ports from first to last, inclusive, for any domain: -ENOMEM; -EPERM: the hypervisor's own. */
int io_permit(struct domain *d, uint16_t first, uint16_t last, bool allow);
bool io_is_permitted(const struct domain *d, uint16_t first, uint16_t last);

/* Whether PCI configuration space is where Dom0 says: these are the pages it can only read. */
bool io_knows_mmcfg(paddr_t address, unsigned segment, unsigned first_bus, unsigned last_bus);

/*
 * Dom0 writes to device memory that it can only read. In PCI configuration space the write is done,
 * but for what is the hypervisor's; to a table of messages it is dropped. False: no such memory.
 */
bool io_write_read_only(paddr_t address, unsigned bytes, uint64_t value);

/* Why there was an NMI: XEN_NMIREASON_*. */
unsigned long io_nmi_reason(void);

struct io_request {
	uint16_t port;
	uint8_t bytes; /* 1, 2 or 4 */
	bool write;
	uint32_t value; /* to write, or what was read: as many bytes, the rest is zero */
};

/* An IN or OUT of the current vCPU. False: its I/O privilege does not admit it: #GP. */
bool io_emulate(struct vcpu *v, struct io_request *request);

#endif
