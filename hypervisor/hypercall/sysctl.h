/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl: what a sub-operation's handler is, and the list of all of them. */
#ifndef HYPERCALL_SYSCTL_H
#define HYPERCALL_SYSCTL_H

#include <arch/port.h>
#include <debug/log.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <xen/sysctl.h>

/*
 * What the handler leaves in `op` goes back to the caller if it returns 0 or -ENOBUFS. -ERESTART:
 * it is called again from the start once the pending work is done.
 */
typedef int sysctl_fn(struct xen_sysctl *op);

/* sysctl.c: what the hypervisor knows of itself and of domains. */
sysctl_fn sysctl_read_console, sysctl_counters, sysctl_list_domains, sysctl_debug_keys;

/* scheduler_op.c: CPUs off line and back, for whoever asks by whichever hypercall. */
int cpu_take_off(uint32_t cpu); /* -ERESTART */
int cpu_bring_back(uint32_t cpu);

/* sysctl_machine.c: the machine. */
sysctl_fn sysctl_physical, sysctl_cpu_times, sysctl_free_memory, sysctl_cpu_topology,
	sysctl_memory_nodes, sysctl_pci_nodes, sysctl_cpu_hotplug, sysctl_no_power_states,
	sysctl_unsupported;

/* scheduler_op.c: how CPUs are shared. */
sysctl_fn sysctl_scheduler_id, sysctl_pools, sysctl_scheduler;

/* cpu_policy_op.c: which features processors have, and which guests are told of. */
sysctl_fn sysctl_features, sysctl_cpu_policy;

#endif
