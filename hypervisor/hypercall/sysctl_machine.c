/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl: processors, memory and devices of the machine. Memory is one node. */
#include <arch/clock.h>
#include <arch/cpu_policy.h>
#include <arch/pci.h>
#include <arch/smp.h>
#include <arch/topology.h>
#include <domain/grants.h>
#include <domain/schedule.h>
#include <hypercall/sysctl.h>
#include <lib/string.h>
#include <memory/frame_alloc.h>

#define DISTANCE_TO_ITSELF 10 /* as firmware counts it */
#define PCI_PART	   64

/* Processors are numbered without gaps, those that are off line too. */
static uint32_t cpu_count(void)
{
	return cpu_mask_count(cpus_started());
}

int sysctl_physical(struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *info = &op->u.physinfo;
	struct frame_pool_figures frames = frame_pool_figures();
	struct cpu_counts counts = topology_counts();

	*info = (struct xen_sysctl_physinfo){
		.threads_per_core = counts.threads_per_core,
		.cores_per_socket = counts.cores_per_socket,
		.nr_cpus = cpu_mask_count(cpus_online()),
		.max_cpu_id = cpu_count() - 1,
		.nr_nodes = 1,
		.cpu_khz = (uint32_t)(clock_tsc_hz() / 1000),
		.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1,
		.total_pages = frames.total,
		.free_pages = frames.free,
		.scrub_pages = frames.dirty,
		.outstanding_pages = frames.claimed,
		.max_mfn = frame_end - 1,
	};
	if (grants_machine_limits.version >= 2) {
		info->capabilities |= XEN_SYSCTL_PHYSCAP_gnttab_v2;
	}
	for (unsigned i = 0; i < ARRAY_COUNT(info->hw_cap); i++) {
		info->hw_cap[i] = cpu_policy_feature_word(CPU_POLICY_HOST, i);
	}
	return 0;
}

int sysctl_cpu_times(struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *get = &op->u.getcpuinfo;
	uint64_t to = (uint64_t)get->info.p;

	get->nr_cpus = MIN(get->max_cpus, cpu_count());
	for (uint32_t i = 0; i < get->nr_cpus; i++) {
		struct xen_sysctl_cpuinfo info = {.idletime = schedule_idle_time(i)};

		if (guest_write(GUEST_VA(to + i * sizeof(info)), &info, sizeof(info))) {
			return refuse(-EFAULT);
		}
	}
	return 0;
}

/* Free frames are counted below and above 4 GiB; other borders are not known. */
int sysctl_free_memory(struct xen_sysctl *op)
{
	struct xen_sysctl_availheap *heap = &op->u.availheap;
	struct frame_pool_figures frames = frame_pool_figures();
	uint64_t pages = 0;

	if (heap->node != -1 && heap->node != 0) {
		return refuse(-EINVAL);
	}
	if ((heap->min_bitwidth && heap->min_bitwidth < 32) ||
	    (heap->max_bitwidth && heap->max_bitwidth < 32)) {
		return refuse(-EOPNOTSUPP);
	}
	if (heap->min_bitwidth <= 32) {
		pages += heap->min_bitwidth == 32 ? 0 : frames.low_free;
		pages += heap->max_bitwidth == 32 ? 0 : frames.free - frames.low_free;
	}
	heap->avail_bytes = pages << PAGE_SHIFT;
	return 0;
}

int sysctl_cpu_topology(struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *info = &op->u.cputopoinfo;
	uint64_t to = (uint64_t)info->cputopo.p;
	uint32_t count = cpu_count();

	if (to) {
		count = MIN(count, info->num_cpus);
		for (uint32_t i = 0; i < count; i++) {
			struct cpu_place place = topology_place(i);
			struct xen_sysctl_cputopo topo = {place.core, place.socket, 0};

			if (!(cpus_online() & BIT(i))) {
				topo = (struct xen_sysctl_cputopo){XEN_INVALID_CORE_ID,
								   XEN_INVALID_SOCKET_ID,
								   XEN_INVALID_NODE_ID};
			}

			if (guest_write(GUEST_VA(to + i * sizeof(topo)), &topo, sizeof(topo))) {
				return refuse(-EFAULT);
			}
		}
	}
	info->num_cpus = count;
	return 0;
}

int sysctl_memory_nodes(struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *info = &op->u.numainfo;
	struct frame_pool_figures frames = frame_pool_figures();
	struct xen_sysctl_meminfo memory = {frames.total << PAGE_SHIFT, frames.free << PAGE_SHIFT};
	uint32_t distance = DISTANCE_TO_ITSELF;
	guest_va_t to = GUEST_VA(info->meminfo.p), distances = GUEST_VA(info->distance.p);

	if (to.a || distances.a) {
		info->num_nodes = MIN(info->num_nodes, 1u);
		if (info->num_nodes &&
		    ((to.a && guest_write(to, &memory, sizeof(memory))) ||
		     (distances.a && guest_write(distances, &distance, sizeof(distance))))) {
			return refuse(-EFAULT);
		}
	} else {
		info->num_nodes = 1;
	}
	return 0;
}

/* Which node a device is near to is not known, whether there is such a device is. */
int sysctl_pci_nodes(struct xen_sysctl *op)
{
	struct xen_sysctl_pcitopoinfo *info = &op->u.pcitopoinfo;
	uint64_t devices = (uint64_t)info->devs.p, nodes = (uint64_t)info->nodes.p;

	if (!devices || !nodes) {
		return refuse(-EINVAL);
	}
	info->num_devs = MIN(info->num_devs, PCI_PART); /* the caller asks for the rest */
	for (uint32_t i = 0; i < info->num_devs; i++) {
		struct physdev_pci_device device;
		uint32_t node;

		if (guest_read(&device, GUEST_VA(devices + i * sizeof(device)), sizeof(device))) {
			return refuse(-EFAULT);
		}
		node = device.seg == 0 && pci_exists(PCI_FUNCTION(device.bus, device.devfn))
			       ? XEN_INVALID_NODE_ID
			       : XEN_INVALID_DEV;
		if (guest_write(GUEST_VA(nodes + i * sizeof(node)), &node, sizeof(node))) {
			return refuse(-EFAULT);
		}
	}
	return 0;
}

/* Sibling threads as such are not taken off line and back. */
int sysctl_cpu_hotplug(struct xen_sysctl *op)
{
	const struct xen_sysctl_cpu_hotplug *plug = &op->u.cpu_hotplug;

	switch (plug->op) {
	case XEN_SYSCTL_CPU_HOTPLUG_ONLINE:
		return cpu_bring_back(plug->cpu);
	case XEN_SYSCTL_CPU_HOTPLUG_OFFLINE:
		return cpu_take_off(plug->cpu);
	default:
		return refuse(-EOPNOTSUPP);
	}
}

/* Frequencies and sleep states of processors are left to their firmware. */
int sysctl_no_power_states(struct xen_sysctl *op)
{
	return refuse(-ENODEV);
}

int sysctl_unsupported(struct xen_sysctl *op)
{
	return refuse(-EOPNOTSUPP);
}
