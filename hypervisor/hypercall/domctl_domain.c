/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: a domain's life, from its creation to its destruction. */
#include <arch/features.h>
#include <domain/grants.h>
#include <domain/notify.h>
#include <domain/pool.h>
#include <hypercall/domctl.h>
#include <lib/string.h>
#include <memory/frame_alloc.h>

/* --- Creation and end ------------------------------------------------------------------------ */

/* What is asked for and not there is refused, never left out. */
static int check_creation(const struct xen_domctl_createdomain *c)
{
	bool good = !(c->flags & ~(uint32_t)XEN_DOMCTL_CDF_xs_domain) && !c->iommu_opts &&
		    !c->vmtrace_size && c->max_vcpus && c->max_vcpus <= VCPU_MAX &&
		    !c->arch.emulation_flags && !(c->arch.misc_flags & ~XEN_X86_MSR_RELAXED);

	return good ? 0 : refuse(-EINVAL);
}

static int create(struct xen_domctl *op, struct domain **d)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	bool any = op->domain == 0 || op->domain >= DOMID_FIRST_RESERVED;
	struct domain_config config = {
		.id = op->domain,
		.pool = c->cpupool_id,
		.vcpu_max = c->max_vcpus,
		.highest_port = c->max_evtchn_port,
	};
	int rc;

	do {
		if (any) {
			config.id = domain_unused_id();
			if (config.id == DOMID_INVALID) {
				return refuse(-ENOMEM);
			}
		}
		rc = domain_create(&config, d);
	} while (any && rc == -EEXIST);
	return rc ? refuse(rc) : 0;
}

int domctl_create(struct domain *none, struct xen_domctl *op)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain *d;
	int rc = check_creation(c);

	rc = rc ? rc : create(op, &d);
	if (rc) {
		return rc;
	}
	rc = grants_set_limits(d, c->max_grant_frames, c->max_maptrack_frames, c->grant_opts);
	if (rc) {
		(void)domain_destroy(d); /* it is empty: there is no second piece */
		return rc;
	}
	memcpy(d->handle, c->handle, sizeof(d->handle));
	d->holds_store = c->flags & XEN_DOMCTL_CDF_xs_domain;
	d->relaxed_msrs = c->arch.misc_flags & XEN_X86_MSR_RELAXED;
	op->domain = d->id;
	return 0;
}

int domctl_destroy(struct domain *d, struct xen_domctl *op)
{
	return d == domain_hardware ? refuse(-EINVAL) : domain_destroy(d);
}

int domctl_pause(struct domain *d, struct xen_domctl *op)
{
	return domain_toolstack_pause(d);
}

int domctl_unpause(struct domain *d, struct xen_domctl *op)
{
	return domain_toolstack_unpause(d);
}

int domctl_resume(struct domain *d, struct xen_domctl *op)
{
	domain_resume(d);
	return 0;
}

/* --- What it may have ------------------------------------------------------------------------ */

int domctl_max_memory(struct domain *d, struct xen_domctl *op)
{
	bool alive;

	lock_acquire(&d->lock);
	alive = !d->dying;
	if (alive) {
		domain_memory_limit(&d->memory, op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10));
	}
	lock_release(&d->lock);
	return alive ? 0 : refuse(-EINVAL);
}

/* Its vCPUs are made, as many as it was created for. */
int domctl_max_vcpus(struct domain *d, struct xen_domctl *op)
{
	if (op->u.max_vcpus.max != d->vcpu_max || d->dying) {
		return refuse(-EINVAL);
	}
	for (unsigned id = d->vcpu_count; id < d->vcpu_max; id++) {
		if (!vcpu_create(d, id)) {
			return refuse(-ENOMEM);
		}
		if (work_pending()) {
			return -ERESTART;
		}
	}
	return 0;
}

/* --- What it is like ------------------------------------------------------------------------- */

/* Sums up the vCPUs: time, how many are up, and the flags that follow from what they do. */
static uint32_t sum_up_vcpus(const struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	bool all_blocked = true, some_run = false;

	for (unsigned i = 0; i < d->vcpu_count; i++) {
		const struct vcpu *v = d->vcpu[i];
		unsigned flags = atomic_load_explicit(&v->flags, memory_order_relaxed);

		info->cpu_time += vcpu_cpu_time(v);
		if (flags & VCPU_DOWN) {
			continue;
		}
		info->nr_online_vcpus++;
		all_blocked &= !!(flags & VCPU_BLOCKED);
		some_run |= v->runstate.state == RUNSTATE_running;
	}
	return (all_blocked ? XEN_DOMINF_blocked : 0) | (some_run ? XEN_DOMINF_running : 0);
}

void domctl_describe(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	*info = (struct xen_domctl_getdomaininfo){
		.domain = d->id,
		.tot_pages = d->memory.frame_count,
		.max_pages = d->memory.frame_limit,
		.outstanding_pages = d->memory.claimed,
		.shared_info_frame = frame_of_ptr(d->shared_info).n,
		.max_vcpu_id = d->vcpu_count ? d->vcpu_count - 1 : XEN_INVALID_MAX_VCPU_ID,
		.gpaddr_bits = (uint8_t)cpu_features.physical_bits,
		.cpupool = pool_id(d),
		.arch_config.misc_flags = d->relaxed_msrs ? XEN_X86_MSR_RELAXED : 0,
	};
	info->flags = sum_up_vcpus(d, info) | (d->holds_store ? XEN_DOMINF_xs_domain : 0);
	lock_acquire(&d->lock);
	info->flags |=
		(d->dying ? XEN_DOMINF_dying : 0) | (d->toolstack_pauses ? XEN_DOMINF_paused : 0);
	/* The reason of one that has not shut down is -1. */
	info->flags |= (d->shut_down ? d->shutdown_reason : UINT32_MAX) << XEN_DOMINF_shutdownshift;
	info->flags |= d->shut_down ? XEN_DOMINF_shutdown : 0;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	lock_release(&d->lock);
}

/* Of the domain that is named or the next, so that a caller can go through them all. */
int domctl_info(struct domain *none, struct xen_domctl *op)
{
	struct domain *d;

	if (op->domain >= DOMID_FIRST_RESERVED) {
		return refuse(-EINVAL);
	}
	d = domain_get_from(op->domain);
	if (!d) {
		return -ESRCH;
	}
	domctl_describe(d, &op->u.getdomaininfo);
	op->domain = d->id;
	domain_put(d);
	return 0;
}

int domctl_set_handle(struct domain *d, struct xen_domctl *op)
{
	lock_acquire(&d->lock);
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	lock_release(&d->lock);
	return 0;
}

int domctl_set_time_offset(struct domain *d, struct xen_domctl *op)
{
	d->time_offset = op->u.settimeoffset.time_offset_seconds;
	time_update_wallclock(d);
	return 0;
}

/* No debugger is served, so a domain has none. */
int domctl_set_debugging(struct domain *d, struct xen_domctl *op)
{
	return op->u.setdebugging.enable ? refuse(-EOPNOTSUPP) : 0;
}

/* What there is no such thing of; the table says what it would be for. */
int domctl_unsupported(struct domain *d, struct xen_domctl *op)
{
	return refuse(-EOPNOTSUPP);
}

/* No pages are logged, so there is nothing to look at, to clean or to end. */
int domctl_log_dirty(struct domain *d, struct xen_domctl *op)
{
	return refuse(op->u.shadow_op.op == XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY ? -EOPNOTSUPP
										 : -EINVAL);
}

/* A paravirtual kernel starts anew in a domain that is made anew; this is for others. */
int domctl_soft_reset(struct domain *d, struct xen_domctl *op)
{
	return refuse(-EINVAL);
}

/* --- Memory is one node ---------------------------------------------------------------------- */

int domctl_set_node_affinity(struct domain *d, struct xen_domctl *op)
{
	uint64_t nodes;
	int rc = domctl_read_bitmap(&op->u.nodeaffinity.nodemap, &nodes);

	if (rc) {
		return rc;
	}
	return nodes & 1 ? 0 : refuse(-EINVAL);
}

int domctl_get_node_affinity(struct domain *d, struct xen_domctl *op)
{
	return domctl_write_bitmap(&op->u.nodeaffinity.nodemap, 1);
}

/* --- Who is told of what --------------------------------------------------------------------- */

int domctl_subscribe(struct domain *d, struct xen_domctl *op)
{
	lock_acquire(&d->lock);
	d->suspend_port = op->u.subscribe.port;
	lock_release(&d->lock);
	return 0;
}

int domctl_set_virq_handler(struct domain *d, struct xen_domctl *op)
{
	int rc = notify_set_handler(d, op->u.set_virq_handler.virq);

	return rc ? refuse(rc) : 0;
}
