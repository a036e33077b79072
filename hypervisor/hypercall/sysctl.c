/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl: the sub-operations by which a toolstack looks at the machine and the hypervisor. */
#include <arch/smp.h>
#include <debug/counters.h>
#include <debug/keys.h>
#include <hypercall/domctl.h>
#include <hypercall/sysctl.h>
#include <lib/format.h>

#define PART	 512
#define KEYS_MAX 64 /* pressed by one call: each prints for long */

/* --- The log ------------------------------------------------------------------------------- */

/*
 * The caller counts positions in 32 bits. Without one the log is read from its beginning; one that
 * has been overwritten is as good as the beginning.
 */
int sysctl_read_console(struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *r = &op->u.readconsole;
	uint64_t end = log_end(),
		 at = r->incremental ? end - (uint32_t)((uint32_t)end - r->index) : 0;
	uint32_t copied = 0;
	char part[PART];
	size_t bytes;

	while (copied < r->count && (bytes = log_read(&at, part, MIN(PART, r->count - copied)))) {
		if (guest_write(GUEST_VA((uint64_t)r->buffer.p + copied), part, bytes)) {
			return refuse(-EFAULT);
		}
		copied += (uint32_t)bytes;
	}
	r->index = (uint32_t)at;
	r->count = copied;
	if (r->clear) {
		log_clear();
	}
	return 0;
}

int sysctl_debug_keys(struct xen_sysctl *op)
{
	const struct xen_sysctl_debug_keys *k = &op->u.debug_keys;
	char keys[KEYS_MAX];

	if (k->nr_keys > KEYS_MAX) {
		return refuse(-E2BIG);
	}
	if (guest_read(keys, GUEST_VA(k->keys.p), k->nr_keys)) {
		return refuse(-EFAULT);
	}
	for (uint32_t i = 0; i < k->nr_keys; i++) {
		(void)keys_press(keys[i]); /* none such: nothing happens, as at the console */
	}
	return 0;
}

/* --- Counters ------------------------------------------------------------------------------ */

/* A counter's values, one for each of these CPUs, in their order. */
static int give_values(unsigned counter, cpu_mask_t cpus, uint64_t to)
{
	xen_sysctl_perfc_val_t values[CPU_MAX];
	unsigned count = 0;

	for (; cpus; cpus &= cpus - 1) {
		values[count++] = (xen_sysctl_perfc_val_t)counter_of(
			(unsigned)__builtin_ctzll(cpus), counter);
	}
	return guest_write(GUEST_VA(to), values, count * sizeof(values[0]));
}

static int give_counters(const struct xen_sysctl_perfc_op *p, cpu_mask_t cpus)
{
	uint64_t names = (uint64_t)p->desc.p, values = (uint64_t)p->val.p;
	unsigned count = cpu_mask_count(cpus);

	for (unsigned i = 0; i < COUNTERS; i++) {
		const char *name = i < HYPERCALL_COUNT ? hypercall_table[i].name : counter_name(i);
		struct xen_sysctl_perfc_desc desc = {.nr_vals = count};

		format_text(desc.name, sizeof(desc.name), "%s", name ? name : "");
		if (guest_write(GUEST_VA(names + i * sizeof(desc)), &desc, sizeof(desc)) ||
		    give_values(i, cpus, values)) {
			return refuse(-EFAULT);
		}
		values += count * sizeof(xen_sysctl_perfc_val_t);
	}
	return 0;
}

/* Without room for both it answers how much there is. */
int sysctl_counters(struct xen_sysctl *op)
{
	struct xen_sysctl_perfc_op *p = &op->u.perfc_op;
	cpu_mask_t cpus = counter_cpus();

	if (p->cmd == XEN_SYSCTL_PERFCOP_reset) {
		counters_clear();
	} else if (p->cmd != XEN_SYSCTL_PERFCOP_query) {
		return refuse(-EINVAL);
	}
	p->nr_counters = COUNTERS;
	p->nr_vals = COUNTERS * cpu_mask_count(cpus);
	return p->cmd == XEN_SYSCTL_PERFCOP_query && p->desc.p && p->val.p ? give_counters(p, cpus)
									   : 0;
}

/* --- Domains ------------------------------------------------------------------------------- */

int sysctl_list_domains(struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *list = &op->u.getdomaininfolist;
	uint64_t to = (uint64_t)list->buffer.p;
	uint32_t next = list->first_domain;
	int rc = 0;

	for (list->num_domains = 0; list->num_domains < list->max_domains; list->num_domains++) {
		struct xen_domctl_getdomaininfo info;
		struct domain *d =
			next < DOMID_FIRST_RESERVED ? domain_get_from((domid_t)next) : NULL;

		if (!d) {
			break;
		}
		domctl_describe(d, &info);
		next = d->id + 1u;
		domain_put(d);
		rc = guest_write(GUEST_VA(to + list->num_domains * sizeof(info)), &info,
				 sizeof(info));
		if (rc) {
			return refuse(rc);
		}
	}
	return 0;
}

/* --- Which is which ------------------------------------------------------------------------ */

/*
 * What has no row answers -ENOSYS: what needs hardware virtualization, what other builds of this
 * interface have for their own development, and patching while running.
 */
static sysctl_fn *const table[] = {
	[XEN_SYSCTL_readconsole] = sysctl_read_console,
	[XEN_SYSCTL_tbuf_op] = sysctl_unsupported, /* our trace has another format */
	[XEN_SYSCTL_physinfo] = sysctl_physical,
	[XEN_SYSCTL_sched_id] = sysctl_scheduler_id,
	[XEN_SYSCTL_perfc_op] = sysctl_counters,
	[XEN_SYSCTL_getdomaininfolist] = sysctl_list_domains,
	[XEN_SYSCTL_debug_keys] = sysctl_debug_keys,
	[XEN_SYSCTL_getcpuinfo] = sysctl_cpu_times,
	[XEN_SYSCTL_availheap] = sysctl_free_memory,
	[XEN_SYSCTL_get_pmstat] = sysctl_no_power_states,
	[XEN_SYSCTL_cpu_hotplug] = sysctl_cpu_hotplug,
	[XEN_SYSCTL_pm_op] = sysctl_no_power_states,
	[XEN_SYSCTL_page_offline_op] = sysctl_unsupported,
	[XEN_SYSCTL_cputopoinfo] = sysctl_cpu_topology,
	[XEN_SYSCTL_numainfo] = sysctl_memory_nodes,
	[XEN_SYSCTL_cpupool_op] = sysctl_pools,
	[XEN_SYSCTL_scheduler_op] = sysctl_scheduler,
	[XEN_SYSCTL_coverage_op] = sysctl_unsupported,
	[XEN_SYSCTL_pcitopoinfo] = sysctl_pci_nodes,
	[XEN_SYSCTL_get_cpu_featureset] = sysctl_features,
	[XEN_SYSCTL_get_cpu_policy] = sysctl_cpu_policy,
};

long hypercall_sysctl(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xen_sysctl op;
	int rc;

	if (guest_read(&op, GUEST_VA(arg), sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION) {
		return refuse(-EACCES);
	}
	if (!current_domain()->privileged) {
		return refuse(-EPERM);
	}
	if (op.cmd >= ARRAY_COUNT(table) || !table[op.cmd]) {
		return refuse(-ENOSYS);
	}
	rc = table[op.cmd](&op);
	if (rc == -ERESTART) {
		return hypercall_again(arg, a2, a3, a4);
	}
	if ((rc == 0 || rc == -ENOBUFS) && guest_write(GUEST_VA(arg), &op, sizeof(op))) {
		return refuse(-EFAULT);
	}
	return rc;
}
