/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Putting a vCPU on this CPU and taking it off; its state's life. */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

#include <lib/base.h>

struct vcpu;
struct vcpu_guest_context;

int vcpu_arch_init(struct vcpu *v); /* traps, FPU area; -ENOMEM */
void vcpu_arch_free(struct vcpu *v);

/*
 * Registers, traps and tables as the ABI's context has them, for a vCPU that is not running; the
 * roots are the caller's business. -EINVAL changes nothing.
 */
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *context);

/* The CPU's registers become those of `next`; the previous vCPU's are saved in it. */
void vcpu_switch(struct vcpu *next);

/* Leaves the start-up code for good: the first vCPU runs. */
_Noreturn void start_guest(void);

/* Waits for an interrupt with nothing to run. */
void cpu_idle(void);

#endif
