/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own counters, for guests that check what it does by them. */
#ifndef TESTS_COUNTERS_H
#define TESTS_COUNTERS_H

#include "guest.h"
#include <xen/sysctl.h>

#define COUNTERS_MAX	  128
#define COUNTERS_CPUS_MAX 16

static struct xen_sysctl_perfc_desc counter_names[COUNTERS_MAX];
static xen_sysctl_perfc_val_t counter_values[COUNTERS_MAX * COUNTERS_CPUS_MAX];

static bool counter_is_named(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* A counter's values, one for each processor; null: there is none of that name. */
static const xen_sysctl_perfc_val_t *counter_find(const char *name, unsigned int *cpus)
{
	struct xen_sysctl op = {
		.cmd = XEN_SYSCTL_perfc_op,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
		.u.perfc_op = {.cmd = XEN_SYSCTL_PERFCOP_query},
	};
	struct xen_sysctl_perfc_op *p = &op.u.perfc_op;
	unsigned int at = 0;

	if (PV_CALL1(sysctl, &op) || p->nr_counters > COUNTERS_MAX ||
	    p->nr_vals > ARRAY_SIZE(counter_values)) {
		return NULL;
	}
	p->desc.p = counter_names;
	p->val.p = counter_values;
	if (PV_CALL1(sysctl, &op)) {
		return NULL;
	}
	for (unsigned int i = 0; i < p->nr_counters; i++) {
		*cpus = counter_names[i].nr_vals;
		if (counter_is_named(counter_names[i].name, name)) {
			return counter_values + at;
		}
		at += *cpus;
	}
	return NULL;
}

/* What it says of all processors together; all ones: there is none of that name. */
UNUSED static uint32_t counter(const char *name)
{
	unsigned int cpus;
	const xen_sysctl_perfc_val_t *value = counter_find(name, &cpus);
	uint32_t sum = 0;

	for (unsigned int i = 0; value && i < cpus; i++) {
		sum += value[i];
	}
	return value ? sum : ~0U;
}

UNUSED static uint32_t counter_on(unsigned int cpu, const char *name)
{
	unsigned int cpus;
	const xen_sysctl_perfc_val_t *value = counter_find(name, &cpus);

	return value && cpu < cpus ? value[cpu] : ~0U;
}

#endif
