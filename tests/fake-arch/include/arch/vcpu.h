/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU of the fake machine has no registers; the test says which one runs. */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

struct vcpu_arch {
	char nothing;
};

struct domain_arch {
	char nothing;
};

struct vcpu;
extern _Thread_local struct vcpu *fake_current;

static inline struct vcpu *current_vcpu(void)
{
	return fake_current;
}

#endif
