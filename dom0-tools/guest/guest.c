/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creating guests. */
#include <errno.h>
#include <guest/channel.h>
#include <guest/disk.h>
#include <guest/guest.h>
#include <guest/loop.h>
#include <guest/nic.h>
#include <guest/setup.h>
#include <lib/domain_build.h>
#include <lib/error.h>
#include <lib/host.h>
#include <lib/names.h>
#include <lib/watch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEVICE_SECONDS 60 /* until a back end has to have done its part */
#define EVENT_CHANNELS 1023

/* One that is under way. */
struct making {
	struct domain_config *config;
	struct record record;
	uint8_t uuid[16];
	domid_t domid;
	struct disk *disks;
	struct domain_rings rings;
};

/* --- Before anything is made ---------------------------------------------------------------- */

static int choose_uuid(struct making *m)
{
	const char *text = m->config->uuid;

	return !text			   ? uuid_random(m->uuid)
	       : uuid_parse(text, m->uuid) ? 0
					   : fail(EINVAL, "'%s' is no UUID", text);
}

static int check_file(const char *what, const char *path)
{
	return access(path, R_OK) == 0 ? 0 : fail_errno(errno, "%s '%s'", what, path);
}

/* Where the machine has no such node, nothing can be of it. */
static int check_vnodes(const struct domain_config *config)
{
	struct xen_sysctl_physinfo host;
	int rc = host_physinfo(&host);

	for (size_t i = 0; !rc && i < config->vnode_count; i++) {
		const struct vnode_config *node = &config->vnodes[i];

		if (node->pnode >= host.nr_nodes) {
			rc = fail(
				EINVAL,
				"%s:%u: vnuma: the machine has no node %u; accepted: pnode=0 to pnode=%u",
				node->place.file, node->place.line, node->pnode, host.nr_nodes - 1);
		}
	}
	return rc;
}

int guest_check(struct domain_config *config)
{
	int rc;

	if (!config->kernel) {
		return fail(
			EINVAL,
			"the configuration of '%s' names no kernel (kernel=\"...\"), and boot loaders are not run here",
			config->name);
	}
	rc = check_file("kernel", config->kernel);
	rc = rc || !config->ramdisk ? rc : check_file("ramdisk", config->ramdisk);
	rc = rc || !config->vnode_count ? rc : check_vnodes(config);
	for (size_t i = 0; !rc && i < config->disk_count; i++) {
		rc = disk_check(&config->disks[i]);
	}
	for (size_t i = 0; !rc && i < config->vif_count; i++) {
		rc = nic_check(&config->vifs[i]);
	}
	for (size_t i = 0; !rc && i < config->channel_count; i++) {
		rc = channel_check(&config->channels[i]);
	}
	return rc;
}

/* Domains that others made have no record; their names are in the store alone. */
static int check_name(const char *name)
{
	struct domain_list list;
	int rc = domain_list_all(&list);

	for (unsigned int i = 0; !rc && i < list.count; i++) {
		char uuid[UUID_TEXT], path[128], *other;

		uuid_print(list.info[i].handle, uuid);
		snprintf(path, sizeof(path), RECORD_FOLDER "/%s", uuid);
		other = access(path, F_OK) == 0 ? NULL : name_of(list.info[i].domain);
		if (other && strcmp(other, name) == 0) {
			rc = fail(EEXIST, "the name '%s' is taken by domain %u", name,
				  list.info[i].domain);
		}
		free(other);
	}
	domain_list_free(&list);
	return rc;
}

/* --- Making --------------------------------------------------------------------------------- */

/* The newest that the hypervisor has. */
static int grant_version(const struct domain_config *config, uint32_t *version)
{
	struct xen_sysctl_physinfo host;
	int rc = 0;

	*version = (uint32_t)config->max_grant_version;
	if (config->max_grant_version <= 0) {
		rc = host_physinfo(&host);
		*version = host.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2 ? 2 : 1;
	}
	return rc;
}

static int describe(const struct making *m, struct domain_spec *spec)
{
	const struct domain_config *c = m->config;
	int rc;

	*spec = (struct domain_spec){
		.kernel = c->kernel,
		.ramdisk = c->ramdisk,
		.command_line = c->cmdline,
		.memory_kib = c->memory_kib,
		.memory_max_kib = c->maxmem_kib,
		.vcpus_max = (unsigned int)c->maxvcpus,
		.event_channels = c->max_event_channels > 0 ? (uint32_t)c->max_event_channels
							    : EVENT_CHANNELS,
		.grant_frames = (int32_t)c->max_grant_frames,
		.maptrack = (int32_t)c->max_maptrack_frames,
		.msr_relaxed = c->msr_relaxed,
	};
	memcpy(spec->uuid, m->uuid, sizeof(m->uuid));
	setup_vnuma(c, &spec->vnuma);
	rc = grant_version(c, &spec->grant_version);
	return rc ? rc : setup_pool(c, &spec->cpupool);
}

static int open_disks(struct making *m)
{
	size_t count = m->config->disk_count;
	int rc = 0;

	m->disks = calloc(count + 1, sizeof(*m->disks));
	if (!m->disks) {
		return fail(ENOMEM, "no memory for %zu disks", count);
	}
	for (size_t i = 0; !rc && i < count; i++) {
		rc = disk_open(&m->disks[i], &m->config->disks[i], m->record.uuid);
	}
	return rc;
}

/* In one transaction, so that back ends see devices that are complete. */
static int write_nodes(const struct making *m)
{
	struct nodes nodes;
	int rc;

	do {
		rc = nodes_begin(&nodes);
		if (rc) {
			return rc;
		}
		setup_nodes(&nodes, m->domid, m->record.uuid, m->config, &m->rings);
		for (size_t i = 0; i < m->config->disk_count; i++) {
			disk_nodes(&nodes, m->domid, &m->disks[i]);
		}
		for (size_t i = 0; i < m->config->vif_count; i++) {
			nic_nodes(&nodes, m->domid, &m->config->vifs[i]);
		}
		for (size_t i = 0; i < m->config->channel_count; i++) {
			channel_nodes(&nodes, m->domid, (unsigned int)i + 1,
				      &m->config->channels[i]);
		}
		rc = nodes_end(&nodes);
	} while (rc == -EAGAIN);
	return rc;
}

static int plug_devices(const struct making *m, int listener)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < m->config->disk_count; i++) {
		rc = disk_plug(m->domid, &m->config->disks[i]);
	}
	for (size_t i = 0; !rc && i < m->config->vif_count; i++) {
		rc = nic_plug(listener, m->domid, &m->config->vifs[i], DEVICE_SECONDS);
	}
	return rc;
}

static int build(struct making *m)
{
	struct domain_spec spec;
	int rc;

	rc = describe(m, &spec);
	rc = rc ? rc : domain_create(&spec);
	if (rc < 0) {
		return rc;
	}
	m->domid = (domid_t)rc;
	rc = record_update(&m->record, m->record.state, m->domid);
	rc = rc ? rc : domain_build(m->domid, &spec, &m->rings);
	return rc ? rc : setup_domain(m->domid, m->config);
}

static int connect_to_host(struct making *m)
{
	int listener = m->config->vif_count ? nic_listen() : -1;
	int rc = m->config->vif_count && listener < 0 ? listener : open_disks(m);

	rc = rc ? rc : write_nodes(m);
	if (!rc &&
	    !xs_introduce_domain(store(), m->domid, m->rings.store_frame, m->rings.store_port)) {
		rc = fail_errno(errno, "introducing domain %u to the store", m->domid);
	}
	rc = rc ? rc : plug_devices(m, listener);
	if (listener >= 0) {
		close(listener);
	}
	return rc;
}

/* With a record that is locked for us and says that it is being built. */
static int make(struct making *m, enum record_state then)
{
	int rc = build(m);

	rc = rc ? rc : connect_to_host(m);
	rc = rc ? rc : record_update(&m->record, then, m->domid);
	free(m->disks);
	return rc ? fail_in(rc, "creating '%s'", m->config->name) : 0;
}

int guest_create(struct domain_config *config, bool alone)
{
	struct making m = {.config = config};
	char uuid[UUID_TEXT];
	int rc = choose_uuid(&m);

	uuid_print(m.uuid, uuid);
	rc = rc ? rc : store() ? guest_check(config) : -ENOTCONN;
	rc = rc ? rc : check_name(config->name);
	rc = rc ? rc : record_create(&m.record, uuid, config);
	if (rc) {
		return rc;
	}
	rc = make(&m, alone ? RECORD_ALONE : RECORD_LIVE);
	if (rc) {
		guest_undo(&m.record);
		return rc;
	}
	record_close(&m.record);
	return m.domid;
}

/* Killed anywhere in it, we begin again: the record says "restarting" until the new domain runs. */
int guest_restart(struct record *record)
{
	struct domain_config config;
	struct making m = {.config = &config};
	int rc = record_config(record, &config);

	rc = rc					? rc
	     : uuid_parse(record->uuid, m.uuid) ? 0
						: fail(EINVAL, "'%s' is no UUID", record->uuid);
	rc = rc ? rc : record_update(record, RECORD_RESTARTING, record->domid);
	rc = rc ? rc : guest_clear(record);
	rc = rc ? rc : guest_check(&config);
	m.record = *record;
	rc = rc ? rc : make(&m, RECORD_RESTARTING);
	rc = rc ? rc : domain_unpause(m.domid);
	rc = rc < 0 ? rc : record_update(record, RECORD_LIVE, m.domid);
	config_free(&config);
	return rc;
}
