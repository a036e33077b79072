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
void fpu_load(struct vcpu *v);	      /* the current vCPU may use it */
void fpu_switch_to(struct vcpu *v);   /* its XCR0 holds at once: XGETBV does not trap */
void fpu_switch_from(struct vcpu *v); /* v leaves the CPU: its state is saved if it was used */
int fpu_set_xcr0(struct vcpu *v, uint64_t xcr0);

/*
 * The state of a vCPU that is on no CPU: an FXSAVE image of x87 and SSE, or all of it in the
 * format of domctl's vcpuextstate. -EINVAL: the processor would refuse to load it.
 */
bool fpu_image_is_good(const void *image);
void fpu_get_image(const struct vcpu *v, void *image);
void fpu_set_image(struct vcpu *v, const void *image); /* a good one */
uint64_t fpu_features(void);			       /* the components of a state */
size_t fpu_state_bytes(void);			       /* 0: the processor has no XSAVE */
void fpu_get_state(const struct vcpu *v, void *state);
int fpu_set_state(struct vcpu *v, const void *state, size_t bytes);

#endif
