/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices in domain XML, each as the specification that xl.cfg would have. */
#include <ctype.h>
#include <string.h>
#include <xml/source.h>
#include <xml/xml.h>

static void read_disk(struct source *source, xmlNode *disk)
{
	xmlNode *from = node_child(disk, "source");
	xmlNode *driver = node_child(disk, "driver");
	const char *device = source_attribute(source, disk, "device");
	const char *format = source_attribute(source, driver, "type");
	const char *name = source_attribute(source, driver, "name");
	const char *target = source_attribute(source, from, "file");
	const char *spec = "";

	target = target ? target : source_attribute(source, from, "dev");
	if (!target && from) {
		source_refuse(source, disk, "<disk type='%s'> is not served; accepted: file, block",
			      source_attribute(source, disk, "type"));
		return;
	}
	spec = source_join(source, spec, "format",
			   format && strcmp(format, "aio") != 0 ? format : NULL);
	spec = source_join(source, spec, "vdev",
			   source_attribute(source, node_child(disk, "target"), "dev"));
	if (node_child(disk, "readonly") || (device && strcmp(device, "cdrom") == 0)) {
		spec = source_join(source, spec, "access", "ro");
	} else {
		spec = source_join(source, spec, "access",
				   node_child(disk, "shareable") ? "w!" : "rw");
	}
	spec = source_join(source, spec, "devtype", device);
	spec = source_join(source, spec, "backend",
			   source_attribute(source, node_child(disk, "backenddomain"), "name"));
	if (name && strcmp(name, "phy") == 0) {
		spec = source_join(source, spec, "backendtype", name);
	}
	spec = source_join(source, spec, "script",
			   source_attribute(source, node_child(disk, "script"), "path"));
	source_add(source, "disk", disk, source_join(source, spec, "target", target));
}

/* An Open vSwitch: its VLANs are in the bridge's name, "ovs0.10" or, of a trunk, "ovs0:10:11". */
static const char *vswitch(struct source *source, xmlNode *interface, const char *bridge)
{
	xmlNode *port = node_child(interface, "virtualport");
	xmlNode *vlan = node_child(interface, "vlan");
	const char *type = source_attribute(source, port, "type");
	const char *trunk = source_attribute(source, vlan, "trunk");
	bool several = trunk && strcmp(trunk, "yes") == 0;

	if (!type || strcmp(type, "openvswitch") != 0) {
		return NULL;
	}
	for (xmlNode *tag = node_child(vlan, "tag"); bridge && tag;
	     tag = node_next(tag->next, "tag")) {
		const char *id = source_attribute(source, tag, "id");

		if (!id) {
			source_refuse(source, tag, "<tag> without an id");
			return bridge;
		}
		bridge = arena_print(source->arena, "%s%c%s", bridge, several ? ':' : '.', id);
		if (!several) {
			break;
		}
	}
	return bridge;
}

/* A name like vif1.0 was made up for a domain that ran; the next has its own. */
static const char *lasting_name(const char *name)
{
	return name && strncmp(name, "vif", 3) == 0 && isdigit((unsigned char)name[3]) ? NULL
										       : name;
}

static void read_interface(struct source *source, xmlNode *interface)
{
	const char *type = source_attribute(source, interface, "type");
	const char *bridge = source_attribute(source, node_child(interface, "source"), "bridge");
	const char *average = source_attribute(
		source, node_child(node_child(interface, "bandwidth"), "outbound"), "average");
	const char *script = source_attribute(source, node_child(interface, "script"), "path");
	const char *on_switch = vswitch(source, interface, bridge);
	const char *spec = "";
	const char *ips = NULL;

	if (type && strcmp(type, "network") == 0 && !bridge) {
		source_refuse(
			source, interface,
			"<interface type='network'>: only libvirt knows which bridge that is; say <interface type='bridge'> <source bridge='...'/>");
		return;
	}
	spec = source_join(source, spec, "mac",
			   source_attribute(source, node_child(interface, "mac"), "address"));
	spec = source_join(source, spec, "bridge", on_switch ? on_switch : bridge);
	spec = source_join(source, spec, "script", on_switch && !script ? VSWITCH_SCRIPT : script);
	for (xmlNode *ip = node_child(interface, "ip"); ip; ip = node_next(ip->next, "ip")) {
		const char *address = source_attribute(source, ip, "address");

		ips = ips && address ? arena_print(source->arena, "%s %s", ips, address) : address;
	}
	spec = source_join(source, spec, "ip", ips);
	spec = source_join(
		source, spec, "vifname",
		lasting_name(source_attribute(source, node_child(interface, "target"), "dev")));
	spec = source_join(source, spec, "mtu",
			   source_attribute(source, node_child(interface, "mtu"), "size"));
	spec = source_join(
		source, spec, "backend",
		source_attribute(source, node_child(interface, "backenddomain"), "name"));
	if (average) {
		spec = source_join(source, spec, "rate",
				   arena_print(source->arena, "%sKB/s", average));
	}
	source_add(source, "vif", interface, spec);
}

static void read_channel(struct source *source, xmlNode *channel)
{
	const char *type = source_attribute(source, channel, "type");
	const char *spec = "";

	spec = source_join(source, spec, "connection",
			   type && strcmp(type, "unix") == 0 ? "socket" : type);
	spec = source_join(source, spec, "name",
			   source_attribute(source, node_child(channel, "target"), "name"));
	source_add(source, "channel", channel,
		   source_join(source, spec, "path",
			       source_attribute(source, node_child(channel, "source"), "path")));
}

static void read_controller(struct source *source, xmlNode *controller)
{
	const char *type = source_attribute(source, controller, "type");

	if (type && strcmp(type, "xenbus") == 0) {
		source_set(source, "max_event_channels", controller,
			   source_attribute(source, controller, "maxEventChannels"));
		source_set(source, "max_grant_frames", controller,
			   source_attribute(source, controller, "maxGrantFrames"));
	} else if (type && strcmp(type, "usb") == 0) {
		source_add(source, "usbctrl", controller, "usb");
	}
}

static void read_hostdev(struct source *source, xmlNode *hostdev)
{
	const char *type = source_attribute(source, hostdev, "type");

	source_add(source, type && strcmp(type, "usb") == 0 ? "usbdev" : "pci", hostdev, "hostdev");
}

static void read_graphics(struct source *source, xmlNode *graphics)
{
	source_add(source, "vfb", graphics, "vfb");
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

void source_devices(struct source *source, xmlNode *devices)
{
	const size_t count = sizeof(device_readers) / sizeof(*device_readers);

	for (xmlNode *at = node_child(devices, NULL); at; at = node_next(at->next, NULL)) {
		size_t i = 0;

		while (i < count && !node_is(at, device_readers[i].name)) {
			i++;
		}
		if (i < count) {
			source->device = source_place(source, at);
			device_readers[i].read(source, at);
		} else {
			source_warn(source, at, "<%s> is not served; ignored", at->name);
		}
	}
}
