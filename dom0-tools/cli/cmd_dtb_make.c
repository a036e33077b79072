/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx dtb make: a device tree of boot domains from ordinary configurations, and how to boot it. */
#include <cli/cmd_dtb.h>
#include <errno.h>
#include <lib/error.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS "com1=115200,8n1 console=com1"

static const char *option_or(const struct cli *cli, const char *name, const char *otherwise)
{
	const char *value = cli_option(cli, name);

	return value ? value : otherwise;
}

static void print_grub(const struct cli *cli, const char *tree, const struct dtb_modules *modules)
{
	printf("menuentry 'Parvus, boot domains' {\n\tmultiboot2 %s %s\n\tmodule2 %s\n",
	       option_or(cli, "hypervisor", "/boot/parvus.elf"), option_or(cli, "options", OPTIONS),
	       tree);
	for (unsigned int i = 0; i < modules->count; i++) {
		printf("\tmodule2 %s\n", modules->path[i]);
	}
	printf("}\n");
}

/* Inside single quotes of a shell; QEMU splits at single commas. */
static void print_quoted(const char *text, bool double_commas)
{
	for (; *text; text++) {
		if (*text == '\'') {
			printf("'\\''");
		} else {
			printf("%c%s", *text, *text == ',' && double_commas ? "," : "");
		}
	}
}

static void print_qemu(const struct cli *cli, const char *tree, const struct dtb_modules *modules,
		       long mib)
{
	printf("qemu-system-x86_64 -cpu max,-smap -m %ld -nographic -kernel '", mib);
	print_quoted(option_or(cli, "hypervisor", "/boot/parvus.elf"), false);
	printf("' -append '");
	print_quoted(option_or(cli, "options", OPTIONS), false);
	printf("' -initrd '");
	print_quoted(tree, true);
	for (unsigned int i = 0; i < modules->count; i++) {
		printf(",");
		print_quoted(modules->path[i], true);
	}
	printf("'\n");
}

static int write_file(const char *path, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");
	bool good = file && fwrite(bytes, 1, size, file) == size;

	if (file && fclose(file)) {
		good = false;
	}
	return good ? 0 : fail_errno(errno, "writing '%s'", path);
}

/* What the machine needs, half as much again as its domains. */
static long memory_of(const struct boot_domains *domains)
{
	uint64_t kib = 0;

	for (unsigned int i = 0; i < domains->count; i++) {
		kib += domains->domain[i].memory_kib;
	}
	return (long)((kib * 3 / 2) >> 10) + 64;
}

/* What was made is read as the hypervisor will. */
static int finish(const struct cli *cli, const uint8_t *bytes, size_t size,
		  const struct dtb_modules *modules)
{
	static struct boot_domains domains;
	const char *tree = cli_option(cli, "output");
	long mib = 0;

	if (!cli_number(cli, "memory", &mib)) {
		return EXIT_USAGE;
	}
	if (!dtb_check(&domains, tree, bytes, size, NULL, 0)) {
		return EXIT_USAGE;
	}
	if (!cli->dry && write_file(tree, bytes, size)) {
		return cli_failed(cli, -EIO);
	}
	if (cli_option(cli, "grub")) {
		print_grub(cli, tree, modules);
	}
	if (cli_option(cli, "qemu")) {
		print_qemu(cli, tree, modules, mib > 0 ? mib : memory_of(&domains));
	}
	return EXIT_DONE;
}

static bool read_dom0(const struct cli *cli, struct dtb_dom0 *dom0)
{
	long mib = 1024, vcpus = 1;

	*dom0 = (struct dtb_dom0){
		.kernel = cli_option(cli, "dom0-kernel"),
		.ramdisk = cli_option(cli, "dom0-ramdisk"),
		.command_line = cli_option(cli, "dom0-cmdline"),
	};
	if (!cli_number(cli, "dom0-memory", &mib) || !cli_number(cli, "dom0-vcpus", &vcpus)) {
		return false;
	}
	dom0->memory_kib = mib > 0 ? (uint64_t)mib << 10 : 0;
	dom0->vcpus = vcpus > 0 ? (uint32_t)vcpus : 0;
	return true;
}

static bool load_all(struct domain_config *configs, char **argv, struct messages *messages)
{
	bool good = true;

	for (size_t i = 0; argv[i]; i++) {
		good = config_load(&configs[i], argv[i], NULL, 0, messages) && good;
	}
	return good;
}

int dtb_make_run(struct cli *cli, char **argv)
{
	struct domain_config configs[BOOT_DOMAINS_MAX];
	struct messages messages = {.text = NULL};
	struct dtb_modules modules;
	struct dtb_dom0 dom0;
	uint8_t *bytes = NULL;
	size_t size = 0, count = 0;
	int code = EXIT_USAGE;

	while (argv[count]) {
		count++;
	}
	if (!cli_option(cli, "output")) {
		return cli_usage(cli, "make needs -o FILE, where the tree goes");
	}
	if (!read_dom0(cli, &dom0) || count > BOOT_DOMAINS_MAX || (!count && !dom0.kernel)) {
		return cli_usage(cli, "make needs 1 to %d configurations, or a Dom0",
				 BOOT_DOMAINS_MAX);
	}
	if (load_all(configs, argv, &messages)) {
		bytes = dtb_make(&dom0, configs, count, &modules, &size, &messages);
	}
	if (messages.text) {
		fputs(messages.text, stderr);
	}
	if (bytes) {
		code = finish(cli, bytes, size, &modules);
	}
	free(bytes);
	messages_free(&messages);
	for (size_t i = 0; i < count; i++) {
		config_free(&configs[i]);
	}
	return code;
}
