/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot domains: what a device tree says of the domains to build before any toolstack runs. */
#ifndef BOOT_BOOT_DOMAINS_H
#define BOOT_BOOT_DOMAINS_H

#include <boot/boot_info.h>
#include <boot/tree.h>

/*
 * Pure: bytes of a tree in, structures out, in three steps that follow each other.
 *
 *	boot_domains_parse()	the tree alone: each domain by itself, their numbers, their links
 *	boot_domains_place()	the tree and the machine: which module is what, what memory there is
 *	(domain by domain)	boot/domain_launch.c builds them
 *
 * A domain that has a fault is left out, with a message; the others are built. Numbers of the
 * interface (permissions, functions, mode) are those of the Hyperlaunch design;
 *docs/boot-domains.md lists every property.
 */

#define BOOT_DOMAINS_MAX      64
#define BOOT_DOMAIN_LINKS_MAX 128
#define BOOT_DOMAIN_PINS_MAX  128 /* vCPUs, the most a domain can have */

enum boot_domain_permission { PERMISSION_CONTROL = 1 << 0, PERMISSION_HARDWARE = 1 << 1 };

#define FUNCTION_BOOT	     UINT32_C(0x00000001) /* runs first; the others wait for its end */
#define FUNCTION_CRASH	     UINT32_C(0x00000002) /* runs only if something went wrong */
#define FUNCTION_CONSOLE     UINT32_C(0x00000004) /* has the console, serves those of others */
#define FUNCTION_STORE	     UINT32_C(0x40000000) /* serves the store */
#define FUNCTION_LEGACY_DOM0 UINT32_C(0x80000000)

#define MODE_PARAVIRTUALIZED 1u
#define MODE_DEVICE_MODEL    2u
#define MODE_LONG	     4u

#define BOOT_DOMAIN_FIRST_RESERVED 0x7ff0 /* numbers that domains cannot have, */
#define BOOT_DOMAIN_BOOT_ID	   0x7ff5 /* but the boot domain has this one */

/* Where a module is: not given, by its number, or by its address. */
enum boot_module_by { BY_NOTHING, BY_INDEX, BY_ADDRESS };

struct boot_domain_module {
	enum boot_module_by by;
	uint32_t index; /* after boot_domains_place(): always, of boot_info's modules */
	paddr_t start;
	uint64_t size;
};

/* xen,vcpu nodes; all bits: wherever there is room. */
struct boot_domain_pin {
	cpu_mask_t hard, soft;
};

struct boot_domain {
	char path[TREE_PATH_MAX];
	bool usable; /* no fault: it can be built */
	const char *name;
	uint32_t id;
	uint32_t permissions, functions, mode;
	uint32_t vcpus;
	uint64_t memory_kib;
	uint8_t uuid[16];
	struct boot_domain_module kernel, ramdisk;
	const char *command_line; /* null: that of the kernel's module */
	bool has_store;		  /* is connected to it */
	/* Limits; 0: the default, what a command-line option says or what the ABI has. */
	uint32_t weight, cap;
	uint32_t max_event_channels;
	uint32_t max_grant_version, max_grant_frames, max_maptrack_frames;
	uint32_t pin_count; /* vCPUs below this have a pin */
	struct boot_domain_pin pin[BOOT_DOMAIN_PINS_MAX];
};

/* A static event channel: one side of it is one xen,evtchn-v1 node. */
struct boot_domain_link {
	unsigned domain; /* in the list of domains */
	uint32_t port;
	uint32_t phandle, peer_phandle;
	unsigned peer; /* in the list of links */
	bool usable;
	char path[TREE_PATH_MAX];
};

struct boot_domains {
	unsigned count;
	struct boot_domain domain[BOOT_DOMAINS_MAX];
	unsigned link_count;
	struct boot_domain_link link[BOOT_DOMAIN_LINKS_MAX];
	unsigned faults, notes;
};

/* False: there is nothing to build from; the reason has been reported. */
bool boot_domains_parse(struct boot_domains *domains, const uint8_t *bytes, size_t size,
			const struct report *report);

/*
 * Modules that the tree has by address join those of `info`. The bytes [reserved_start,
 * reserved_end) are the hypervisor's own. The tree is module number 0.
 */
void boot_domains_place(struct boot_domains *domains, struct boot_info *info,
			paddr_t reserved_start, paddr_t reserved_end, const struct report *report);

/* Who serves the store, or the consoles; null: nobody. */
const struct boot_domain *boot_domains_with(const struct boot_domains *domains, uint32_t function);

/* For boot_domains.c (boot_domain_children.c): what is under a domain's node. */
void boot_domain_children(struct boot_domains *domains, struct boot_domain *domain,
			  const struct tree_node *node);
void boot_domain_join_links(struct boot_domains *domains, struct tree *tree);

#endif
