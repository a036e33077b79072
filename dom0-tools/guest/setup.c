/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes and settings of a new domain. */
#include <errno.h>
#include <guest/setup.h>
#include <lib/affinity.h>
#include <lib/error.h>
#include <lib/pool.h>
#include <lib/schedule.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONSOLE_LIMIT 1048576 /* bytes of console that are kept for who comes later */
#define PATH	      160

/* --- Nodes ---------------------------------------------------------------------------------- */

/* Below a folder: a path for one call. */
__attribute__((format(printf, 3, 4))) static const char *under(char path[PATH], const char *folder,
							       const char *format, ...)
{
	int used = snprintf(path, PATH, "%s/", folder);
	va_list args;

	va_start(args, format);
	vsnprintf(path + used, PATH - (size_t)used, format, args);
	va_end(args);
	return path;
}

/* What a guest may write itself; all else under its home it may only read. */
static void guest_nodes(struct nodes *nodes, domid_t domid, const char *home)
{
	static const char *const own[] = {
		"attr",
		"data",
		"drivers",
		"error",
		"feature",
		"control/shutdown",
		"control/sysrq",
		"control/feature-poweroff",
		"control/feature-reboot",
		"control/feature-suspend",
		"device/suspend/event-channel",
	};
	char path[PATH];

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		under(path, home, "%s", own[i]);
		nodes_write(nodes, path, "%s", "");
		nodes_owner(nodes, path, (struct node_owner){domid, domid});
	}
}

static void vm_nodes(struct nodes *nodes, domid_t domid, const char *vm, const char *uuid,
		     const struct domain_config *c)
{
	char path[PATH];

	nodes_write(nodes, vm, "%s", "");
	nodes_owner(nodes, vm, (struct node_owner){0, domid});
	nodes_write(nodes, under(path, vm, "uuid"), "%s", uuid);
	nodes_write(nodes, under(path, vm, "name"), "%s", c->name);
	nodes_write(nodes, under(path, vm, "start_time"), "%ld", (long)time(NULL));
	nodes_write(nodes, under(path, vm, "image/ostype"), "linux");
	nodes_write(nodes, under(path, vm, "image/kernel"), "%s", c->kernel);
	if (c->ramdisk) {
		nodes_write(nodes, under(path, vm, "image/ramdisk"), "%s", c->ramdisk);
	}
	if (c->cmdline) {
		nodes_write(nodes, under(path, vm, "image/cmdline"), "%s", c->cmdline);
	}
}

/* As the console daemon and the tools know a console; the domain itself has it in its start_info.
 */
static void console_nodes(struct nodes *nodes, domid_t domid, const char *home,
			  const struct domain_rings *rings)
{
	char back[PATH], path[PATH], tools[PATH];

	snprintf(back, sizeof(back), "/local/domain/0/backend/console/%u/0", domid);
	snprintf(tools, sizeof(tools), "/libxl/%u/device/console/0", domid);
	nodes_write(nodes, under(path, home, "console/ring-ref"), "%lu",
		    (unsigned long)rings->console_frame);
	nodes_write(nodes, under(path, home, "console/port"), "%u", rings->console_port);
	nodes_write(nodes, under(path, home, "console/limit"), "%u", CONSOLE_LIMIT);
	nodes_write(nodes, under(path, home, "console/type"), "xenconsoled");
	nodes_write(nodes, under(path, home, "console/output"), "pty");
	nodes_write(nodes, under(path, home, "console/tty"), "%s", "");
	nodes_write(nodes, under(path, home, "console/backend"), "%s", back);
	nodes_write(nodes, under(path, home, "console/backend-id"), "0");
	nodes_write(nodes, back, "%s", "");
	nodes_owner(nodes, back, (struct node_owner){0, domid});
	nodes_write(nodes, under(path, back, "frontend"), "%s/console", home);
	nodes_write(nodes, under(path, back, "frontend-id"), "%u", domid);
	nodes_write(nodes, under(path, back, "online"), "1");
	nodes_write(nodes, under(path, back, "state"), "1");
	nodes_write(nodes, under(path, back, "protocol"), "vt100");
	nodes_write(nodes, under(path, tools, "frontend"), "%s/console", home);
	nodes_write(nodes, under(path, tools, "backend"), "%s", back);
}

void setup_nodes(struct nodes *nodes, domid_t domid, const char *uuid,
		 const struct domain_config *c, const struct domain_rings *rings)
{
	char home[PATH], vm[PATH], path[PATH];

	snprintf(home, sizeof(home), "/local/domain/%u", domid);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	nodes_write(nodes, home, "%s", "");
	nodes_owner(nodes, home, (struct node_owner){0, domid});
	nodes_write(nodes, under(path, home, "name"), "%s", c->name);
	nodes_write(nodes, under(path, home, "domid"), "%u", domid);
	nodes_write(nodes, under(path, home, "vm"), "%s", vm);
	nodes_write(nodes, under(path, home, "memory/target"), "%lu", (unsigned long)c->memory_kib);
	nodes_write(nodes, under(path, home, "memory/static-max"), "%lu",
		    (unsigned long)c->maxmem_kib);
	nodes_write(nodes, under(path, home, "memory/videoram"), "0");
	for (long long i = 0; i < c->maxvcpus; i++) {
		nodes_write(nodes, under(path, home, "cpu/%lld/availability", i), "%s",
			    i < c->vcpus ? "online" : "offline");
	}
	nodes_write(nodes, under(path, home, "control/platform-feature-multiprocessor-suspend"),
		    "1");
	nodes_write(nodes, under(path, home, "control/platform-feature-xs_reset_watches"), "1");
	nodes_write(nodes, under(path, home, "store/ring-ref"), "%lu",
		    (unsigned long)rings->store_frame);
	nodes_write(nodes, under(path, home, "store/port"), "%u", rings->store_port);
	guest_nodes(nodes, domid, home);
	console_nodes(nodes, domid, home, rings);
	vm_nodes(nodes, domid, vm, uuid, c);
	snprintf(path, sizeof(path), "/libxl/%u/type", domid);
	nodes_write(nodes, path, "pv");
}

/* --- The hypervisor's side ------------------------------------------------------------------ */

int setup_pool(const struct domain_config *config, uint32_t *pool)
{
	*pool = 0;
	if (!config->pool || strcmp(config->pool, "Pool-0") == 0) {
		return 0;
	}
	return pool_find(config->pool, pool);
}

void setup_vnuma(const struct domain_config *config, struct vnuma *vnuma)
{
	vnuma->count = (unsigned int)config->vnode_count;
	for (unsigned int i = 0; i < vnuma->count; i++) {
		const struct vnode_config *node = &config->vnodes[i];

		vnuma->machine_node[i] = node->pnode;
		vnuma->kib[i] = node->kib;
		memcpy(vnuma->distance[i], node->distances,
		       vnuma->count * sizeof(vnuma->distance[i][0]));
		for (unsigned int vcpu = 0; vcpu < VNUMA_VCPUS_MAX; vcpu++) {
			if (vnode_has_vcpu(node, vcpu)) {
				vnuma->node_of_vcpu[vcpu] = i;
			}
		}
	}
}

/* The list for one vCPU, resolved; false if it has none. */
static int list_of(const struct cpu_affinity *affinity, unsigned int vcpu,
		   const struct cpu_topology *topology, struct cpu_map *map, bool *given)
{
	size_t place = affinity->per_vcpu ? vcpu : 0;

	*given = place < affinity->count;
	*map = (struct cpu_map){{0}};
	return !*given || cpu_list_resolve(&affinity->lists[place], topology->node_of,
					   topology->count, map->bits)
		       ? 0
		       : fail(EINVAL, "the CPUs given for vCPU %u are not all there", vcpu);
}

static int set_affinity(domid_t domid, const struct domain_config *c)
{
	struct cpu_topology topology;
	int rc = c->cpus.count || c->cpus_soft.count ? topology_read(&topology) : 0;

	if (!c->cpus.count && !c->cpus_soft.count) {
		return 0;
	}
	for (unsigned int i = 0; !rc && i < (unsigned int)c->maxvcpus; i++) {
		struct cpu_map hard, soft;
		bool has_hard = false, has_soft = false;

		rc = list_of(&c->cpus, i, &topology, &hard, &has_hard);
		rc = rc ? rc : list_of(&c->cpus_soft, i, &topology, &soft, &has_soft);
		rc = rc ? rc
			: affinity_set(domid, i, has_hard ? &hard : NULL, has_soft ? &soft : NULL);
	}
	return rc;
}

static int set_share(domid_t domid, const struct domain_config *c)
{
	struct schedule_share share = {.weight = (unsigned int)c->cpu_weight,
				       .cap = (unsigned int)c->cap};

	return share.weight || share.cap ? schedule_set_share(domid, &share) : 0;
}

static int set_clock(domid_t domid, const struct domain_config *c)
{
	struct xen_domctl tsc = {.cmd = XEN_DOMCTL_settscinfo, .domain = domid};
	struct xen_domctl offset = {.cmd = XEN_DOMCTL_settimeoffset, .domain = domid};
	time_t now = time(NULL);
	struct tm local;
	int rc = 0;

	if (c->tsc_mode != TSC_DEFAULT) {
		tsc.u.tsc_info.tsc_mode = (uint32_t)c->tsc_mode;
		rc = hypercall_domctl(&tsc);
	}
	offset.u.settimeoffset.time_offset_seconds = c->rtc_timeoffset;
	if (c->localtime && localtime_r(&now, &local)) {
		offset.u.settimeoffset.time_offset_seconds += local.tm_gmtoff;
	}
	if (!rc && offset.u.settimeoffset.time_offset_seconds) {
		rc = hypercall_domctl(&offset);
	}
	return rc < 0 ? rc : 0;
}

static int set_permissions(domid_t domid, const struct domain_config *c)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < c->ioport_count; i++) {
		struct xen_domctl op = {.cmd = XEN_DOMCTL_ioport_permission, .domain = domid};

		op.u.ioport_permission.first_port = c->ioports[i].first;
		op.u.ioport_permission.nr_ports = c->ioports[i].last - c->ioports[i].first + 1;
		op.u.ioport_permission.allow_access = 1;
		rc = hypercall_domctl(&op);
	}
	for (size_t i = 0; rc >= 0 && i < c->iomem_count; i++) {
		struct xen_domctl op = {.cmd = XEN_DOMCTL_iomem_permission, .domain = domid};

		op.u.iomem_permission.first_mfn = c->iomem[i].first;
		op.u.iomem_permission.nr_mfns = c->iomem[i].count;
		op.u.iomem_permission.allow_access = 1;
		rc = hypercall_domctl(&op);
	}
	for (size_t i = 0; rc >= 0 && i < c->irq_count; i++) {
		struct xen_domctl op = {.cmd = XEN_DOMCTL_irq_permission, .domain = domid};

		op.u.irq_permission.pirq = c->irqs[i];
		op.u.irq_permission.allow_access = 1;
		rc = hypercall_domctl(&op);
	}
	return rc < 0 ? rc : 0;
}

int setup_domain(domid_t domid, const struct domain_config *config)
{
	int rc = set_affinity(domid, config);

	rc = rc ? rc : set_share(domid, config);
	rc = rc ? rc : set_clock(domid, config);
	rc = rc ? rc : setup_cpuid(domid, config);
	return rc ? rc : set_permissions(domid, config);
}
