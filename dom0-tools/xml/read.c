/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domain XML to settings: each element becomes what xl.cfg would say, with the element's line, and
 * is then read and checked as that. Elements that nothing here heeds are told of.
 */
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <xml/source.h>
#include <xml/xml.h>

static void read_memory(struct source *source, const char *key, xmlNode *node)
{
	const char *text = source_text(source, node);

	source_set(source, key, node, text ? source_mib(source, node, text) : NULL);
}

static void read_vcpu(struct source *source, xmlNode *domain)
{
	xmlNode *vcpu = node_child(domain, "vcpu");
	xmlNode *tune = node_child(domain, "cputune");

	source_set(source, "maxvcpus", vcpu, source_text(source, vcpu));
	source_set(source, "vcpus", vcpu, source_attribute(source, vcpu, "current"));
	source_set(source, "cpus", vcpu, source_attribute(source, vcpu, "cpuset"));
	for (xmlNode *at = node_child(tune, NULL); at; at = node_next(at->next, NULL)) {
		if (node_is(at, "shares")) {
			source_set(source, "cpu_weight", at, source_text(source, at));
		} else if (node_is(at, "vcpupin")) {
			struct value *list = source_setting(source, "cpus", at)->value;
			const char *number = source_attribute(source, at, "vcpu");
			const char *cpuset;
			unsigned int next = 0;

			for (const struct value *item = list->items; item; item = item->next) {
				next++;
			}
			if (!number || strtoul(number, NULL, 10) != next) {
				source_refuse(
					source, at,
					"<vcpupin vcpu='%s'>: the pins start with vCPU 0 and go on without a gap",
					number ? number : "");
			}
			cpuset = source_attribute(source, at, "cpuset");
			source_add(source, "cpus", at, cpuset ? cpuset : "");
		} else {
			source_warn(source, at, "<%s> is not served; ignored", at->name);
		}
	}
}

static void read_os(struct source *source, xmlNode *domain)
{
	xmlNode *os = node_child(domain, "os");
	const char *type = source_text(source, node_child(os, "type"));

	if (!type || (strcmp(type, "linux") != 0 && strcmp(type, "xen") != 0 &&
		      strcmp(type, "xenpv") != 0)) {
		source_refuse(source, os ? os : domain,
			      "<os><type>%s: Parvus runs PV guests only; accepted: linux",
			      type ? type : "");
	}
	source_set(source, "kernel", node_child(os, "kernel"),
		   source_text(source, node_child(os, "kernel")));
	source_set(source, "ramdisk", node_child(os, "initrd"),
		   source_text(source, node_child(os, "initrd")));
	source_set(source, "root", node_child(os, "root"),
		   source_text(source, node_child(os, "root")));
	source_set(source, node_child(os, "root") ? "extra" : "cmdline", node_child(os, "cmdline"),
		   source_text(source, node_child(os, "cmdline")));
	source_set(source, "bootloader", node_child(domain, "bootloader"),
		   source_text(source, node_child(domain, "bootloader")));
	source_set(source, "bootloader_args", node_child(domain, "bootloader_args"),
		   source_text(source, node_child(domain, "bootloader_args")));
}

static void read_clock(struct source *source, xmlNode *clock)
{
	static const char *const modes[][2] = {{"auto", "default"},
					       {"emulate", "always_emulate"},
					       {"native", "native"},
					       {"paravirt", "native_paravirt"}};
	const char *offset = source_attribute(source, clock, "offset");
	const char *seconds = source_attribute(source, clock, "adjustment");

	if (offset && strcmp(offset, "localtime") == 0) {
		source_set(source, "localtime", clock, "1");
	}
	if (offset && strcmp(offset, "variable") == 0 && seconds && strcmp(seconds, "reset") != 0) {
		source_set(source, "rtc_timeoffset", clock, seconds);
	}
	for (xmlNode *timer = node_child(clock, "timer"); timer;
	     timer = node_next(timer->next, "timer")) {
		const char *name = source_attribute(source, timer, "name");
		const char *mode = source_attribute(source, timer, "mode");
		const char *xen = mode;

		for (size_t i = 0; mode && i < 4; i++) {
			xen = strcmp(modes[i][0], mode) == 0 ? modes[i][1] : xen;
		}
		if (name && strcmp(name, "tsc") == 0) {
			source_set(source, "tsc_mode", timer, xen);
		}
	}
}

/* <cpu><feature policy='disable' name='x'/></cpu> as "host,x=0"; "=x": as the host is able to. */
static void read_cpu(struct source *source, xmlNode *cpu)
{
	const char *policy = "host";

	for (xmlNode *at = node_child(cpu, "feature"); at; at = node_next(at->next, "feature")) {
		const char *how = source_attribute(source, at, "policy");
		const char *name = source_attribute(source, at, "name");
		static const char *const policies[] = {"disable", "forbid",   "force",
						       "require", "optional", NULL};
		int number = how ? word_index(policies, how) : -1;

		name = name ? feature_for_cfg(name) : NULL;
		if (name && number >= 0) {
			policy = arena_print(source->arena, "%s,%s=%c", policy, name,
					     "0011x"[number]);
		}
	}
	if (strcmp(policy, "host") != 0) {
		source_add(source, "cpuid", cpu, policy);
	}
	source_numa(source, node_child(cpu, "numa"));
}

static void read_features(struct source *source, xmlNode *features)
{
	xmlNode *xen = node_child(features, "xen");
	const char *e820 = source_attribute(source, node_child(xen, "e820_host"), "state");

	if (e820 && strcmp(e820, "on") == 0) {
		source_set(source, "e820_host", xen, "1");
	}
	source_set(source, "passthrough", node_child(xen, "passthrough"),
		   source_attribute(source, node_child(xen, "passthrough"), "state"));
}

static void warn_of_others(struct source *source, xmlNode *domain)
{
	static const char *const known[] = {
		"name",	       "uuid",	    "memory",	   "currentMemory",   "vcpu",
		"cputune",     "os",	    "bootloader",  "bootloader_args", "clock",
		"on_poweroff", "on_reboot", "on_crash",	   "features",	      "cpu",
		"devices",     "title",	    "description", "metadata",	      "resource",
		"seclabel",    "genid",	    NULL};

	for (xmlNode *at = node_child(domain, NULL); at; at = node_next(at->next, NULL)) {
		if (word_index(known, (const char *)at->name) < 0) {
			source_warn(source, at, "<%s> is not served; ignored", at->name);
		}
	}
}

static bool read_domain(struct source *source, xmlNode *domain)
{
	static const char *const same[] = {"name", "uuid", "on_poweroff", "on_reboot", "on_crash"};
	const char *type = source_attribute(source, domain, "type");

	if (!node_is(domain, "domain") || !type || strcmp(type, "xen") != 0) {
		return source_refuse(source, domain,
				     "<%s type='%s'>; accepted: <domain type='xen'>", domain->name,
				     type ? type : "");
	}
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		source_set(source, same[i], node_child(domain, same[i]),
			   source_text(source, node_child(domain, same[i])));
	}
	read_memory(source, "maxmem", node_child(domain, "memory"));
	read_memory(source, "memory", node_child(domain, "currentMemory"));
	read_vcpu(source, domain);
	read_os(source, domain);
	read_clock(source, node_child(domain, "clock"));
	read_cpu(source, node_child(domain, "cpu"));
	read_features(source, node_child(domain, "features"));
	source_devices(source, node_child(domain, "devices"));
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
