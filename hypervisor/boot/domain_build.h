/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one builder of domains: memory, kernel, initial page tables, start_info, first vCPU. */
#ifndef BOOT_DOMAIN_BUILD_H
#define BOOT_DOMAIN_BUILD_H

#include <boot/boot_info.h>
#include <boot/elf.h>
#include <domain/domain.h>

struct domain_spec {
	domid_t id;
	bool privileged;
	uint64_t pages;	     /* memory at the start */
	uint64_t page_limit; /* how far it may balloon up */
	unsigned vcpus;
	const char *command_line;
	const void *kernel; /* an ELF image, unpacked */
	size_t kernel_bytes;
	struct kernel_image image; /* what elf_parse() found in it */
	const void *initrd;	   /* null: none */
	size_t initrd_bytes;
	const struct boot_info *screen; /* null: it has none, else this machine's */
};

/*
 * The domain is complete and its vCPU 0 ready to run, but still paused. Null: it could not be
 * built; the reason has been logged.
 */
struct domain *domain_build(const struct domain_spec *spec);

#endif
