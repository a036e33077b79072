/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: what a sub-operation's handler is, and the list of all of them. */
#ifndef HYPERCALL_DOMCTL_H
#define HYPERCALL_DOMCTL_H

#include <arch/port.h>
#include <debug/log.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <lib/index.h>
#include <xen/domctl.h>

/*
 * `d` is the domain the call names, or null for those that name none. What the handler leaves in
 * `op` goes back to the caller, if the table says so and it returns 0 or -ENOBUFS, or the table
 * says so of any result. -ERESTART: it is called again from the start once the pending work is
 * done.
 */
typedef int domctl_fn(struct domain *d, struct xen_domctl *op);

/* domctl_domain.c: a domain's life. */
domctl_fn domctl_create, domctl_destroy, domctl_pause, domctl_unpause, domctl_resume, domctl_info,
	domctl_max_memory, domctl_max_vcpus, domctl_set_handle, domctl_set_debugging,
	domctl_set_time_offset, domctl_set_node_affinity, domctl_get_node_affinity,
	domctl_subscribe, domctl_set_virq_handler, domctl_unsupported, domctl_log_dirty,
	domctl_soft_reset;

/* domctl_vcpu.c: the state of its vCPUs. */
domctl_fn domctl_set_context, domctl_get_context, domctl_set_context_more, domctl_get_context_more,
	domctl_vcpu_info, domctl_send_trigger, domctl_set_address_size, domctl_get_address_size,
	domctl_set_tsc, domctl_get_tsc, domctl_set_extended_state, domctl_get_extended_state,
	domctl_set_msrs, domctl_get_msrs;

/* domctl_access.c: its frames, and what of the machine it may touch. */
domctl_fn domctl_frame_types, domctl_hypercall_page, domctl_irq_permission, domctl_iomem_permission,
	domctl_ioport_permission;

/* vnuma_op.c */
domctl_fn domctl_set_vnuma;

/* scheduler_op.c, cpu_policy_op.c: its share of CPUs, and what they tell it they can. */
domctl_fn domctl_scheduler, domctl_set_affinity, domctl_get_affinity, domctl_set_policy,
	domctl_get_policy;

/* What is told of a domain, here and by sysctl. */
void domctl_describe(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* Null: it has no such vCPU. */
static inline struct vcpu *domctl_vcpu(const struct domain *d, uint32_t id)
{
	uint64_t index = id;

	return index_ok(&index, d->vcpu_count) ? d->vcpu[index] : NULL;
}

/* The first 64 bits of a caller's bitmap; -EFAULT. */
int domctl_read_bitmap(const struct xenctl_bitmap *from, uint64_t *bits);
/* What does not fit is left out, and what is behind is cleared; -EFAULT. */
int domctl_write_bitmap(const struct xenctl_bitmap *to, uint64_t bits);

#endif
