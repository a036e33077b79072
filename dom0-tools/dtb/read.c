/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device trees of boot domains: read and held against modules. */
#include <dtb/dtb.h>
#include <errno.h>
#include <lib/error.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_MAX    (16u << 20)
#define FIRST_PLACE (UINT64_C(16) << 20) /* where modules are thought to lie */

uint8_t *dtb_read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;

	if (!file) {
		fail_errno(errno, "'%s'", path);
		return NULL;
	}
	bytes = malloc(FILE_MAX);
	*size = bytes ? fread(bytes, 1, FILE_MAX, file) : 0;
	if (!bytes || ferror(file) || *size == FILE_MAX) {
		fail(EIO, "'%s' cannot be read, or is too long for a device tree", path);
		free(bytes);
		bytes = NULL;
	}
	fclose(file);
	return bytes;
}

__attribute__((format(printf, 2, 0))) static void print_line(void *context, const char *format,
							     va_list args)
{
	fprintf(stderr, "%s: ", (const char *)context);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

/* A machine as the loader would leave it: the tree and the files, one behind the other. */
static void describe_machine(struct boot_info *info, size_t tree_size, char **modules,
			     uint64_t memory_kib)
{
	paddr_t at = FIRST_PLACE;

	*info = (struct boot_info){.memory_count = 1};
	info->memory[0] = (struct memory_range){0, memory_kib << 10, MEMORY_RAM};
	info->modules[info->module_count++] = (struct boot_module){at, tree_size, ""};
	for (; *modules && info->module_count < BOOT_MODULES_MAX; modules++) {
		struct stat status;
		uint64_t size = stat(*modules, &status) == 0 ? (uint64_t)status.st_size : 0;

		at += ROUND_UP(info->modules[info->module_count - 1].size + 1, PAGE_SIZE);
		info->modules[info->module_count++] = (struct boot_module){at, size, ""};
	}
}

bool dtb_check(struct boot_domains *domains, const char *path, const uint8_t *bytes, size_t size,
	       char **modules, uint64_t memory_kib)
{
	union {
		const char *name;
		void *context;
	} file = {.name = path};
	const struct report report = {print_line, file.context};
	static struct boot_info info;

	if (!boot_domains_parse(domains, bytes, size, &report)) {
		return false;
	}
	if (modules) {
		describe_machine(&info, size, modules, memory_kib);
		boot_domains_place(domains, &info, 0, 0, &report);
	}
	return domains->faults == 0;
}
