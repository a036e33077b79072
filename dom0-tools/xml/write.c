/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration as domain XML: elements and their order are those of libvirt's own conversion.
 * What XML has no word for is left out.
 */
#include <libxml/xmlwriter.h>
#include <string.h>
#include <sys/stat.h>
#include <xml/xml.h>

#define X(text) ((const xmlChar *)(text))

static void open_element(xmlTextWriter *xml, const char *name)
{
	xmlTextWriterStartElement(xml, X(name));
}

static void close_element(xmlTextWriter *xml)
{
	xmlTextWriterEndElement(xml);
}

static void attribute(xmlTextWriter *xml, const char *name, const char *value)
{
	if (value) {
		xmlTextWriterWriteAttribute(xml, X(name), X(value));
	}
}

static void attribute_number(xmlTextWriter *xml, const char *name, long long value)
{
	xmlTextWriterWriteFormatAttribute(xml, X(name), "%lld", value);
}

/* <name>text</name>, if there is a text */
static void element(xmlTextWriter *xml, const char *name, const char *text)
{
	if (text) {
		xmlTextWriterWriteElement(xml, X(name), X(text));
	}
}

/* <name key='value'/>, if there is a value */
static void element_with(xmlTextWriter *xml, const char *name, const char *key, const char *value)
{
	if (value) {
		open_element(xml, name);
		attribute(xml, key, value);
		close_element(xml);
	}
}

static void write_kib(xmlTextWriter *xml, const char *name, uint64_t kib)
{
	open_element(xml, name);
	attribute(xml, "unit", "KiB");
	xmlTextWriterWriteFormatString(xml, "%llu", (unsigned long long)kib);
	close_element(xml);
}

/* "0-3,^1": XML has no words for nodes, so that a list with nodes is left out. */
static const char *cpuset(const struct cpu_list *list, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count; i++) {
		const struct cpu_range *range = &list->ranges[i];

		if (range->nodes || range->last == CPU_LAST || used >= size) {
			return NULL;
		}
		used += (size_t)snprintf(text + used, size - used, "%s%s%u", used ? "," : "",
					 range->exclude ? "^" : "", range->first);
		if (range->last != range->first && used < size) {
			used += (size_t)snprintf(text + used, size - used, "-%u", range->last);
		}
	}
	return used < size ? text : NULL;
}

static void write_cpus(xmlTextWriter *xml, const struct domain_config *config)
{
	const struct cpu_affinity *cpus = &config->cpus;
	char text[1024];

	open_element(xml, "vcpu");
	attribute(xml, "placement", "static");
	if (cpus->count && !cpus->per_vcpu) {
		attribute(xml, "cpuset", cpuset(&cpus->lists[0], text, sizeof(text)));
	}
	if (config->vcpus != config->maxvcpus) {
		attribute_number(xml, "current", config->vcpus);
	}
	xmlTextWriterWriteFormatString(xml, "%lld", config->maxvcpus);
	close_element(xml);
	if (!config->cpu_weight && !(cpus->per_vcpu && cpus->count)) {
		return;
	}
	open_element(xml, "cputune");
	if (config->cpu_weight) {
		xmlTextWriterWriteFormatElement(xml, X("shares"), "%lld", config->cpu_weight);
	}
	for (size_t i = 0; cpus->per_vcpu && i < cpus->count; i++) {
		open_element(xml, "vcpupin");
		attribute_number(xml, "vcpu", (long long)i);
		attribute(xml, "cpuset", cpuset(&cpus->lists[i], text, sizeof(text)));
		close_element(xml);
	}
	close_element(xml);
}

static void write_boot(xmlTextWriter *xml, const struct domain_config *config)
{
	element(xml, "bootloader", config->bootloader);
	if (config->bootloader_args.count) {
		open_element(xml, "bootloader_args");
		for (size_t i = 0; i < config->bootloader_args.count; i++) {
			xmlTextWriterWriteFormatString(xml, "%s%s", i ? " " : "",
						       config->bootloader_args.items[i]);
		}
		close_element(xml);
	}
	open_element(xml, "os");
	open_element(xml, "type");
	attribute(xml, "arch", "x86_64");
	attribute(xml, "machine", "xenpv");
	xmlTextWriterWriteString(xml, X("linux"));
	close_element(xml);
	element(xml, "kernel", config->kernel);
	element(xml, "initrd", config->ramdisk);
	element(xml, "cmdline", config->cmdline);
	close_element(xml);
}

static void write_features(xmlTextWriter *xml, const struct domain_config *config)
{
	if (config->e820_host) {
		open_element(xml, "features");
		open_element(xml, "xen");
		element_with(xml, "e820_host", "state", "on");
		close_element(xml);
		close_element(xml);
	}
}

static void write_feature(xmlTextWriter *xml, const char *text, size_t length)
{
	size_t name_length = strcspn(text, "=,");
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)name_length, text);
	open_element(xml, "feature");
	attribute(xml, "policy",
		  name_length == length || text[name_length + 1] == '1' ? "force"
		  : text[name_length + 1] == '0'			? "disable"
									: "optional");
	attribute(xml, "name", feature_for_xml(name));
	close_element(xml);
}

/* "host,x=1,y=0" as features of a CPU; masks of whole registers have no element. */
static void write_cpuid(xmlTextWriter *xml, const char *policy)
{
	attribute(xml, "mode", "host-passthrough");
	for (const char *at = policy + 4; *at == ','; at += strcspn(at, ",")) {
		at++;
		write_feature(xml, at, strcspn(at, ","));
	}
}

static void write_cell(xmlTextWriter *xml, const struct vnode_config *node, size_t number)
{
	char text[1024];

	open_element(xml, "cell");
	attribute_number(xml, "id", (long long)number);
	attribute(xml, "cpus", cpuset(&node->vcpus, text, sizeof(text)));
	attribute_number(xml, "memory", (long long)node->kib);
	attribute(xml, "unit", "KiB");
	open_element(xml, "distances");
	for (size_t i = 0; i < node->distance_count; i++) {
		open_element(xml, "sibling");
		attribute_number(xml, "id", (long long)i);
		attribute_number(xml, "value", node->distances[i]);
		close_element(xml);
	}
	close_element(xml);
	close_element(xml);
}

static void write_cpu(xmlTextWriter *xml, const struct domain_config *config)
{
	const char *policy = config->cpuid.count == 1 ? config->cpuid.items[0] : "";
	bool features = strncmp(policy, "host,", 5) == 0;

	if (!features && !config->vnode_count) {
		return;
	}
	open_element(xml, "cpu");
	if (features) {
		write_cpuid(xml, policy);
	}
	if (config->vnode_count) {
		open_element(xml, "numa");
		for (size_t i = 0; i < config->vnode_count; i++) {
			write_cell(xml, &config->vnodes[i], i);
		}
		close_element(xml);
	}
	close_element(xml);
}

static void write_clock(xmlTextWriter *xml, const struct domain_config *config)
{
	static const char *const modes[] = {NULL, "emulate", "native", "paravirt"};

	open_element(xml, "clock");
	if (config->rtc_timeoffset && !config->localtime) {
		attribute(xml, "offset", "variable");
		attribute_number(xml, "adjustment", config->rtc_timeoffset);
	} else {
		attribute(xml, "offset", config->localtime ? "localtime" : "utc");
		attribute(xml, "adjustment", "reset");
	}
	if (modes[config->tsc_mode]) {
		open_element(xml, "timer");
		attribute(xml, "name", "tsc");
		attribute(xml, "present", "yes");
		attribute(xml, "mode", modes[config->tsc_mode]);
		close_element(xml);
	}
	close_element(xml);
}

/* Each event has actions that libvirt takes for it; others are left out. */
static void write_action(xmlTextWriter *xml, const char *name, enum domain_action action,
			 enum domain_action last)
{
	if (action <= last) {
		element(xml, name, domain_action_names[action]);
	}
}

static void write_actions(xmlTextWriter *xml, const struct domain_config *config)
{
	write_action(xml, "on_poweroff", config->on_poweroff, ACTION_PRESERVE);
	write_action(xml, "on_reboot", config->on_reboot, ACTION_PRESERVE);
	write_action(xml, "on_crash", config->on_crash, ACTION_COREDUMP_RESTART);
}

/* Without backendtype=phy a disk is a file of QEMU's to libvirt, be it a device or not. */
static void write_disk(xmlTextWriter *xml, const struct disk_config *disk)
{
	bool phy = disk->backend_type == DISK_BACKEND_PHY;

	open_element(xml, "disk");
	attribute(xml, "type", phy ? "block" : "file");
	attribute(xml, "device", disk->cdrom ? "cdrom" : "disk");
	open_element(xml, "driver");
	attribute(xml, "name", phy ? "phy" : "qemu");
	attribute(xml, "type", "raw");
	close_element(xml);
	element_with(xml, "source", phy ? "dev" : "file", disk->target);
	element_with(xml, "backenddomain", "name", disk->backend);
	element_with(xml, "script", "path", disk->script);
	open_element(xml, "target");
	attribute(xml, "dev", disk->vdev);
	attribute(xml, "bus", "xen");
	close_element(xml);
	if (!disk->writable) {
		open_element(xml, "readonly");
		close_element(xml);
	}
	if (disk->shared) {
		open_element(xml, "shareable");
		close_element(xml);
	}
	close_element(xml);
}

/* An Open vSwitch bridge with its VLANs, "ovs0.10" or "ovs0:10:11", where its script is named. */
static void write_switch(xmlTextWriter *xml, const char *bridge)
{
	size_t length = strcspn(bridge, ".:");
	bool trunk = bridge[length] == ':';
	const char *at = bridge + length;

	open_element(xml, "source");
	xmlTextWriterWriteFormatAttribute(xml, X("bridge"), "%.*s", (int)length, bridge);
	close_element(xml);
	if (*at) {
		open_element(xml, "vlan");
		attribute(xml, "trunk", trunk ? "yes" : NULL);
		while (*at) {
			length = strcspn(++at, ":");
			open_element(xml, "tag");
			xmlTextWriterWriteFormatAttribute(xml, X("id"), "%.*s", (int)length, at);
			close_element(xml);
			at += length;
		}
		close_element(xml);
	}
	element_with(xml, "virtualport", "type", "openvswitch");
}

static void write_addresses(xmlTextWriter *xml, const struct vif_config *vif)
{
	char text[512];
	char *at = text;
	char *word;

	if (vif->ip && snprintf(text, sizeof(text), "%s", vif->ip) < (int)sizeof(text)) {
		while ((word = strsep(&at, " "))) {
			if (*word) {
				open_element(xml, "ip");
				attribute(xml, "address", word);
				attribute(xml, "family", strchr(word, ':') ? "ipv6" : "ipv4");
				close_element(xml);
			}
		}
	}
}

static void write_interface(xmlTextWriter *xml, const struct vif_config *vif)
{
	const uint8_t *mac = vif->mac;
	bool vswitch = vif->bridge && vif->script && strcmp(vif->script, VSWITCH_SCRIPT) == 0;

	open_element(xml, "interface");
	attribute(xml, "type", vif->bridge ? "bridge" : "ethernet");
	if (vif->has_mac) {
		open_element(xml, "mac");
		xmlTextWriterWriteFormatAttribute(xml, X("address"),
						  "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
						  mac[2], mac[3], mac[4], mac[5]);
		close_element(xml);
	}
	if (vswitch) {
		write_switch(xml, vif->bridge);
	} else {
		element_with(xml, "source", "bridge", vif->bridge);
	}
	write_addresses(xml, vif);
	element_with(xml, "script", "path", vif->script);
	element_with(xml, "target", "dev", vif->vifname);
	element_with(xml, "backenddomain", "name", vif->backend);
	if (vif->mtu) {
		open_element(xml, "mtu");
		attribute_number(xml, "size", vif->mtu);
		close_element(xml);
	}
	if (vif->rate_usecs) {
		open_element(xml, "bandwidth");
		open_element(xml, "outbound");
		attribute_number(xml, "average",
				 (long long)(vif->rate_bytes * 1000 / vif->rate_usecs));
		close_element(xml);
		close_element(xml);
	}
	close_element(xml);
}

static void write_channel(xmlTextWriter *xml, const struct channel_config *channel)
{
	open_element(xml, "channel");
	attribute(xml, "type", channel->connection == CHANNEL_SOCKET ? "unix" : "pty");
	if (channel->path) {
		open_element(xml, "source");
		attribute(xml, "mode", "bind");
		attribute(xml, "path", channel->path);
		close_element(xml);
	}
	open_element(xml, "target");
	attribute(xml, "type", "xen");
	attribute(xml, "name", channel->name);
	close_element(xml);
	close_element(xml);
}

static void write_devices(xmlTextWriter *xml, const struct domain_config *config)
{
	open_element(xml, "devices");
	for (size_t i = 0; i < config->disk_count; i++) {
		write_disk(xml, &config->disks[i]);
	}
	open_element(xml, "controller");
	attribute(xml, "type", "xenbus");
	attribute(xml, "index", "0");
	if (config->max_grant_frames >= 0) {
		attribute_number(xml, "maxGrantFrames", config->max_grant_frames);
	}
	if (config->max_event_channels != CONFIG_EVENT_CHANNELS) {
		attribute_number(xml, "maxEventChannels", config->max_event_channels);
	}
	close_element(xml);
	for (size_t i = 0; i < config->vif_count; i++) {
		write_interface(xml, &config->vifs[i]);
	}
	open_element(xml, "console");
	attribute(xml, "type", "pty");
	open_element(xml, "target");
	attribute(xml, "type", "xen");
	attribute(xml, "port", "0");
	close_element(xml);
	close_element(xml);
	for (size_t i = 0; i < config->channel_count; i++) {
		write_channel(xml, &config->channels[i]);
	}
	close_element(xml);
}

bool xml_write(const struct domain_config *config, FILE *out)
{
	xmlBuffer *buffer = xmlBufferCreate();
	xmlTextWriter *xml = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
	bool good = false;

	if (xml) {
		xmlTextWriterSetIndent(xml, 1);
		xmlTextWriterSetIndentString(xml, X("  "));
		xmlTextWriterSetQuoteChar(xml, '\'');
		open_element(xml, "domain");
		attribute(xml, "type", "xen");
		element(xml, "name", config->name);
		element(xml, "uuid", config->uuid);
		write_kib(xml, "memory", config->maxmem_kib);
		write_kib(xml, "currentMemory", config->memory_kib);
		write_cpus(xml, config);
		write_boot(xml, config);
		write_features(xml, config);
		write_cpu(xml, config);
		write_clock(xml, config);
		write_actions(xml, config);
		write_devices(xml, config);
		close_element(xml);
		good = xmlTextWriterEndDocument(xml) >= 0;
		xmlFreeTextWriter(xml);
		good = good && fputs((const char *)xmlBufferContent(buffer), out) >= 0;
	}
	xmlBufferFree(buffer);
	return good;
}
