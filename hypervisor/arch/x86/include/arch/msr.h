/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers as guests see them. */
#ifndef ARCH_MSR_H
#define ARCH_MSR_H

#include <lib/base.h>

struct vcpu;

/* By the current vCPU's kernel. False: there is no such register for it, or no such value: #GP. */
bool guest_read_msr(const struct vcpu *v, uint32_t number, uint64_t *value);
bool guest_write_msr(struct vcpu *v, uint32_t number, uint64_t value);

void msrs_load(const struct vcpu *v); /* v comes to this CPU */

/* False: the processor has no such register, or refuses. Needs the IDT. */
bool read_msr_if_there(uint32_t number, uint64_t *value);

#endif
