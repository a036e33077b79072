/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On which CPUs a vCPU runs. */
#ifndef DOMAIN_AFFINITY_H
#define DOMAIN_AFFINITY_H

#include <domain/domain.h>

/*
 * Where it may run and where it should; null: as before. -EINVAL: nowhere in its pool. -EBUSY: it
 * is bound to a CPU (below), which `force` ends.
 */
int affinity_set(struct vcpu *v, const cpu_mask_t *hard, const cpu_mask_t *soft, bool force);
void affinity_apply(struct vcpu *v); /* to be told to the scheduler (again); its domain is locked */
void affinity_get(struct vcpu *v, cpu_mask_t *hard, cpu_mask_t *soft);

/*
 * The current vCPU runs on one CPU from now on, whatever its affinity says, or with a negative
 * number again where that allows. -EINVAL: no such CPU in its pool, or it was not bound; -EBUSY: it
 * is.
 */
int affinity_bind(int cpu);

#endif
