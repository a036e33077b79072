/* SPDX-License-Identifier: MIT */
/*
 * For a kernel in Dom0's place: domctl, and the memory of other domains. Each function returns what
 * the hypercall does, 0 or a negative error, if it does not say otherwise.
 */
#ifndef PV_CONTROL_H
#define PV_CONTROL_H

#include "hypercall.h"
#include "mmu.h"
#include <xen/domctl.h>

static inline long pv_domctl(uint32_t cmd, domid_t domain, struct xen_domctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = domain;
	return PV_CALL1(domctl, op);
}

/* Those without arguments: destroydomain, pausedomain, unpausedomain, resumedomain. */
static inline long pv_domctl_plain(uint32_t cmd, domid_t domain)
{
	struct xen_domctl op = {0};

	return pv_domctl(cmd, domain, &op);
}

/* A domain without memory, paused; its number, or a negative error. */
static inline long pv_domain_create(uint32_t vcpus, uint32_t highest_port)
{
	struct xen_domctl op = {.u.createdomain = {
					.max_vcpus = vcpus,
					.max_evtchn_port = highest_port,
					.max_grant_frames = -1,
					.max_maptrack_frames = -1,
					.grant_opts = XEN_DOMCTL_GRANT_version(2),
				}};
	long rc = pv_domctl(XEN_DOMCTL_createdomain, 0, &op);

	return rc ? rc : op.domain;
}

static inline long pv_domain_set_vcpus(domid_t domain, uint32_t vcpus)
{
	struct xen_domctl op = {.u.max_vcpus.max = vcpus};

	return pv_domctl(XEN_DOMCTL_max_vcpus, domain, &op);
}

static inline long pv_domain_set_memory(domid_t domain, uint64_t kib)
{
	struct xen_domctl op = {.u.max_mem.max_memkb = kib};

	return pv_domctl(XEN_DOMCTL_max_mem, domain, &op);
}

static inline long pv_domain_info(domid_t domain, struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl op = {0};
	long rc = pv_domctl(XEN_DOMCTL_getdomaininfo, domain, &op);

	*info = op.u.getdomaininfo;
	return rc;
}

/* Frames for pfns in `list`, which they replace; how many there were. */
static inline long pv_domain_populate(domid_t domain, unsigned long *list, unsigned long count)
{
	struct xen_memory_reservation r = {
		.extent_start = {list}, .nr_extents = count, .domid = domain};

	return pv_memory_op(XENMEM_populate_physmap, &r);
}

static inline long pv_domain_mmuext(domid_t domain, unsigned int cmd, unsigned long mfn)
{
	struct mmuext_op op = {.cmd = cmd, .arg1 = {.mfn = mfn}};

	return pv_mmuext_op(&op, 1, NULL, domain);
}

/* Another domain's frame at a page of ours that is mapped, instead of what is there. */
static inline long pv_map_foreign(volatile void *page, domid_t domain, unsigned long mfn,
				  uint64_t flags)
{
	return pv_update_va_mapping_otherdomain((unsigned long)page, PTE(mfn, flags),
						UVMF_INVLPG | UVMF_LOCAL, domain);
}

static inline long pv_unmap_foreign(volatile void *page)
{
	return pv_remap(page, PTE_KERNEL_RW);
}

static inline long pv_set_context(domid_t domain, uint32_t vcpu, struct vcpu_guest_context *context)
{
	struct xen_domctl op = {.u.vcpucontext = {.vcpu = vcpu, .ctxt = {context}}};

	return pv_domctl(XEN_DOMCTL_setvcpucontext, domain, &op);
}

static inline long pv_get_context(domid_t domain, uint32_t vcpu, struct vcpu_guest_context *context)
{
	struct xen_domctl op = {.u.vcpucontext = {.vcpu = vcpu, .ctxt = {context}}};

	return pv_domctl(XEN_DOMCTL_getvcpucontext, domain, &op);
}

#endif
