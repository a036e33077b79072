/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's debug registers: checked when set, in the processor while its vCPU runs. */
#ifndef ARCH_DEBUG_REGS_H
#define ARCH_DEBUG_REGS_H

#include <lib/base.h>

struct vcpu;

int debug_reg_set(struct vcpu *v, unsigned number, uint64_t value); /* -ENODEV, -EINVAL, -EPERM */
int debug_reg_get(const struct vcpu *v, unsigned number, uint64_t *value);

void debug_regs_save(struct vcpu *v); /* v leaves this CPU; also switches its breakpoints off */
void debug_regs_load(struct vcpu *v);

#endif
