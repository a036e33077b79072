/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one builder of domains: memory, kernel, initial page tables, start_info, first vCPU. */
#ifndef BOOT_DOMAIN_BUILD_H
#define BOOT_DOMAIN_BUILD_H

#include <boot/boot_info.h>
#include <boot/elf.h>
#include <domain/domain.h>
#include <xen/event_channel.h>

struct domain_spec {
	domid_t id;
	bool privileged; /* rights over other domains and the machine */
	bool hardware;	 /* the devices are its */
	uint8_t uuid[16];
	/*
	 * Whose daemons serve its store and its console; DOMID_INVALID: nobody's. It gets a ring
	 * page for each, granted by the references that the ABI reserves, and its ports 1 and 2.
	 */
	domid_t store_server, console_server;
	uint32_t highest_port;
	const struct grant_limits *grants; /* null: the machine's */
	uint64_t pages;			   /* memory at the start */
	uint64_t page_limit;		   /* how far it may balloon up */
	unsigned vcpus;
	const char *command_line;
	const void *kernel; /* an ELF image, unpacked */
	size_t kernel_bytes;
	struct kernel_image image; /* what elf_parse() found in it */
	const void *initrd;	   /* null: none */
	size_t initrd_bytes;
	const struct boot_info *screen; /* null: it has none, else this machine's */
};

/* What one domain can have at most: less than what is free, for it takes more than its memory. */
uint64_t domain_build_available(void);

/*
 * The domain is complete and its vCPU 0 ready to run, but still paused. Null: it could not be
 * built; the reason has been logged.
 */
struct domain *domain_build(const struct domain_spec *spec);

#endif
