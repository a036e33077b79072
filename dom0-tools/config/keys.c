/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys, and the kinds of values that are single: text, numbers, choices. */
#include <config/cpuid.h>
#include <config/keys.h>
#include <config/parse.h>

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

const char *value_text(struct reader *reader, const struct setting *setting)
{
	if (setting->value->kind == VALUE_LIST) {
		wrong(reader, setting, "%s is one value, not a list", setting->key);
		return NULL;
	}
	return setting->value->text;
}

const struct value *value_items(const struct setting *setting)
{
	return setting->value->kind == VALUE_LIST ? setting->value->items : setting->value;
}

void write_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", c);
		} else if (c < ' ' || c == 0x7f) {
			fprintf(out, "\\%03o", c);
		} else {
			fputc(c, out);
		}
	}
}

void write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	write_escaped(out, text);
	fputc('"', out);
}

static bool read_text(struct reader *reader, const struct key *key, const struct setting *setting)
{
	const char *text = value_text(reader, setting);

	*(const char **)key_field(key, reader->config) = text && *text ? text : NULL;
	return text != NULL;
}

static void write_text(const struct domain_config *config, const struct key *key, FILE *out)
{
	const char *text = *(const char *const *)key_value(key, config);

	if (text) {
		fprintf(out, "%s = ", key->name);
		write_quoted(out, text);
		fputc('\n', out);
	}
}

static bool read_number(struct reader *reader, const struct key *key, const struct setting *setting)
{
	const char *text = value_text(reader, setting);
	bool negative = text && *text == '-';
	unsigned long long number;
	long long value;

	if (!text) {
		return false;
	}
	if (number_parse(text + negative, 0, LLONG_MAX, &number)) {
		value = negative ? -(long long)number : (long long)number;
		if (value >= key->least && value <= key->most) {
			*(long long *)key_field(key, reader->config) = value;
			return true;
		}
	}
	return wrong(reader, setting, "%s = %s; accepted: %lld to %lld", key->name, text,
		     key->least, key->most);
}

static void write_number(const struct domain_config *config, const struct key *key, FILE *out)
{
	long long number = *(const long long *)key_value(key, config);

	if (number >= key->least) {
		fprintf(out, "%s = %lld\n", key->name, number);
	}
}

static bool read_bool(struct reader *reader, const struct key *key, const struct setting *setting)
{
	const char *text = value_text(reader, setting);
	unsigned long long number;

	if (text && !number_parse(text, 0, LLONG_MAX, &number)) {
		return wrong(reader, setting, "%s = \"%s\"; accepted: 0 (no), 1 (yes)", key->name,
			     text);
	}
	*(bool *)key_field(key, reader->config) = text && number != 0;
	return text != NULL;
}

static void write_bool(const struct domain_config *config, const struct key *key, FILE *out)
{
	if (*(const bool *)key_value(key, config)) {
		fprintf(out, "%s = 1\n", key->name);
	}
}

static bool read_memory(struct reader *reader, const struct key *key, const struct setting *setting)
{
	uint64_t kib;
	const char *text = value_text(reader, setting);

	if (!text) {
		return false;
	}
	if (memory_parse(text, 'm', &kib) && kib >= 1024) {
		*(uint64_t *)key_field(key, reader->config) = kib;
		return true;
	}
	return wrong(reader, setting, "%s = %s; accepted: MiB, or \"2G\", \"512M\" and the like",
		     key->name, text);
}

static void write_memory(const struct domain_config *config, const struct key *key, FILE *out)
{
	uint64_t kib = *(const uint64_t *)key_value(key, config);

	if (kib % 1024) {
		fprintf(out, "%s = \"%lluk\"\n", key->name, (unsigned long long)kib);
	} else {
		fprintf(out, "%s = %llu\n", key->name, (unsigned long long)(kib / 1024));
	}
}

/* One of words, or its number where the first of them is one (tsc_mode). */
static bool read_choice(struct reader *reader, const struct key *key, const struct setting *setting)
{
	const char *text = value_text(reader, setting);
	unsigned long long number;
	int choice;

	if (!text) {
		return false;
	}
	choice = word_index(key->words, text);
	if (choice < 0 && setting->value->kind == VALUE_NUMBER && key->most &&
	    number_parse(text, 0, (unsigned long long)key->most, &number)) {
		choice = (int)number;
	}
	if (choice < 0) {
		return wrong(reader, setting, "%s = \"%s\"; accepted: %s", key->name, text,
			     word_list(&reader->config->arena, key->words));
	}
	*(int *)key_field(key, reader->config) = choice;
	return true;
}

static void write_choice(const struct domain_config *config, const struct key *key, FILE *out)
{
	fprintf(out, "%s = \"%s\"\n", key->name, key->words[*(const int *)key_value(key, config)]);
}

static bool read_texts(struct reader *reader, const struct key *key, const struct setting *setting)
{
	struct arena *arena = &reader->config->arena;
	struct text_list *list = key_field(key, reader->config);

	for (const struct value *item = value_items(setting); item; item = item->next) {
		if (item->kind == VALUE_LIST) {
			return wrong(reader, setting, "%s is a list of strings, not of lists",
				     key->name);
		}
		list->items = arena_grow(arena, list->items, list->count, sizeof(*list->items));
		list->items[list->count++] = item->text;
	}
	return true;
}

/* To xl, one policy of features' names is a string, and a list has registers and their bits. */
static void write_texts(const struct domain_config *config, const struct key *key, FILE *out)
{
	const struct text_list *list = key_value(key, config);
	bool names = list->count == 1 && strncmp(list->items[0], "host", 4) == 0;

	for (size_t i = 0; i < list->count; i++) {
		fprintf(out, "%s%s%s", i ? ", " : key->name, i ? "" : " = ", i || names ? "" : "[");
		write_quoted(out, list->items[i]);
	}
	fputs(!list->count ? "" : names ? "\n" : "]\n", out);
}

static bool read_cpuid(struct reader *reader, const struct key *key, const struct setting *setting)
{
	const struct text_list *list = key_field(key, reader->config);
	bool good = read_texts(reader, key, setting);

	for (size_t i = 0; i < list->count; i++) {
		good &= cpuid_parse(reader->config, list->items[i], setting->place,
				    reader->messages);
	}
	return good;
}

/* Arguments in a list, or in a string with blanks between them. */
static bool read_arguments(struct reader *reader, const struct key *key,
			   const struct setting *setting)
{
	struct arena *arena = &reader->config->arena;
	struct text_list *list = key_field(key, reader->config);
	const char *text;

	if (setting->value->kind == VALUE_LIST) {
		return read_texts(reader, key, setting);
	}
	for (text = setting->value->text; *(text += strspn(text, " \t"));
	     text += strcspn(text, " \t")) {
		list->items = arena_grow(arena, list->items, list->count, sizeof(*list->items));
		list->items[list->count++] = arena_text(arena, text, strcspn(text, " \t"));
	}
	return true;
}

static bool read_name(struct reader *reader, const struct key *key, const struct setting *setting)
{
	const char *text = value_text(reader, setting);

	if (!text) {
		return false;
	}
	for (const char *at = text; *at; at++) {
		if (iscntrl((unsigned char)*at) || *at == '/') {
			return wrong(reader, setting,
				     "a domain's name has neither / nor control characters");
		}
	}
	if (*text && !text[strspn(text, "0123456789")]) {
		messages_add(reader->messages, MESSAGE_WARNING, setting->place,
			     "name = \"%s\": commands take a number for a domain's ID", text);
	}
	return read_text(reader, key, setting);
}

static bool read_uuid(struct reader *reader, const struct key *key, const struct setting *setting)
{
	const char *text = value_text(reader, setting);
	uint8_t u[16];

	if (!text) {
		return false;
	}
	if (!uuid_parse(text, u)) {
		return wrong(
			reader, setting,
			"uuid = \"%s\"; accepted: 32 hexadecimal digits like 5f0c29c2-c7f5-4a0c-9f84-0b1a2c3d4e5f",
			text);
	}
	*(const char **)key_field(key, reader->config) =
		arena_print(&reader->config->arena,
			    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			    u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10],
			    u[11], u[12], u[13], u[14], u[15]);
	return true;
}

/* type= and builder=: there is one kind of guest. */
static bool read_type(struct reader *reader, const struct key *key, const struct setting *setting)
{
	static const char *const pv[] = {"pv", "generic", "linux", NULL};
	const char *text = value_text(reader, setting);

	if (!text) {
		return false;
	}
	return word_index(pv, text) >= 0 ||
	       wrong(reader, setting, "%s = \"%s\": Parvus runs PV guests only; accepted: pv",
		     setting->key, text);
}

static void write_type(const struct domain_config *config, const struct key *key, FILE *out)
{
	fprintf(out, "%s = \"pv\"\n", key->name);
}

static bool read_firmware(struct reader *reader, const struct key *key,
			  const struct setting *setting)
{
	const char *text = value_text(reader, setting);

	if (text && strcmp(text, "pvgrub64") != 0) {
		return wrong(reader, setting, "firmware = \"%s\"; accepted: pvgrub64", text);
	}
	*(const char **)key_field(key, reader->config) = text;
	return text != NULL;
}

static bool is_empty(const struct value *value)
{
	return value->kind == VALUE_LIST ? !value->items : !*value->text;
}

/* Keys whose value changes nothing here: key_read() says so. */
static bool read_unserved(struct reader *reader, const struct key *key,
			  const struct setting *setting)
{
	return true;
}

/* Keys that a guest cannot do without: an error. */
static bool read_refused(struct reader *reader, const struct key *key,
			 const struct setting *setting)
{
	return is_empty(setting->value) || wrong(reader, setting, "%s %s", setting->key, key->note);
}

const char *const domain_action_names[] = {
	"destroy",	    "restart",		"rename-restart", "preserve",
	"coredump-destroy", "coredump-restart", "soft-reset",	  NULL};
static const char *const tsc_modes[] = {"default", "always_emulate", "native", "native_paravirt",
					NULL};

static const struct key_kind text_kind = {read_text, write_text},
			     number_kind = {read_number, write_number},
			     bool_kind = {read_bool, write_bool},
			     memory_kind = {read_memory, write_memory},
			     choice_kind = {read_choice, write_choice},
			     cpuid_kind = {read_cpuid, write_texts},
			     arguments_kind = {read_arguments, write_texts},
			     name_kind = {read_name, write_text},
			     uuid_kind = {read_uuid, write_text},
			     type_kind = {read_type, write_type},
			     firmware_kind = {read_firmware, write_text},
			     unserved_kind = {read_unserved, NULL},
			     refused_kind = {read_refused, NULL}, root_kind = {read_text, NULL};

#define KEY(key_name, key_kind, field, ...)                                  \
	{                                                                    \
		.name = key_name, .kind = &key_kind##_kind,                  \
		.offset = offsetof(struct domain_config, field), __VA_ARGS__ \
	}
#define NUMBER(key_name, field, from, to) KEY(key_name, number, field, .least = from, .most = to)
#define ACTION(key_name)		  KEY(#key_name, choice, key_name, .words = domain_action_names)
#define UNSERVED(key_name, key_note)                                       \
	{                                                                  \
		.name = key_name, .kind = &unserved_kind, .note = key_note \
	}
#define DEVICE(name) UNSERVED(name, "is not served: the guest starts without it")
#define HVM(name)    UNSERVED(name, "is for HVM guests; ignored")
#define LATER(name)  UNSERVED(name, "is not served; ignored")

/* clang-format off */
/* In the order in which they are written. */
const struct key config_keys[] = {
	KEY("name", name, name),
	KEY("type", type, name),
	KEY("uuid", uuid, uuid),
	KEY("pool", text, pool),
	NUMBER("vcpus", vcpus, 1, 128),
	NUMBER("maxvcpus", maxvcpus, 1, 128),
	KEY("cpus", cpus, cpus),
	KEY("cpus_soft", cpus, cpus_soft),
	NUMBER("cpu_weight", cpu_weight, 1, 65535),
	NUMBER("cap", cap, 0, 12800),
	KEY("memory", memory, memory_kib),
	KEY("maxmem", memory, maxmem_kib),
	KEY("vnuma", vnodes, vnodes),
	KEY("kernel", text, kernel),
	KEY("ramdisk", text, ramdisk),
	KEY("cmdline", text, cmdline),
	KEY("root", root, root),
	KEY("extra", root, extra),
	KEY("firmware", firmware, firmware, .note = "is not run: kernel= says what the guest starts"),
	KEY("bootloader", text, bootloader, .note = "is not run: kernel= says what the guest starts"),
	KEY("bootloader_args", arguments, bootloader_args),
	KEY("disk", disks, disks),
	KEY("vif", vifs, vifs),
	KEY("channel", channels, channels),
	ACTION(on_poweroff),
	ACTION(on_reboot),
	ACTION(on_crash),
	ACTION(on_watchdog),
	ACTION(on_soft_reset),
	NUMBER("max_event_channels", max_event_channels, 1, 131071),
	NUMBER("max_grant_frames", max_grant_frames, 0, INT_MAX),
	NUMBER("max_maptrack_frames", max_maptrack_frames, 0, INT_MAX),
	NUMBER("max_grant_version", max_grant_version, 0, 2),
	KEY("nomigrate", bool, nomigrate),
	KEY("driver_domain", bool, driver_domain, .note = "is kept, but has no effect: Dom0 alone serves devices"),
	KEY("e820_host", bool, e820_host, .note = "is kept, but has no effect: there is no pass-through"),
	KEY("localtime", bool, localtime),
	KEY("xend_suspend_evtchn_compat", bool, xend_suspend_evtchn_compat, .note = "is kept, but has no effect"),
	KEY("msr_relaxed", bool, msr_relaxed),
	NUMBER("rtc_timeoffset", rtc_timeoffset, INT_MIN, INT_MAX),
	KEY("tsc_mode", choice, tsc_mode, .most = TSC_NATIVE_PARAVIRT, .words = tsc_modes),
	KEY("cpuid", cpuid, cpuid),
	KEY("ioports", ioports, ioports),
	KEY("iomem", iomem, iomem),
	KEY("irqs", irqs, irqs),
	{.name = "pci", .kind = &refused_kind, .note = "is refused: no IOMMU is driven, so a device could write to any memory"},
	DEVICE("vfb"),
	DEVICE("vkb"),
	DEVICE("vdispl"),
	DEVICE("vsnd"),
	DEVICE("vtpm"),
	DEVICE("p9"),
	DEVICE("pvcalls"),
	DEVICE("usbctrl"),
	DEVICE("usbdev"),
	DEVICE("virtio"),
	DEVICE("dtdev"),
	UNSERVED("seclabel", "has no effect: there are no security modules here"),
	UNSERVED("init_seclabel", "has no effect: there are no security modules here"),
	UNSERVED("passthrough", "has no effect: there is no pass-through"),
	UNSERVED("pci_permissive", "has no effect: there is no pass-through"),
	UNSERVED("pci_msitranslate", "has no effect: there is no pass-through"),
	UNSERVED("pci_seize", "has no effect: there is no pass-through"),
	LATER("vpmu"),
	LATER("bootloader_restrict"),
	LATER("bootloader_user"),
	LATER("xenstore_feature_mask"),
	LATER("xenstore_quota"),
	LATER("vmtrace_buf_kb"),
	LATER("device_model_args_pv"),
	LATER("device_model_args"),
	LATER("device_model_version"),
	LATER("device_model_override"),
	LATER("device_tree"),
	LATER("tee"),
	LATER("vuart"),
	HVM("acpi"),
	HVM("acpi_firmware"),
	HVM("acpi_laptop_slate"),
	HVM("acpi_s3"),
	HVM("acpi_s4"),
	HVM("altp2m"),
	HVM("altp2mhvm"),
	HVM("apic"),
	HVM("bios"),
	HVM("bios_path_override"),
	HVM("boot"),
	HVM("device_model_args_hvm"),
	HVM("device_model_stubdomain_override"),
	HVM("device_model_stubdomain_seclabel"),
	HVM("device_model_user"),
	HVM("dm_restrict"),
	HVM("gfx_passthru"),
	HVM("gic_version"),
	HVM("hap"),
	HVM("hdtype"),
	HVM("hpet"),
	HVM("keymap"),
	HVM("mca_caps"),
	HVM("mmio_hole"),
	HVM("ms_vm_genid"),
	HVM("nestedhvm"),
	HVM("nographic"),
	HVM("nx"),
	HVM("oos"),
	HVM("opengl"),
	HVM("pae"),
	HVM("pci_power_mgmt"),
	HVM("pvshim"),
	HVM("pvshim_cmdline"),
	HVM("pvshim_extra"),
	HVM("pvshim_path"),
	HVM("rdm"),
	HVM("rdm_mem_boundary"),
	HVM("sdl"),
	HVM("serial"),
	HVM("shadow_memory"),
	HVM("smbios_firmware"),
	HVM("soundhw"),
	HVM("spice"),
	HVM("spice_clipboard_sharing"),
	HVM("spice_image_compression"),
	HVM("spice_streaming_video"),
	HVM("spiceagent_mouse"),
	HVM("spicedisable_ticketing"),
	HVM("spicehost"),
	HVM("spicepasswd"),
	HVM("spiceport"),
	HVM("spicetls_port"),
	HVM("spiceusbredirection"),
	HVM("spicevdagent"),
	HVM("stdvga"),
	HVM("stubdomain_cmdline"),
	HVM("stubdomain_kernel"),
	HVM("stubdomain_memory"),
	HVM("stubdomain_ramdisk"),
	HVM("timer_mode"),
	HVM("usb"),
	HVM("usbdevice"),
	HVM("usbversion"),
	HVM("vendor_device"),
	HVM("vga"),
	HVM("videoram"),
	HVM("viridian"),
	HVM("vkb_device"),
	HVM("vnc"),
	HVM("vncdisplay"),
	HVM("vnclisten"),
	HVM("vncpasswd"),
	HVM("vncunused"),
	HVM("vpt_align"),
	HVM("xen_platform_pci"),
};
/* clang-format on */
const size_t config_key_count = sizeof(config_keys) / sizeof(*config_keys);

const struct key *key_find(const char *name)
{
	for (size_t i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].name, name) == 0) {
			return &config_keys[i];
		}
	}
	return NULL;
}

static bool says_no(const struct value *value)
{
	return is_empty(value) || (value->kind != VALUE_LIST && strcmp(value->text, "0") == 0);
}

/* What changes nothing is told where it is said, unless it says no. */
void key_read(struct reader *reader, const struct key *key, const struct setting *setting)
{
	bool good = key->kind->read(reader, key, setting);

	if (good && key->note && key->kind != &refused_kind && !says_no(setting->value)) {
		messages_add(reader->messages, MESSAGE_WARNING, setting->place, "%s %s",
			     setting->key, key->note);
	}
}

/* Spellings of xend's, which Ganeti writes to this day. */
const char *key_canonical(const char *name)
{
	static const char *const names[][2] = {{"cpu", "cpus"},
					       {"cpu_cap", "cap"},
					       {"bootargs", "bootloader_args"},
					       {"builder", "type"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(name, names[i][0]) == 0) {
			return names[i][1];
		}
	}
	return name;
}
