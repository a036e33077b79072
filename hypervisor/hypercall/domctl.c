/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: the sub-operations by which a toolstack makes and runs domains. */
#include <hypercall/domctl.h>

enum domctl_flag {
	ANSWERS = 1 << 0,  /* `op` goes back to the caller */
	OTHERS = 1 << 1,   /* not on the caller's own domain: -EINVAL */
	NAMELESS = 1 << 2, /* its handler sees to the domain itself */
	EXPLAINS = 1 << 3, /* `op` goes back to the caller whatever the result, since it says why */
};

static const struct {
	domctl_fn *fn;
	unsigned flags; /* enum domctl_flag */
} table[] = {
	[XEN_DOMCTL_createdomain] = {domctl_create, ANSWERS | NAMELESS},
	[XEN_DOMCTL_destroydomain] = {domctl_destroy, OTHERS},
	[XEN_DOMCTL_pausedomain] = {domctl_pause, OTHERS},
	[XEN_DOMCTL_unpausedomain] = {domctl_unpause, 0},
	[XEN_DOMCTL_getdomaininfo] = {domctl_info, ANSWERS | NAMELESS},
	[XEN_DOMCTL_setvcpuaffinity] = {domctl_set_affinity, 0},
	[XEN_DOMCTL_shadow_op] = {domctl_log_dirty, OTHERS},
	[XEN_DOMCTL_max_mem] = {domctl_max_memory, 0},
	[XEN_DOMCTL_setvcpucontext] = {domctl_set_context, OTHERS},
	[XEN_DOMCTL_getvcpucontext] = {domctl_get_context, OTHERS},
	[XEN_DOMCTL_getvcpuinfo] = {domctl_vcpu_info, ANSWERS},
	[XEN_DOMCTL_max_vcpus] = {domctl_max_vcpus, OTHERS},
	[XEN_DOMCTL_scheduler_op] = {domctl_scheduler, ANSWERS},
	[XEN_DOMCTL_setdomainhandle] = {domctl_set_handle, 0},
	[XEN_DOMCTL_setdebugging] = {domctl_set_debugging, OTHERS},
	[XEN_DOMCTL_irq_permission] = {domctl_irq_permission, 0},
	[XEN_DOMCTL_iomem_permission] = {domctl_iomem_permission, 0},
	[XEN_DOMCTL_ioport_permission] = {domctl_ioport_permission, 0},
	[XEN_DOMCTL_hypercall_init] = {domctl_hypercall_page, 0},
	[XEN_DOMCTL_settimeoffset] = {domctl_set_time_offset, 0},
	[XEN_DOMCTL_getvcpuaffinity] = {domctl_get_affinity, 0},
	[XEN_DOMCTL_resumedomain] = {domctl_resume, OTHERS},
	[XEN_DOMCTL_sendtrigger] = {domctl_send_trigger, 0},
	[XEN_DOMCTL_subscribe] = {domctl_subscribe, 0},
	[XEN_DOMCTL_set_address_size] = {domctl_set_address_size, OTHERS},
	[XEN_DOMCTL_get_address_size] = {domctl_get_address_size, ANSWERS},
	[XEN_DOMCTL_set_ext_vcpucontext] = {domctl_set_context_more, OTHERS},
	[XEN_DOMCTL_get_ext_vcpucontext] = {domctl_get_context_more, ANSWERS | OTHERS},
	[XEN_DOMCTL_set_target] = {domctl_unsupported, OTHERS}, /* rights of device models */
	[XEN_DOMCTL_gettscinfo] = {domctl_get_tsc, ANSWERS | OTHERS},
	[XEN_DOMCTL_settscinfo] = {domctl_set_tsc, OTHERS},
	[XEN_DOMCTL_getpageframeinfo3] = {domctl_frame_types, 0},
	[XEN_DOMCTL_setvcpuextstate] = {domctl_set_extended_state, OTHERS},
	[XEN_DOMCTL_getvcpuextstate] = {domctl_get_extended_state, ANSWERS | OTHERS},
	[XEN_DOMCTL_set_virq_handler] = {domctl_set_virq_handler, 0},
	[XEN_DOMCTL_setnodeaffinity] = {domctl_set_node_affinity, 0},
	[XEN_DOMCTL_getnodeaffinity] = {domctl_get_node_affinity, 0},
	[XEN_DOMCTL_get_vcpu_msrs] = {domctl_get_msrs, ANSWERS | OTHERS},
	[XEN_DOMCTL_set_vcpu_msrs] = {domctl_set_msrs, ANSWERS | OTHERS},
	[XEN_DOMCTL_setvnumainfo] = {domctl_set_vnuma, 0},
	[XEN_DOMCTL_soft_reset] = {domctl_soft_reset, OTHERS},
	[XEN_DOMCTL_get_cpu_policy] = {domctl_get_policy, ANSWERS},
	[XEN_DOMCTL_set_cpu_policy] = {domctl_set_policy, EXPLAINS | OTHERS},
	[XEN_DOMCTL_get_paging_mempool_size] = {domctl_unsupported, 0}, /* of shadow page tables */
	[XEN_DOMCTL_set_paging_mempool_size] = {domctl_unsupported, 0},
};

static int perform(struct xen_domctl *op)
{
	struct domain *d = NULL;
	unsigned flags;
	int rc;

	if (op->cmd >= ARRAY_COUNT(table) || !table[op->cmd].fn) {
		return refuse(-ENOSYS);
	}
	flags = table[op->cmd].flags;
	if (!(flags & NAMELESS)) {
		d = domain_get(op->domain);
		if (!d) {
			return refuse(-ESRCH);
		}
		if (flags & OTHERS && d == current_domain()) {
			domain_put(d);
			return refuse(-EINVAL);
		}
	}
	rc = table[op->cmd].fn(d, op);
	if (d) {
		domain_put(d);
	}
	return rc;
}

/*
 * One at a time on the whole machine, so that no handler meets another one at the same domain.
 * Who finds it taken does not wait here, but tries again like any hypercall that goes on.
 */
static _Atomic bool busy;

static int perform_alone(struct xen_domctl *op)
{
	int rc;

	if (atomic_exchange_explicit(&busy, true, memory_order_acquire)) {
		(void)work_pending();
		return -ERESTART;
	}
	rc = perform(op);
	atomic_store_explicit(&busy, false, memory_order_release);
	return rc;
}

static bool goes_back(uint32_t cmd, int rc)
{
	unsigned flags = cmd < ARRAY_COUNT(table) ? table[cmd].flags : 0;

	return (flags & ANSWERS && (rc == 0 || rc == -ENOBUFS)) || flags & EXPLAINS;
}

long hypercall_domctl(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xen_domctl op;
	int rc;

	if (guest_read(&op, GUEST_VA(arg), sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
		return refuse(-EACCES);
	}
	if (!current_domain()->privileged) {
		return refuse(-EPERM);
	}
	rc = perform_alone(&op);
	if (rc == -ERESTART) {
		return hypercall_again(arg, a2, a3, a4);
	}
	if (goes_back(op.cmd, rc) && guest_write(GUEST_VA(arg), &op, sizeof(op))) {
		return refuse(-EFAULT);
	}
	return rc;
}

/* --- Bitmaps of the caller's ---------------------------------------------------------------- */

int domctl_read_bitmap(const struct xenctl_bitmap *from, uint64_t *bits)
{
	uint32_t count = MIN(from->nr_bits, 64U);

	*bits = 0;
	if (guest_read(bits, GUEST_VA(from->bitmap.p), (count + 7) / 8)) {
		return refuse(-EFAULT);
	}
	*bits &= count < 64 ? BIT(count) - 1 : UINT64_MAX;
	return 0;
}

int domctl_write_bitmap(const struct xenctl_bitmap *to, uint64_t bits)
{
	uint64_t at = (uint64_t)to->bitmap.p, bytes = ((uint64_t)to->nr_bits + 7) / 8;
	static const uint8_t zero[64];

	if (to->nr_bits < 64) {
		bits &= BIT(to->nr_bits) - 1;
	}
	if (guest_write(GUEST_VA(at), &bits, MIN(bytes, sizeof(bits)))) {
		return refuse(-EFAULT);
	}
	for (uint64_t done = sizeof(bits); done < bytes; done += sizeof(zero)) {
		if (guest_write(GUEST_VA(at + done), zero, MIN(bytes - done, sizeof(zero)))) {
			return refuse(-EFAULT);
		}
	}
	return 0;
}
