/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domain XML to settings: each element becomes what xl.cfg would say, with the element's line, and
 * is then read and checked as that. Elements that nothing here heeds are told of.
 */
#include <config/parse.h>
#include <config/syntax.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>
#include <xml/xml.h>

struct source {
	const char *file;
	struct arena *arena;
	struct messages *messages;
	struct setting *settings;
	struct place device; /* that is being read */
};

static struct place place_of(const struct source *source, const xmlNode *node)
{
	return (struct place){source->file, (unsigned int)xmlGetLineNo(node)};
}

#define warn(source, node, ...) \
	messages_add((source)->messages, MESSAGE_WARNING, place_of(source, node), __VA_ARGS__)
#define refuse(source, node, ...) \
	messages_add((source)->messages, MESSAGE_ERROR, place_of(source, node), __VA_ARGS__)

static bool is(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* The next element of that name from `node` on; NULL: of any name. */
static xmlNode *element(xmlNode *node, const char *name)
{
	while (node && (node->type != XML_ELEMENT_NODE || (name && !is(node, name)))) {
		node = node->next;
	}
	return node;
}

static xmlNode *child(xmlNode *node, const char *name)
{
	return node ? element(node->children, name) : NULL;
}

static const char *kept(struct source *source, xmlChar *text)
{
	const char *copy = NULL;

	if (text) {
		const char *start = (const char *)text;
		size_t size;

		start += strspn(start, " \t\r\n");
		for (size = strlen(start); size && strchr(" \t\r\n", start[size - 1]); size--) {
		}
		copy = arena_text(source->arena, start, size);
		xmlFree(text);
	}
	return copy;
}

/* An attribute, or the text of an element; NULL if it is not there. */
static const char *attribute(struct source *source, xmlNode *node, const char *name)
{
	return node ? kept(source, xmlGetProp(node, (const xmlChar *)name)) : NULL;
}

static const char *text_of(struct source *source, xmlNode *node)
{
	return node ? kept(source, xmlNodeGetContent(node)) : NULL;
}

/* The setting of a key, made if it is not there. */
static struct setting *setting(struct source *source, const char *key, const xmlNode *node)
{
	struct setting **link = &source->settings;

	while (*link && strcmp((*link)->key, key) != 0) {
		link = &(*link)->next;
	}
	if (!*link) {
		*link = arena_alloc(source->arena, sizeof(**link));
		(*link)->key = key;
		(*link)->place = place_of(source, node);
		(*link)->value = arena_alloc(source->arena, sizeof(struct value));
		(*link)->value->place = (*link)->place;
	}
	return *link;
}

static void set(struct source *source, const char *key, const xmlNode *node, const char *text)
{
	if (text) {
		setting(source, key, node)->value->text = text;
	}
}

static void add(struct source *source, const char *key, const xmlNode *node, const char *text)
{
	struct value *list = setting(source, key, node)->value;
	struct value **end = &list->items;

	while (*end) {
		end = &(*end)->next;
	}
	list->kind = VALUE_LIST;
	*end = arena_alloc(source->arena, sizeof(**end));
	(*end)->text = text;
	(*end)->place = place_of(source, node);
}

/* One more option of a specification; only a target, which is the last, may have a comma. */
static const char *join(struct source *source, const char *text, const char *name,
			const char *value)
{
	if (value && strchr(value, ',') && strcmp(name, "target") != 0) {
		messages_add(source->messages, MESSAGE_ERROR, source->device,
			     "%s=%s: a comma cannot be said here", name, value);
	}
	return value ? arena_print(source->arena, "%s%s%s=%s", text, *text ? ", " : "", name, value)
		     : text;
}

/* <memory unit='MiB'>512</memory> as KiB. */
static void read_memory(struct source *source, const char *key, xmlNode *node)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {{"b", 1},		{"bytes", 1},	    {"KB", 1000},
		     {"k", 1 << 10},	{"KiB", 1 << 10},   {"MB", 1000000},
		     {"M", 1 << 20},	{"MiB", 1 << 20},   {"GB", 1000000000},
		     {"G", 1 << 30},	{"GiB", 1 << 30},   {"TB", 1000000000000},
		     {"T", 1ULL << 40}, {"TiB", 1ULL << 40}};
	const char *unit = attribute(source, node, "unit");
	const char *text = text_of(source, node);
	unsigned long long number;

	for (size_t i = 0; text && i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(unit ? unit : "KiB", units[i].name) == 0 &&
		    number_parse(text, 10, (1ULL << 53) / units[i].bytes, &number)) {
			number = number * units[i].bytes / 1024;
			set(source, key, node, arena_print(source->arena, "%lluk", number));
			return;
		}
	}
	if (text) {
		refuse(source, node,
		       "<%s unit='%s'>%s; accepted: a number of b, KiB, MiB, GiB or TiB",
		       node->name, unit ? unit : "", text);
	}
}

static void read_vcpu(struct source *source, xmlNode *domain)
{
	xmlNode *vcpu = child(domain, "vcpu");
	xmlNode *tune = child(domain, "cputune");

	set(source, "maxvcpus", vcpu, text_of(source, vcpu));
	set(source, "vcpus", vcpu, attribute(source, vcpu, "current"));
	set(source, "cpus", vcpu, attribute(source, vcpu, "cpuset"));
	for (xmlNode *at = child(tune, NULL); at; at = element(at->next, NULL)) {
		if (is(at, "shares")) {
			set(source, "cpu_weight", at, text_of(source, at));
		} else if (is(at, "vcpupin")) {
			struct value *list = setting(source, "cpus", at)->value;
			const char *number = attribute(source, at, "vcpu");
			const char *cpuset;
			unsigned int next = 0;

			for (const struct value *item = list->items; item; item = item->next) {
				next++;
			}
			if (!number || strtoul(number, NULL, 10) != next) {
				refuse(source, at,
				       "<vcpupin vcpu='%s'>: the pins start with vCPU 0 and go on without a gap",
				       number ? number : "");
			}
			cpuset = attribute(source, at, "cpuset");
			add(source, "cpus", at, cpuset ? cpuset : "");
		} else {
			warn(source, at, "<%s> is not served; ignored", at->name);
		}
	}
}

static void read_os(struct source *source, xmlNode *domain)
{
	xmlNode *os = child(domain, "os");
	const char *type = text_of(source, child(os, "type"));

	if (!type || (strcmp(type, "linux") != 0 && strcmp(type, "xen") != 0 &&
		      strcmp(type, "xenpv") != 0)) {
		refuse(source, os ? os : domain,
		       "<os><type>%s: Parvus runs PV guests only; accepted: linux",
		       type ? type : "");
	}
	set(source, "kernel", child(os, "kernel"), text_of(source, child(os, "kernel")));
	set(source, "ramdisk", child(os, "initrd"), text_of(source, child(os, "initrd")));
	set(source, "root", child(os, "root"), text_of(source, child(os, "root")));
	set(source, child(os, "root") ? "extra" : "cmdline", child(os, "cmdline"),
	    text_of(source, child(os, "cmdline")));
	set(source, "bootloader", child(domain, "bootloader"),
	    text_of(source, child(domain, "bootloader")));
	set(source, "bootloader_args", child(domain, "bootloader_args"),
	    text_of(source, child(domain, "bootloader_args")));
}

static void read_clock(struct source *source, xmlNode *clock)
{
	static const char *const modes[][2] = {{"auto", "default"},
					       {"emulate", "always_emulate"},
					       {"native", "native"},
					       {"paravirt", "native_paravirt"}};
	const char *offset = attribute(source, clock, "offset");
	const char *seconds = attribute(source, clock, "adjustment");

	if (offset && strcmp(offset, "localtime") == 0) {
		set(source, "localtime", clock, "1");
	}
	if (offset && strcmp(offset, "variable") == 0 && seconds && strcmp(seconds, "reset") != 0) {
		set(source, "rtc_timeoffset", clock, seconds);
	}
	for (xmlNode *timer = child(clock, "timer"); timer; timer = element(timer->next, "timer")) {
		const char *name = attribute(source, timer, "name");
		const char *mode = attribute(source, timer, "mode");
		const char *xen = mode;

		for (size_t i = 0; mode && i < 4; i++) {
			xen = strcmp(modes[i][0], mode) == 0 ? modes[i][1] : xen;
		}
		if (name && strcmp(name, "tsc") == 0) {
			set(source, "tsc_mode", timer, xen);
		}
	}
}

/* <cpu><feature policy='disable' name='x'/></cpu> as "host,x=0". */
static void read_cpu(struct source *source, xmlNode *cpu)
{
	const char *policy = "host";

	for (xmlNode *at = child(cpu, "feature"); at; at = element(at->next, "feature")) {
		const char *how = attribute(source, at, "policy");
		const char *name = attribute(source, at, "name");
		bool on = how && (strcmp(how, "force") == 0 || strcmp(how, "require") == 0);
		bool off = how && (strcmp(how, "disable") == 0 || strcmp(how, "forbid") == 0);

		if (name && (on || off)) {
			policy = arena_print(source->arena, "%s,%s=%c", policy, name,
					     on ? '1' : '0');
		}
	}
	if (strcmp(policy, "host") != 0) {
		add(source, "cpuid", cpu, policy);
	}
	if (child(cpu, "numa")) {
		set(source, "vnuma", child(cpu, "numa"), "numa");
	}
}

static void read_features(struct source *source, xmlNode *features)
{
	xmlNode *xen = child(features, "xen");
	const char *e820 = attribute(source, child(xen, "e820_host"), "state");

	if (e820 && strcmp(e820, "on") == 0) {
		set(source, "e820_host", xen, "1");
	}
	set(source, "passthrough", child(xen, "passthrough"),
	    attribute(source, child(xen, "passthrough"), "state"));
}

static void read_disk(struct source *source, xmlNode *disk)
{
	xmlNode *from = child(disk, "source");
	xmlNode *driver = child(disk, "driver");
	const char *device = attribute(source, disk, "device");
	const char *format = attribute(source, driver, "type");
	const char *name = attribute(source, driver, "name");
	const char *target = attribute(source, from, "file");
	const char *spec = "";

	target = target ? target : attribute(source, from, "dev");
	if (!target && from) {
		refuse(source, disk, "<disk type='%s'> is not served; accepted: file, block",
		       attribute(source, disk, "type"));
		return;
	}
	spec = join(source, spec, "format", format && strcmp(format, "aio") != 0 ? format : NULL);
	spec = join(source, spec, "vdev", attribute(source, child(disk, "target"), "dev"));
	if (child(disk, "readonly") || (device && strcmp(device, "cdrom") == 0)) {
		spec = join(source, spec, "access", "ro");
	} else {
		spec = join(source, spec, "access", child(disk, "shareable") ? "w!" : "rw");
	}
	spec = join(source, spec, "devtype", device);
	spec = join(source, spec, "backend",
		    attribute(source, child(disk, "backenddomain"), "name"));
	if (name && strcmp(name, "phy") == 0) {
		spec = join(source, spec, "backendtype", name);
	}
	spec = join(source, spec, "script", attribute(source, child(disk, "script"), "path"));
	add(source, "disk", disk, join(source, spec, "target", target));
}

static void read_interface(struct source *source, xmlNode *interface)
{
	const char *type = attribute(source, interface, "type");
	const char *bridge = attribute(source, child(interface, "source"), "bridge");
	const char *average =
		attribute(source, child(child(interface, "bandwidth"), "outbound"), "average");
	const char *spec = "";
	const char *ips = NULL;

	if (type && strcmp(type, "network") == 0 && !bridge) {
		refuse(source, interface,
		       "<interface type='network'>: only libvirt knows which bridge that is; say <interface type='bridge'> <source bridge='...'/>");
		return;
	}
	spec = join(source, spec, "mac", attribute(source, child(interface, "mac"), "address"));
	spec = join(source, spec, "bridge", bridge);
	spec = join(source, spec, "script", attribute(source, child(interface, "script"), "path"));
	for (xmlNode *ip = child(interface, "ip"); ip; ip = element(ip->next, "ip")) {
		const char *address = attribute(source, ip, "address");

		ips = ips && address ? arena_print(source->arena, "%s %s", ips, address) : address;
	}
	spec = join(source, spec, "ip", ips);
	spec = join(source, spec, "vifname", attribute(source, child(interface, "target"), "dev"));
	spec = join(source, spec, "mtu", attribute(source, child(interface, "mtu"), "size"));
	spec = join(source, spec, "backend",
		    attribute(source, child(interface, "backenddomain"), "name"));
	if (average) {
		spec = join(source, spec, "rate", arena_print(source->arena, "%sKB/s", average));
	}
	add(source, "vif", interface, spec);
}

static void read_channel(struct source *source, xmlNode *channel)
{
	const char *type = attribute(source, channel, "type");
	const char *spec = "";

	spec = join(source, spec, "connection",
		    type && strcmp(type, "unix") == 0 ? "socket" : type);
	spec = join(source, spec, "name", attribute(source, child(channel, "target"), "name"));
	add(source, "channel", channel,
	    join(source, spec, "path", attribute(source, child(channel, "source"), "path")));
}

static void read_controller(struct source *source, xmlNode *controller)
{
	const char *type = attribute(source, controller, "type");

	if (type && strcmp(type, "xenbus") == 0) {
		set(source, "max_event_channels", controller,
		    attribute(source, controller, "maxEventChannels"));
		set(source, "max_grant_frames", controller,
		    attribute(source, controller, "maxGrantFrames"));
	} else if (type && strcmp(type, "usb") == 0) {
		add(source, "usbctrl", controller, "usb");
	}
}

static void read_hostdev(struct source *source, xmlNode *hostdev)
{
	const char *type = attribute(source, hostdev, "type");

	add(source, type && strcmp(type, "usb") == 0 ? "usbdev" : "pci", hostdev, "hostdev");
}

static void read_graphics(struct source *source, xmlNode *graphics)
{
	add(source, "vfb", graphics, "vfb");
}

/* The guest's console is there in any case; the rest says how others would emulate a machine. */
static void read_nothing(struct source *source, xmlNode *node)
{
}

static const struct {
	const char *name;
	void (*read)(struct source *source, xmlNode *node);
} device_readers[] = {
	{"disk", read_disk},	   {"interface", read_interface}, {"channel", read_channel},
	{"hostdev", read_hostdev}, {"graphics", read_graphics},	  {"controller", read_controller},
	{"console", read_nothing}, {"emulator", read_nothing},	  {"input", read_nothing},
	{"video", read_nothing},   {"memballoon", read_nothing},  {"serial", read_nothing},
};

static void read_devices(struct source *source, xmlNode *devices)
{
	const size_t count = sizeof(device_readers) / sizeof(*device_readers);

	for (xmlNode *at = child(devices, NULL); at; at = element(at->next, NULL)) {
		size_t i = 0;

		while (i < count && !is(at, device_readers[i].name)) {
			i++;
		}
		if (i < count) {
			source->device = place_of(source, at);
			device_readers[i].read(source, at);
		} else {
			warn(source, at, "<%s> is not served; ignored", at->name);
		}
	}
}

static void warn_of_others(struct source *source, xmlNode *domain)
{
	static const char *const known[] = {
		"name",	       "uuid",	    "memory",	   "currentMemory",   "vcpu",
		"cputune",     "os",	    "bootloader",  "bootloader_args", "clock",
		"on_poweroff", "on_reboot", "on_crash",	   "features",	      "cpu",
		"devices",     "title",	    "description", "metadata",	      "resource",
		"seclabel",    "genid",	    NULL};

	for (xmlNode *at = child(domain, NULL); at; at = element(at->next, NULL)) {
		if (word_index(known, (const char *)at->name) < 0) {
			warn(source, at, "<%s> is not served; ignored", at->name);
		}
	}
}

static bool read_domain(struct source *source, xmlNode *domain)
{
	static const char *const same[] = {"name", "uuid", "on_poweroff", "on_reboot", "on_crash"};
	const char *type = attribute(source, domain, "type");

	if (!is(domain, "domain") || !type || strcmp(type, "xen") != 0) {
		return refuse(source, domain, "<%s type='%s'>; accepted: <domain type='xen'>",
			      domain->name, type ? type : "");
	}
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		set(source, same[i], child(domain, same[i]),
		    text_of(source, child(domain, same[i])));
	}
	read_memory(source, "maxmem", child(domain, "memory"));
	read_memory(source, "memory", child(domain, "currentMemory"));
	read_vcpu(source, domain);
	read_os(source, domain);
	read_clock(source, child(domain, "clock"));
	read_cpu(source, child(domain, "cpu"));
	read_features(source, child(domain, "features"));
	read_devices(source, child(domain, "devices"));
	warn_of_others(source, domain);
	return source->messages->errors == 0;
}

static void on_error(void *data, xmlError *error)
{
	struct source *source = data;
	struct place place = {source->file, (unsigned int)error->line};
	size_t size = strcspn(error->message ? error->message : "", "\n");

	messages_add(source->messages, MESSAGE_ERROR, place, "%.*s", (int)size,
		     error->message ? error->message : "");
}

bool xml_read(struct domain_config *config, const char *name, const char *bytes, size_t size,
	      struct messages *messages)
{
	struct source source = {.file = name, .arena = &config->arena, .messages = messages};
	struct place place = {name, 0};
	xmlDoc *document;
	bool good = false;

	config_defaults(config);
	xmlSetStructuredErrorFunc(&source, on_error);
	document = size < 1 << 24 ? xmlReadMemory(bytes, (int)size, name, NULL, XML_PARSE_NONET)
				  : NULL;
	xmlSetStructuredErrorFunc(NULL, NULL);
	if (document && messages->errors == 0) {
		good = read_domain(&source, xmlDocGetRootElement(document)) &&
		       config_apply(config, source.settings, place, messages);
	} else if (messages->errors == 0) {
		messages_add(messages, MESSAGE_ERROR, place, "this is no XML");
	}
	xmlFreeDoc(document);
	return good;
}
