/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CR0 and CR4 as a guest sees them; little of what it writes reaches the processor. */
#ifndef ARCH_CONTROL_REGS_H
#define ARCH_CONTROL_REGS_H

#include <lib/base.h>

struct vcpu;

/* Of the current vCPU. */
uint64_t guest_cr0(const struct vcpu *v);
bool guest_set_cr0(struct vcpu *v, uint64_t value); /* false: not a guest's to change */
void guest_set_cr4(struct vcpu *v, uint64_t value);
void guest_set_ts(struct vcpu *v, bool set); /* CR0.TS: #NM at the next use of the FPU */

uint64_t guest_cr4_fixed(void);		      /* CR4 of a vCPU that has not chosen anything */
void control_regs_load(const struct vcpu *v); /* v comes to this CPU */

#endif
