/* SPDX-License-Identifier: GPL-2.0-or-later */
/* c_info is of the domain itself, b_info of what it is built of, then lists of devices and actions.
 */
#include <cli/config_json.h>
#include <cli/json.h>

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
	json_number("max_memkb", (int64_t)config->maxmem_kib);
	json_number("target_memkb", (int64_t)config->memory_kib);
	json_open("sched_params", '{');
	if (config->cpu_weight) {
		json_number("weight", config->cpu_weight);
	}
	json_number("cap", config->cap);
	json_close();
	json_string("kernel", config->kernel);
	json_string("ramdisk", config->ramdisk);
	json_string("cmdline", config->cmdline);
	json_string("bootloader", config->bootloader);
	json_number("event_channels", config->max_event_channels);
	json_number("max_grant_frames", config->max_grant_frames);
	json_number("max_maptrack_frames", config->max_maptrack_frames);
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
	json_string("backend_domname", disk->backend);
	json_string("format", "raw");
	json_string("script", disk->script);
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
	json_string("mac", vif->has_mac ? mac : NULL);
	json_string("bridge", vif->bridge);
	json_string("ip", vif->ip);
	json_string("script", vif->script);
	json_string("ifname", vif->vifname);
	json_string("gatewaydev", vif->gatewaydev);
	json_string("backend_domname", vif->backend);
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
		json_string("path", channel->path);
		json_close();
	}
	json_close();
}

void config_json(const struct domain_config *config)
{
	json_open(NULL, '{');
	json_open("c_info", '{');
	json_string("type", "pv");
	json_string("name", config->name);
	json_string("uuid", config->uuid);
	json_string("pool_name", config->pool);
	json_close();
	build_json(config);
	devices_json(config);
	json_string("on_poweroff", domain_action_names[config->on_poweroff]);
	json_string("on_reboot", domain_action_names[config->on_reboot]);
	json_string("on_watchdog", domain_action_names[config->on_watchdog]);
	json_string("on_crash", domain_action_names[config->on_crash]);
	json_string("on_soft_reset", domain_action_names[config->on_soft_reset]);
	json_close();
}
