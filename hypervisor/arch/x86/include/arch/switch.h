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
 * Registers, traps, descriptor and page tables as the ABI's context has them, for a vCPU that is on
 * no CPU. -ERESTART: to be done once more. -EINVAL: some of it may be set, the rest is as it was.
 * What is a guest's to choose it may choose badly; what is not is mended or refused.
 */
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *context);
void vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *context);

/* A vCPU that never ran begins here, in its kernel: as boot-time builders want it. */
void vcpu_set_entry(struct vcpu *v, uint64_t rip, uint64_t rsp, uint64_t rsi);

/*
 * The CPU's registers become those of `next`; the previous vCPU's are saved in it. A vCPU that has
 * stopped on another CPU may still be in that one's registers, which then saves it first: that is
 * waited for, so no lock may be held. Null: nobody's, and no guest's tables are in use.
 */
void vcpu_switch(struct vcpu *next);

/* Somebody waits for the vCPU in this CPU's registers: he gets it, unless it runs. */
void vcpu_let_go(void);

/* What who waits for other CPUs, with no lock held, does meanwhile: what they wait for of this one.
 */
void vcpu_serve_meanwhile(void);

/* Leaves the start-up code for good: the first vCPU runs. */
_Noreturn void start_guest(void);

/* Waits for an interrupt with nothing to run. */
void cpu_idle(void);

#endif
