/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx dtb: device trees of boot domains - checked, shown, made of configurations, attached. */
#include <cli/cmd_dtb.h>
#include <cli/commands.h>
#include <cli/json.h>
#include <guest/record.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_UNKNOWN (UINT64_C(1) << 30) /* KiB: a machine that everything fits */

static struct boot_domains domains;

/* --- check ---------------------------------------------------------------------------------- */

static int load(const struct cli *cli, char **argv, uint8_t **bytes, bool *good)
{
	long mib = 0;
	size_t size;

	if (!cli_number(cli, "memory", &mib)) {
		return EXIT_USAGE;
	}
	*bytes = dtb_read_file(argv[0], &size);
	if (!*bytes) {
		return cli_failed(cli, -1);
	}
	*good = dtb_check(&domains, argv[0], *bytes, size, argv[1] ? argv + 1 : NULL,
			  mib > 0 ? (uint64_t)mib << 10 : MEMORY_UNKNOWN);
	return EXIT_DONE;
}

static unsigned int usable_count(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < domains.count; i++) {
		count += domains.domain[i].usable;
	}
	return count;
}

static int check(struct cli *cli, char **argv)
{
	uint8_t *bytes = NULL;
	bool good;
	int code = load(cli, argv, &bytes, &good);

	if (code) {
		return code;
	}
	if (cli->json) {
		json_open(NULL, '{');
		json_bool("good", good);
		json_number("domains", domains.count);
		json_number("built", usable_count());
		json_number("faults", domains.faults);
		json_number("notes", domains.notes);
		json_close();
	} else {
		printf("%s: %u of %u domains can be built, %u faults, %u notes\n", argv[0],
		       usable_count(), domains.count, domains.faults, domains.notes);
	}
	free(bytes);
	return good ? EXIT_DONE : EXIT_USAGE;
}

/* --- show ----------------------------------------------------------------------------------- */

struct bit {
	uint32_t bit;
	const char *name;
};

static const struct bit permission_bits[] = {
	{PERMISSION_CONTROL, "control"}, {PERMISSION_HARDWARE, "hardware"}, {0, NULL}};
static const struct bit function_bits[] = {
	{FUNCTION_BOOT, "boot"},   {FUNCTION_CRASH, "crash"},	   {FUNCTION_CONSOLE, "console"},
	{FUNCTION_STORE, "store"}, {FUNCTION_LEGACY_DOM0, "dom0"}, {0, NULL}};

static const char *names_of_bits(const struct bit *bits, uint32_t value, char text[64])
{
	size_t used = 0;

	snprintf(text, 64, "-");
	for (; bits->name; bits++) {
		if (value & bits->bit) {
			used += (size_t)snprintf(text + used, 64 - used, "%s%s", used ? "," : "",
						 bits->name);
		}
	}
	return text;
}

static const char *place_of(const struct boot_domain_module *module, char text[48])
{
	if (module->by == BY_INDEX) {
		snprintf(text, 48, "%u", module->index);
	} else if (module->by == BY_ADDRESS) {
		snprintf(text, 48, "0x%" PRIx64 "+0x%" PRIx64, module->start, module->size);
	} else {
		snprintf(text, 48, "-");
	}
	return text;
}

static void show_json(const struct boot_domain *d)
{
	char text[64], uuid[UUID_TEXT];

	uuid_print(d->uuid, uuid);
	json_open(NULL, '{');
	json_string("node", d->path);
	json_string("name", d->name);
	json_bool("good", d->usable);
	json_number("domid", d->id);
	json_string("uuid", uuid);
	json_number("memory_kib", (int64_t)d->memory_kib);
	json_number("vcpus", d->vcpus);
	json_string("permissions", names_of_bits(permission_bits, d->permissions, text));
	json_string("functions", names_of_bits(function_bits, d->functions, text));
	json_number("weight", d->weight ? d->weight : 256);
	json_number("cap", d->cap);
	json_string("kernel", place_of(&d->kernel, text));
	json_string("ramdisk", place_of(&d->ramdisk, text));
	json_string("bootargs", d->command_line);
	json_close();
}

static void show_row(const struct boot_domain *d)
{
	char permissions[64], functions[64], kernel[48], ramdisk[48];

	printf("%-32s %5u %5" PRIu64 " %5u %-16s %-26s %-7s %-7s %s\n", d->path, d->id,
	       d->memory_kib >> 10, d->vcpus,
	       names_of_bits(permission_bits, d->permissions, permissions),
	       names_of_bits(function_bits, d->functions, functions), place_of(&d->kernel, kernel),
	       place_of(&d->ramdisk, ramdisk),
	       !d->usable	 ? "(not built)"
	       : d->command_line ? d->command_line
				 : "(as the loader says)");
}

static void show_links(void)
{
	for (unsigned int i = 0; i < domains.link_count; i++) {
		const struct boot_domain_link *a = &domains.link[i];
		const struct boot_domain_link *b = &domains.link[a->peer];

		if (a->usable && i < a->peer) {
			printf("event channel: domain %u port %u - domain %u port %u\n",
			       domains.domain[a->domain].id, a->port, domains.domain[b->domain].id,
			       b->port);
		}
	}
}

static int show(struct cli *cli, char **argv)
{
	uint8_t *bytes = NULL;
	bool good;
	int code = load(cli, argv, &bytes, &good);

	if (code) {
		return code;
	}
	if (cli->json) {
		json_open(NULL, '[');
	} else {
		printf("%-32s %5s %5s %5s %-16s %-26s %-7s %-7s %s\n", "Node", "ID", "Mem", "VCPUs",
		       "Permissions", "Functions", "Kernel", "Ramdisk", "Command line");
	}
	for (unsigned int i = 0; i < domains.count; i++) {
		if (cli->json) {
			show_json(&domains.domain[i]);
		} else {
			show_row(&domains.domain[i]);
		}
	}
	if (cli->json) {
		json_close();
	} else {
		show_links();
	}
	free(bytes);
	return good ? EXIT_DONE : EXIT_USAGE;
}

/* --- The command ---------------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool needs_file;
	int (*run)(struct cli *cli, char **argv);
} verbs[] = {
	{"check", true, check},
	{"show", true, show},
	{"make", false, dtb_make_run},
	{"attach", false, dtb_attach_run},
};

static int dtb_run(struct cli *cli, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[0], verbs[i].name) != 0) {
			continue;
		}
		if (verbs[i].needs_file && argc < 2) {
			return cli_usage(cli, "%s which file?", verbs[i].name);
		}
		return verbs[i].run(cli, argv + 1);
	}
	return cli_usage(cli, "'%s' is none of check, show, make, attach", argv[0]);
}

static const struct cli_option options[] = {
	{.name = "memory", .value = "MIB", .help = "check, make --qemu: of the machine"},
	{.letter = 'o', .name = "output", .value = "FILE", .help = "make: the tree"},
	{.name = "grub", .help = "make: print an entry for GRUB's menu"},
	{.name = "qemu", .help = "make: print a command line of QEMU"},
	{.name = "hypervisor", .value = "FILE", .help = "make: in these (/boot/parvus.elf)"},
	{.name = "options", .value = "TEXT", .help = "make: the hypervisor's options in these"},
	{.name = "dom0-kernel", .value = "FILE", .help = "make: with a Dom0"},
	{.name = "dom0-ramdisk", .value = "FILE", .help = "make: Dom0's initrd"},
	{.name = "dom0-cmdline", .value = "TEXT", .help = "make: Dom0's command line"},
	{.name = "dom0-memory", .value = "MIB", .help = "make: Dom0's memory (1024)"},
	{.name = "dom0-vcpus", .value = "N", .help = "make: Dom0's vCPUs (1)"},
	{.name = "tree", .value = "FILE", .help = "attach: what has the names of the domains"},
	{.name = NULL},
};

const struct command cmd_dtb = {
	.name = "dtb",
	.arguments = "check|show FILE [MODULE...] | make -o FILE CONFIG... | attach",
	.summary = "Check, show and make device trees of boot domains, attach those",
	.details =
		"FILE is a flattened device tree, the first module that the boot loader brings; MODULEs\n"
		"are the files of the others, in order. CONFIGs are configurations as `pvx create`\n"
		"takes them. See pvx-dtb(1).",
	.options = options,
	.arguments_min = 1,
	.arguments_max = -1,
	.json = true,
	.run = dtb_run,
};
