/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Affinities, and the machine's CPUs. */
#include <errno.h>
#include <lib/affinity.h>
#include <lib/error.h>
#include <lib/host.h>
#include <stdio.h>
#include <string.h>

int topology_read(struct cpu_topology *topology)
{
	struct xen_sysctl_physinfo host;
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_cputopoinfo};
	xen_sysctl_cputopo_t *cpus;
	size_t bytes;
	int rc = host_physinfo(&host);

	if (rc) {
		return rc;
	}
	topology->count = host.max_cpu_id + 1;
	if (topology->count > CPU_MAP_BITS) {
		return fail(E2BIG, "the machine has more than %u CPUs", CPU_MAP_BITS);
	}
	bytes = topology->count * sizeof(*cpus);
	cpus = hypercall_memory(bytes);
	if (!cpus) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	op.u.cputopoinfo.num_cpus = topology->count;
	set_xen_guest_handle(op.u.cputopoinfo.cputopo, cpus);
	rc = hypercall_sysctl(&op);
	for (unsigned int i = 0; i < topology->count; i++) {
		topology->node_of[i] = cpus[i].node;
	}
	hypercall_memory_free(cpus, bytes);
	return rc;
}

/* One call both ways: the maps are copied in before it, and out after it. */
static int affinity(uint32_t cmd, domid_t domid, unsigned int vcpu, struct cpu_map *maps,
		    uint32_t flags)
{
	struct cpu_map *memory = hypercall_memory(2 * sizeof(*memory));
	struct xen_domctl op = {.cmd = cmd, .domain = domid};
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
	int rc;

	if (!memory) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	memcpy(memory, maps, 2 * sizeof(*memory));
	a->vcpu = vcpu;
	a->flags = flags;
	a->cpumap_hard.nr_bits = a->cpumap_soft.nr_bits = CPU_MAP_BITS;
	set_xen_guest_handle(a->cpumap_hard.bitmap, (uint8_t *)memory[0].bits);
	set_xen_guest_handle(a->cpumap_soft.bitmap, (uint8_t *)memory[1].bits);
	rc = hypercall_domctl(&op);
	memcpy(maps, memory, 2 * sizeof(*memory));
	hypercall_memory_free(memory, 2 * sizeof(*memory));
	return rc < 0 ? rc : 0;
}

int affinity_get(domid_t domid, unsigned int vcpu, struct cpu_map *hard, struct cpu_map *soft)
{
	struct cpu_map maps[2] = {{{0}}};
	int rc = affinity(XEN_DOMCTL_getvcpuaffinity, domid, vcpu, maps,
			  XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT);

	*hard = maps[0];
	*soft = maps[1];
	return rc;
}

int affinity_set(domid_t domid, unsigned int vcpu, const struct cpu_map *hard,
		 const struct cpu_map *soft)
{
	struct cpu_map maps[2] = {{{0}}};
	uint32_t flags = 0;

	if (hard) {
		maps[0] = *hard;
		flags |= XEN_VCPUAFFINITY_HARD;
	}
	if (soft) {
		maps[1] = *soft;
		flags |= XEN_VCPUAFFINITY_SOFT;
	}
	return flags ? affinity(XEN_DOMCTL_setvcpuaffinity, domid, vcpu, maps, flags) : 0;
}

void cpu_map_print(const struct cpu_map *map, unsigned int count, char *text, size_t size)
{
	unsigned int members = 0;
	size_t used = 0;

	*text = '\0';
	for (unsigned int i = 0; i < count; i++) {
		members += cpu_map_has(map, i);
	}
	if (members == count || !members) {
		snprintf(text, size, "%s", members ? "all" : "none");
		return;
	}
	for (unsigned int i = 0; i < count && used < size; i++) {
		unsigned int last = i;

		if (!cpu_map_has(map, i)) {
			continue;
		}
		while (last + 1 < count && cpu_map_has(map, last + 1)) {
			last++;
		}
		used += (size_t)snprintf(text + used, size - used, last > i ? "%s%u-%u" : "%s%u",
					 used ? "," : "", i, last);
		i = last;
	}
}
