/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of processors at work. */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

#include <lib/base.h>
#include <stdatomic.h>

extern _Atomic cpu_mask_t smp_online; /* a bit is set by its CPU when it can serve requests */

static inline cpu_mask_t cpus_online(void)
{
	return atomic_load_explicit(&smp_online, memory_order_acquire);
}

#endif
