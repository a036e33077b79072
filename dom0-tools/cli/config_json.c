/* SPDX-License-Identifier: GPL-2.0-or-later */
/* c_info is of the domain itself, b_info of what it is built of, then lists of devices and actions.
 */
#include <cli/config_json.h>
#include <cli/json.h>
#include <stdio.h>
#include <string.h>

/* What was not said is left out. */
static void text_json(const char *key, const char *text)
{
	if (text) {
		json_string(key, text);
	}
}

/* Where xl.cfg has hyphens, the words of JSON have underscores. */
static void action_json(const char *key, enum domain_action action)
{
	char text[32];

	snprintf(text, sizeof(text), "%s", domain_action_names[action]);
	for (char *at = text; (at = strchr(at, '-')); *at = '_') {
	}
	json_string(key, text);
}

/* As written: how many CPUs and nodes there are is not known here. */
static void affinity_json(const char *key, const struct cpu_affinity *affinity)
{
	if (affinity->count == 0) {
		return;
	}
	json_open(key, '[');
	for (size_t i = 0; i < affinity->count; i++) {
		json_open(NULL, '[');
		for (size_t j = 0; j < affinity->lists[i].count; j++) {
			const struct cpu_range *range = &affinity->lists[i].ranges[j];

			json_open(NULL, '{');
			json_number(range->nodes ? "node_first" : "first", range->first);
			json_number(range->nodes ? "node_last" : "last", range->last);
			json_bool("exclude", range->exclude);
			json_close();
		}
		json_close();
	}
	json_close();
}

/* As libxl's: memory, distances, the machine's node, and which vCPUs. */
static void vnodes_json(const struct domain_config *config)
{
	json_open("vnuma_nodes", '[');
	for (size_t i = 0; i < config->vnode_count; i++) {
		const struct vnode_config *node = &config->vnodes[i];

		json_open(NULL, '{');
		json_number("memkb", (int64_t)node->kib);
		json_open("distances", '[');
		for (size_t j = 0; j < node->distance_count; j++) {
			json_number(NULL, node->distances[j]);
		}
		json_close();
		json_number("pnode", node->pnode);
		json_open("vcpus", '[');
		for (unsigned int vcpu = 0; vcpu < config->maxvcpus; vcpu++) {
			if (vnode_has_vcpu(node, vcpu)) {
				json_number(NULL, vcpu);
			}
		}
		json_close();
		json_close();
	}
	json_close();
}

static void build_json(const struct domain_config *config)
{
	json_open("b_info", '{');
	json_number("max_vcpus", config->maxvcpus);
	json_open("avail_vcpus", '[');
	for (long long i = 0; i < config->vcpus; i++) {
		json_number(NULL, i);
	}
	json_close();
	affinity_json("vcpu_hard_affinity", &config->cpus);
	affinity_json("vcpu_soft_affinity", &config->cpus_soft);
	if (config->vnode_count) {
		vnodes_json(config);
	}
	json_number("max_memkb", (int64_t)config->maxmem_kib);
	json_number("target_memkb", (int64_t)config->memory_kib);
	json_open("sched_params", '{');
	if (config->cpu_weight) {
		json_number("weight", config->cpu_weight);
	}
	json_number("cap", config->cap);
	json_close();
	text_json("kernel", config->kernel);
	text_json("ramdisk", config->ramdisk);
	text_json("cmdline", config->cmdline);
	text_json("bootloader", config->bootloader);
	json_number("event_channels", config->max_event_channels);
	if (config->max_grant_frames >= 0) {
		json_number("max_grant_frames", config->max_grant_frames);
	}
	if (config->max_maptrack_frames >= 0) {
		json_number("max_maptrack_frames", config->max_maptrack_frames);
	}
	json_bool("localtime", config->localtime);
	json_open("type.pv", '{');
	json_bool("e820_host", config->e820_host);
	json_close();
	json_close();
}

static void disk_json(const struct disk_config *disk)
{
	static const char *const backends[] = {"unknown", "phy", "qdisk"};

	json_open(NULL, '{');
	json_string("pdev_path", disk->target);
	json_string("vdev", disk->vdev);
	json_string("backend", backends[disk->backend_type]);
	text_json("backend_domname", disk->backend);
	json_string("format", "raw");
	text_json("script", disk->script);
	json_bool("removable", disk->cdrom);
	json_bool("readwrite", disk->writable);
	json_bool("is_cdrom", disk->cdrom);
	json_bool("direct_io_safe", disk->direct_io_safe);
	json_bool("discard_enable", disk->discard);
	json_bool("trusted", disk->trusted);
	json_close();
}

static void nic_json(const struct vif_config *vif)
{
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", vif->mac[0], vif->mac[1],
		 vif->mac[2], vif->mac[3], vif->mac[4], vif->mac[5]);
	json_open(NULL, '{');
	json_number("devid", vif->devid);
	text_json("mac", vif->has_mac ? mac : NULL);
	text_json("bridge", vif->bridge);
	text_json("ip", vif->ip);
	text_json("script", vif->script);
	text_json("ifname", vif->vifname);
	text_json("gatewaydev", vif->gatewaydev);
	text_json("backend_domname", vif->backend);
	json_number("mtu", vif->mtu);
	json_number("rate_bytes_per_interval", (int64_t)vif->rate_bytes);
	json_number("rate_interval_usecs", vif->rate_usecs);
	json_bool("trusted", vif->trusted);
	json_close();
}

static void devices_json(const struct domain_config *config)
{
	json_open("disks", '[');
	for (size_t i = 0; i < config->disk_count; i++) {
		disk_json(&config->disks[i]);
	}
	json_close();
	json_open("nics", '[');
	for (size_t i = 0; i < config->vif_count; i++) {
		nic_json(&config->vifs[i]);
	}
	json_close();
	json_open("channels", '[');
	for (size_t i = 0; i < config->channel_count; i++) {
		const struct channel_config *channel = &config->channels[i];

		json_open(NULL, '{');
		json_string("name", channel->name);
		json_string("connection", channel->connection == CHANNEL_SOCKET ? "socket" : "pty");
		text_json("path", channel->path);
		json_close();
	}
	json_close();
}

void config_json(const char *key, const struct domain_config *config)
{
	json_open(key, '{');
	json_open("c_info", '{');
	json_string("type", "pv");
	json_string("name", config->name);
	text_json("uuid", config->uuid);
	text_json("pool_name", config->pool);
	json_close();
	build_json(config);
	devices_json(config);
	action_json("on_poweroff", config->on_poweroff);
	action_json("on_reboot", config->on_reboot);
	action_json("on_watchdog", config->on_watchdog);
	action_json("on_crash", config->on_crash);
	action_json("on_soft_reset", config->on_soft_reset);
	json_close();
}
