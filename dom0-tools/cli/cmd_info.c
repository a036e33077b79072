/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx info: the machine and its hypervisor, as `xl info` prints them. */
#include <cli/commands.h>
#include <cli/json.h>
#include <lib/host.h>
#include <lib/pool.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <xen/memory.h>

#define MIB(pages) ((unsigned long)((pages) >> 8))

/* A line "key : value"; as JSON always a string, because scripts that knew the lines look for that.
 */
__attribute__((format(printf, 3, 4))) static void line(const struct cli *cli, const char *key,
						       const char *format, ...)
{
	char value[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	if (cli->json) {
		json_string(key, value);
	} else {
		printf("%-23s: %s\n", key, value);
	}
}

static void print_kernel(const struct cli *cli)
{
	struct utsname kernel;

	if (uname(&kernel) == 0) {
		line(cli, "host", "%s", kernel.nodename);
		line(cli, "release", "%s", kernel.release);
		line(cli, "version", "%s", kernel.version);
		line(cli, "machine", "%s", kernel.machine);
	}
}

static void print_machine(const struct cli *cli, const struct xen_sysctl_physinfo *p)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} capabilities[] = {
		{XEN_SYSCTL_PHYSCAP_pv, "pv"},
		{XEN_SYSCTL_PHYSCAP_hvm, "hvm"},
		{XEN_SYSCTL_PHYSCAP_directio, "hvm_directio pv_directio"},
		{XEN_SYSCTL_PHYSCAP_hap, "hap"},
		{XEN_SYSCTL_PHYSCAP_shadow, "shadow"},
		{XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, "iommu_hap_pt_share"},
		{XEN_SYSCTL_PHYSCAP_vmtrace, "vmtrace"},
		{XEN_SYSCTL_PHYSCAP_vpmu, "vpmu"},
		{XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1"},
		{XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2"},
	};
	char words[128] = "";

	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		if (p->capabilities & capabilities[i].bit) {
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
				 *words ? " " : "", capabilities[i].name);
		}
	}
	line(cli, "nr_cpus", "%u", p->nr_cpus);
	line(cli, "max_cpu_id", "%u", p->max_cpu_id);
	line(cli, "nr_nodes", "%u", p->nr_nodes);
	line(cli, "cores_per_socket", "%u", p->cores_per_socket);
	line(cli, "threads_per_core", "%u", p->threads_per_core);
	line(cli, "cpu_mhz", "%u.%03u", p->cpu_khz / 1000, p->cpu_khz % 1000);
	line(cli, "hw_caps", "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x", p->hw_cap[0], p->hw_cap[1],
	     p->hw_cap[2], p->hw_cap[3], p->hw_cap[4], p->hw_cap[5], p->hw_cap[6], p->hw_cap[7]);
	line(cli, "virt_caps", "%s", words);
	line(cli, "total_memory", "%lu", MIB(p->total_pages));
	line(cli, "free_memory", "%lu", MIB(p->free_pages - p->outstanding_pages));
	line(cli, "sharing_freed_memory", "%lu", MIB(host_sharing(XENMEM_get_sharing_freed_pages)));
	line(cli, "sharing_used_memory", "%lu", MIB(host_sharing(XENMEM_get_sharing_shared_pages)));
	line(cli, "outstanding_claims", "%lu", MIB(p->outstanding_pages));
}

/* Which core, socket and node each processor is of. */
static int print_topology(uint32_t cpus)
{
	size_t bytes = cpus * sizeof(xen_sysctl_cputopo_t);
	xen_sysctl_cputopo_t *cpu = hypercall_memory(bytes);
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_cputopoinfo, .u.cputopoinfo.num_cpus = cpus};
	int rc;

	set_xen_guest_handle(op.u.cputopoinfo.cputopo, cpu);
	rc = hypercall_sysctl(&op);
	if (!rc) {
		printf("cpu_topology           :\ncpu:    core    socket     node\n");
	}
	for (uint32_t i = 0; !rc && i < op.u.cputopoinfo.num_cpus && i < cpus; i++) {
		if (cpu[i].core != XEN_INVALID_CORE_ID) {
			printf("%3u:    %4u     %4u     %4u\n", i, cpu[i].core, cpu[i].socket,
			       cpu[i].node);
		}
	}
	if (!rc) {
		printf("device topology        :\ndevice           node\n"
		       "No device topology data available\n");
	}
	hypercall_memory_free(cpu, bytes);
	return rc;
}

/* Each node with its memory, as far as the hypervisor has nodes at all. */
static int print_nodes(uint32_t count)
{
	size_t bytes = count * (sizeof(xen_sysctl_meminfo_t) + count * sizeof(uint32_t));
	xen_sysctl_meminfo_t *memory = hypercall_memory(bytes);
	uint32_t *distance = (uint32_t *)(memory + count);
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_numainfo, .u.numainfo.num_nodes = count};
	int rc;

	set_xen_guest_handle(op.u.numainfo.meminfo, memory);
	set_xen_guest_handle(op.u.numainfo.distance, distance);
	rc = hypercall_sysctl(&op);
	if (!rc) {
		printf("numa_info              :\nnode:    memsize    memfree    distances\n");
	}
	for (uint32_t i = 0; !rc && i < op.u.numainfo.num_nodes && i < count; i++) {
		printf("%4u:    %6lu     %6lu      %u", i, (unsigned long)(memory[i].memsize >> 20),
		       (unsigned long)(memory[i].memfree >> 20), distance[i * count]);
		for (uint32_t j = 1; j < count; j++) {
			printf(",%u", distance[i * count + j]);
		}
		printf("\n");
	}
	hypercall_memory_free(memory, bytes);
	return rc;
}

static void print_version(const struct cli *cli, const struct host_version *v, uint32_t scheduler)
{
	line(cli, "xen_major", "%u", v->major);
	line(cli, "xen_minor", "%u", v->minor);
	line(cli, "xen_extra", "%s", v->extra);
	line(cli, "xen_version", "%u.%u%s", v->major, v->minor, v->extra);
	line(cli, "xen_caps", "%s", v->capabilities);
	line(cli, "xen_scheduler", "%s", host_scheduler_name(scheduler));
	line(cli, "xen_pagesize", "%lu", v->page_size);
	line(cli, "platform_params", "virt_start=0x%lx", v->virt_start);
	line(cli, "xen_changeset", "%s", v->changeset);
	line(cli, "xen_commandline", "%s", v->commandline);
	line(cli, "cc_compiler", "%s", v->compile.compiler);
	line(cli, "cc_compile_by", "%s", v->compile.compile_by);
	line(cli, "cc_compile_domain", "%s", v->compile.compile_domain);
	line(cli, "cc_compile_date", "%s", v->compile.compile_date);
	line(cli, "build_id", "%s", v->build_id);
	line(cli, "xend_config_format", "4");
}

static int info_run(struct cli *cli, int argc, char **argv)
{
	struct cpu_map idle;
	struct xen_sysctl_physinfo physinfo;
	struct host_version version;
	uint32_t scheduler = 0;
	int rc = host_version(&version);

	rc = rc ? rc : host_physinfo(&physinfo);
	rc = rc ? rc : host_scheduler(&scheduler);
	rc = rc ? rc : pool_free_cpus(&idle);
	if (rc < 0) {
		return cli_failed(cli, rc);
	}
	if (cli->json) {
		json_open(NULL, '{');
	}
	print_kernel(cli);
	print_machine(cli, &physinfo);
	line(cli, "free_cpus", "%u", cpu_map_count(&idle));
	if (cli_option(cli, "numa") && !cli->json) {
		rc = print_topology(physinfo.max_cpu_id + 1);
		rc = rc ? rc : print_nodes(physinfo.nr_nodes);
	}
	print_version(cli, &version, scheduler);
	if (cli->json) {
		json_close();
	}
	return rc < 0 ? cli_failed(cli, rc) : EXIT_DONE;
}

static const struct cli_option options[] = {
	{.letter = 'n', .name = "numa", .help = "also nodes and their memory"},
	{.name = NULL},
};

const struct command cmd_info = {
	.name = "info",
	.arguments = "",
	.summary = "Tell about the machine and its hypervisor",
	.options = options,
	.json = true,
	.run = info_run,
};
