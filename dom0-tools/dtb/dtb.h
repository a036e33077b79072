/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device trees of boot domains: read by the hypervisor's own parser (hypervisor/boot), so that what
 * is accepted here is what the machine does, and written from ordinary configurations.
 */
#ifndef DTB_DTB_H
#define DTB_DTB_H

#include <boot/boot_domains.h>
#include <config/config.h>

/* The bytes of a file, to be freed; NULL with a text (lib/error.h). */
uint8_t *dtb_read_file(const char *path, size_t *size);

/*
 * Parses a tree; each message goes to stderr behind the file's name. With modules (files, NULL at
 * the end; NULL: not known) they are held against it, on a machine with so much memory. False:
 * something of it would not be built.
 */
bool dtb_check(struct boot_domains *domains, const char *path, const uint8_t *bytes, size_t size,
	       char **modules, uint64_t memory_kib);

/* A Dom0 to go with the guests; kernel NULL: none. */
struct dtb_dom0 {
	const char *kernel, *ramdisk, *command_line;
	uint64_t memory_kib;
	uint32_t vcpus;
};

/* Files in the order in which the loader has to bring them, behind the tree. */
struct dtb_modules {
	const char *path[BOOT_MODULES_MAX];
	unsigned int count;
};

/*
 * A tree of these, in memory to be freed; NULL with messages. What a boot domain cannot have
 * (disks, interfaces) is left out with a warning.
 */
uint8_t *dtb_make(const struct dtb_dom0 *dom0, const struct domain_config *configs, size_t count,
		  struct dtb_modules *modules, size_t *size, struct messages *messages);

#endif
