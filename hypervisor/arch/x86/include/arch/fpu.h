/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The FPU's state follows a vCPU lazily: it is loaded at the first use and saved when another needs
 * it. */
#ifndef ARCH_FPU_H
#define ARCH_FPU_H

#include <lib/base.h>

struct vcpu;

void fpu_init_cpu(void);
int fpu_init_vcpu(struct vcpu *v); /* allocates its area; -ENOMEM */
void fpu_free_vcpu(struct vcpu *v);
void fpu_load(struct vcpu *v);		  /* the current vCPU may use it */
void fpu_switch_to(const struct vcpu *v); /* its XCR0 holds at once: XGETBV does not trap */
void fpu_switch_from(struct vcpu *v);	  /* v leaves the CPU: its state is saved if it was used */
void fpu_mark_legacy(struct vcpu *v);	  /* its area got an FXSAVE image: that is in use now */
int fpu_set_xcr0(struct vcpu *v, uint64_t xcr0);

#endif
