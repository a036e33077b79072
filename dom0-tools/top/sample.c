/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processors and memory from the hypervisor, names from the store, networks and disks from what
 * Linux' back ends count below /sys.
 */
#include <dirent.h>
#include <errno.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/host.h>
#include <lib/names.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <top/sample.h>

#define add(sample, items, count)                                                \
	((items) = arena_grow(&(sample)->arena, items, count, sizeof(*(items))), \
	 &(items)[(count)++])

static uint64_t read_counter(const char *folder, const char *name)
{
	char path[512];
	unsigned long long value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%llu", &value) != 1) {
			value = 0;
		}
		fclose(file);
	}
	return value;
}

static void take_vcpus(struct sample *sample, struct domain_sample *domain,
		       const domain_info_t *info)
{
	for (unsigned int i = 0; i <= info->max_vcpu_id && info->nr_online_vcpus; i++) {
		struct xen_domctl op = {.cmd = XEN_DOMCTL_getvcpuinfo, .domain = info->domain};

		op.u.getvcpuinfo.vcpu = i;
		if (hypercall_domctl(&op) == 0 && op.u.getvcpuinfo.online) {
			*add(sample, domain->vcpus, domain->vcpu_count) =
				(struct vcpu_sample){i, op.u.getvcpuinfo.cpu_time};
		}
	}
}

static struct domain_sample *domain_of(struct sample *sample, unsigned int domid)
{
	for (size_t i = 0; i < sample->count; i++) {
		if (sample->domains[i].domid == domid) {
			return &sample->domains[i];
		}
	}
	return NULL;
}

/* vifD.N, counted as its back end does: it receives what its guest sends. */
static void take_net(struct sample *sample, const char *name)
{
	struct domain_sample *domain;
	unsigned int domid;
	unsigned int number;
	char folder[300];
	int end = 0;

	if (sscanf(name, "vif%u.%u%n", &domid, &number, &end) != 2 || name[end] ||
	    !(domain = domain_of(sample, domid))) {
		return;
	}
	snprintf(folder, sizeof(folder), "/sys/class/net/%.200s/statistics", name);
	*add(sample, domain->nets, domain->net_count) = (struct net_sample){
		.number = number,
		.rx_bytes = read_counter(folder, "rx_bytes"),
		.rx_packets = read_counter(folder, "rx_packets"),
		.rx_errors = read_counter(folder, "rx_errors"),
		.rx_drops = read_counter(folder, "rx_dropped"),
		.tx_bytes = read_counter(folder, "tx_bytes"),
		.tx_packets = read_counter(folder, "tx_packets"),
		.tx_errors = read_counter(folder, "tx_errors"),
		.tx_drops = read_counter(folder, "tx_dropped"),
	};
}

/* vbd-D-NUMBER */
static void take_disk(struct sample *sample, const char *name)
{
	struct domain_sample *domain;
	unsigned int domid;
	unsigned int number;
	char folder[300];
	int end = 0;

	if (sscanf(name, "vbd-%u-%u%n", &domid, &number, &end) != 2 || name[end] ||
	    !(domain = domain_of(sample, domid))) {
		return;
	}
	snprintf(folder, sizeof(folder), "/sys/bus/xen-backend/devices/%.200s/statistics", name);
	*add(sample, domain->disks, domain->disk_count) = (struct disk_sample){
		.number = number,
		.waiting = read_counter(folder, "oo_req"),
		.reads = read_counter(folder, "rd_req"),
		.writes = read_counter(folder, "wr_req"),
		.sectors_read = read_counter(folder, "rd_sect"),
		.sectors_written = read_counter(folder, "wr_sect"),
	};
}

/* Calls `take` for each name in a folder, in its order; a folder that is not there has none. */
static void take_devices(struct sample *sample, const char *folder,
			 int (*order)(const struct dirent **, const struct dirent **),
			 void (*take)(struct sample *sample, const char *name))
{
	struct dirent **names;
	int count = scandir(folder, &names, NULL, order);

	for (int i = 0; i < count; i++) {
		take(sample, names[i]->d_name);
		free(names[i]);
	}
	if (count >= 0) {
		free(names);
	}
}

static int take_domains(struct sample *sample)
{
	struct domain_list list = {0};
	int rc = domain_list_all(&list);
	char **names = rc ? NULL : calloc(list.count + 1, sizeof(*names));

	if (!rc && !names) {
		rc = fail(ENOMEM, "no memory for the names");
	}
	rc = rc ? rc : names_of(&list, names);
	for (unsigned int i = 0; !rc && i < list.count; i++) {
		const domain_info_t *info = &list.info[i];
		struct domain_sample *domain = add(sample, sample->domains, sample->count);
		char number[16];

		snprintf(number, sizeof(number), "%u", info->domain);
		domain->domid = info->domain;
		domain->flags = info->flags;
		domain->name = arena_print(&sample->arena, "%s", names[i] ? names[i] : number);
		domain->nanoseconds = info->cpu_time;
		domain->memory_kib = info->tot_pages * 4;
		domain->limit_kib = info->max_pages >= UINT32_MAX ? NO_LIMIT : info->max_pages * 4;
		domain->label = info->ssidref;
		domain->vcpu_limit = info->max_vcpu_id + 1;
		take_vcpus(sample, domain, info);
		free(names[i]);
	}
	free(names);
	domain_list_free(&list);
	return rc;
}

int sample_take(struct sample *sample)
{
	struct xen_sysctl_physinfo physical;
	struct host_version version;
	struct timespec now;
	int rc = host_physinfo(&physical);

	*sample = (struct sample){0};
	rc = rc ? rc : host_version(&version);
	rc = rc ? rc : take_domains(sample);
	if (rc) {
		sample_free(sample);
		return rc;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	sample->nanoseconds = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	sample->wall = time(NULL);
	sample->total_kib = physical.total_pages * 4;
	sample->free_kib = physical.free_pages * 4;
	sample->cpus = physical.nr_cpus;
	sample->mhz = physical.cpu_khz / 1000;
	sample->version =
		arena_print(&sample->arena, "%u.%u%s", version.major, version.minor, version.extra);
	take_devices(sample, "/sys/class/net", versionsort, take_net);
	take_devices(sample, "/sys/bus/xen-backend/devices", NULL, take_disk); /* as xentop does */
	return 0;
}
