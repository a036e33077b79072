/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machine addresses that are not RAM: which of them a domain may map. */
#ifndef MEMORY_MMIO_H
#define MEMORY_MMIO_H

#include <memory/memory.h>

enum mmio_access { MMIO_NONE, MMIO_READ, MMIO_WRITE };

/*
 * Start-up: what no domain may map (local APICs, IO-APICs, HPET …), and what Dom0 may only read
 * (PCI configuration space, MSI-X tables). Frame numbers, both ends included. -ENOSPC if the table
 * is full: then the machine must not start.
 */
int mmio_withhold(uint64_t first, uint64_t last);
int mmio_read_only(uint64_t first, uint64_t last);

/* A domain's permission, given and taken back: domctl iomem_permission. */
int mmio_permit(struct domain_memory *dm, uint64_t first, uint64_t last, bool allow);
bool mmio_is_permitted(struct domain_memory *dm, uint64_t first, uint64_t last);
void mmio_drop(struct domain_memory *dm);

/* What a mapping of this frame, which is not RAM, may do. dm->tables is held. */
enum mmio_access mmio_access(const struct domain_memory *dm, uint64_t frame);
enum mmio_access mmio_machine_access(uint64_t frame); /* of Dom0, which owns the devices */

#endif
