/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables for ring 3 without the hypervisor, and the gate page by which one gets out of them.
 */
#ifndef ARCH_ISOLATION_H
#define ARCH_ISOLATION_H

#include <arch/cpu.h>
#include <arch/speculation.h>

struct vcpu;

static inline bool isolation_is_used(void)
{
	return speculation.isolate_dom0 || speculation.isolate_others;
}

/* Start-up, on each CPU before anything else of its area is mapped. */
void isolation_init_cpu(unsigned cpu);

/* An entry of the CPU's area has changed. */
void isolation_area_changed(unsigned cpu, uint64_t offset, uint64_t entry);

/* A root of this CPU's vCPU has changed: [0] of its programs, [1] of its kernel. */
void isolation_root_changed(const struct vcpu *v, unsigned which);

/* In each full flush: another CPU may have changed an entry of a root that we have a copy of. */
void isolation_refresh(void);

#endif
